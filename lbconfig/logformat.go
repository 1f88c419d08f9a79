package lbconfig

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// formatPart is a piece of a log format: literal text, or a variable's name.
type formatPart struct{ literal, variable string }

// formatParts splits a format into text and variables, as nginx does (ngx_stream_log_module.c).
func formatParts(format string) ([]formatPart, error) {
	var parts []formatPart
	for format != "" {
		before, rest, found := strings.Cut(format, "$")
		if before != "" {
			parts = append(parts, formatPart{literal: before})
		}
		if !found {
			break
		}
		name := ""
		if inner, ok := strings.CutPrefix(rest, "{"); ok {
			var closed bool
			if name, format, closed = strings.Cut(inner, "}"); !closed || variableName(name) != name {
				return nil, errors.New("the closing bracket of a variable is missing")
			}
		} else {
			name = variableName(rest)
			format = rest[len(name):]
		}
		if name == "" {
			return nil, errors.New("invalid variable name")
		}
		parts = append(parts, formatPart{variable: name})
	}
	return parts, nil
}

// Values of variables as regular expressions. What is not here is anything without white space and
// quotes, so that it ends where the text after it begins.
var valuePatterns = map[string]string{
	"time_local":  `[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}`,
	"remote_addr": `[0-9A-Fa-f:.]+|unix:`, "server_addr": `[0-9A-Fa-f:.]+|unix:[^ ]*`, "realip_remote_addr": `[0-9A-Fa-f:.]+|unix:`,
	"proxy_protocol_addr": `[0-9A-Fa-f:.]*|-`,
	"remote_port":         `[0-9]*|-`, "server_port": `[0-9]*|-`, "realip_remote_port": `[0-9]*|-`,
	"status": `[0-9]{3}`, "protocol": `TCP|UDP`, "pid": `[0-9]+`, "connection": `[0-9]+`, "msec": `[0-9]+\.[0-9]{3}`,
	"bytes_sent": `[0-9]+`, "bytes_received": `[0-9]+`, "session_time": `[0-9]+\.[0-9]{3}`,
	// One for each backend that was tried.
	"upstream_addr": listOf(`[^ ,"]+`), "upstream_connect_time": listOf(`[0-9.]+|-`), "upstream_first_byte_time": listOf(`[0-9.]+|-`),
	"upstream_session_time": listOf(`[0-9.]+|-`), "upstream_bytes_sent": listOf(`[0-9]+|-`), "upstream_bytes_received": listOf(`[0-9]+|-`),
}

const otherPattern = `[^\s"]*`

func listOf(one string) string { return `(?:` + one + `)(?:, (?:` + one + `))*|` }

// SessionLog reads the lines that one log format writes.
type SessionLog struct {
	line      *regexp.Regexp
	variables []string
	escape    string
}

// NewSessionLog returns a reader for the lines of a format. It fails for a format whose lines are
// not to be taken apart: variables without text between them, or the same one twice.
func NewSessionLog(f LogFormat) (*SessionLog, error) {
	parts, err := formatParts(f.Format)
	if err != nil {
		return nil, fmt.Errorf("lbconfig: log format %q: %w", f.Name, err)
	}
	s := &SessionLog{escape: f.Escape}
	pattern := strings.Builder{}
	pattern.WriteString(`\A`)
	seen := map[string]bool{}
	for i, p := range parts {
		switch {
		case p.variable == "":
			pattern.WriteString(regexp.QuoteMeta(p.literal))
			continue
		case i > 0 && parts[i-1].variable != "":
			return nil, fmt.Errorf("lbconfig: log format %q: nothing stands between $%s and $%s", f.Name, parts[i-1].variable, p.variable)
		case seen[p.variable]:
			return nil, fmt.Errorf("lbconfig: log format %q: $%s occurs twice", f.Name, p.variable)
		}
		seen[p.variable] = true
		value, ok := valuePatterns[p.variable]
		if !ok {
			value = otherPattern
		}
		pattern.WriteString("(" + value + ")")
		s.variables = append(s.variables, p.variable)
	}
	pattern.WriteString(`\z`)
	if len(s.variables) == 0 {
		return nil, fmt.Errorf("lbconfig: log format %q has no variables", f.Name)
	}
	if s.line, err = regexp.Compile(pattern.String()); err != nil {
		return nil, fmt.Errorf("lbconfig: log format %q: %w", f.Name, err)
	}
	return s, nil
}

// SessionFormat returns the log format of APIServer's configurations, for NewSessionLog.
func SessionFormat() LogFormat { return LogFormat{Name: formatName, Format: sessionFormat} }
