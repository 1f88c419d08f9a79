package lbconfig

import "strings"

// The words that follow a directive's name, written and read, for those that have parameters.

func (l ErrorLog) words() []string {
	if l.Level == "" {
		return []string{l.Path}
	}
	return []string{l.Path, l.Level}
}

func (l *ErrorLog) parse(d directive) error {
	l.Path = d.args[0]
	if len(d.args) > 1 {
		switch d.args[1] {
		case "debug", "info", "notice", "warn", "error", "crit", "alert", "emerg":
			l.Level = d.args[1]
		default:
			return failAt(d, "invalid log level %q", d.args[1])
		}
	}
	return nil
}

func (f LogFormat) words() []string {
	out := []string{f.Name}
	if f.Escape != "" {
		out = append(out, "escape="+f.Escape)
	}
	return append(out, f.Format)
}

func (f *LogFormat) parse(d directive) error {
	f.Name = d.args[0]
	rest := d.args[1:]
	if name, value := param(rest[0]); name == "escape" && strings.Contains(rest[0], "=") {
		switch value {
		case "default", "json", "none":
			f.Escape = value
		default:
			return failAt(d, "unknown log format escaping %q", value)
		}
		rest = rest[1:]
	}
	f.Format = strings.Join(rest, "")
	return nil
}
