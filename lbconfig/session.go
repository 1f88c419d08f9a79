package lbconfig

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxLogLine is the longest line that is read, in bytes.
const maxLogLine = 64 << 10

// Session is one line of an access log. What the format does not have is zero.
type Session struct {
	// Time is when the session ended.
	Time time.Time
	// Client is who connected; not valid for unix sockets. Its port is 0 when the format has none.
	Client netip.AddrPort
	// Status is 200 for a session that was carried, 400 for a bad PROXY header, 403 for a client that
	// was denied, 500, 502 when no backend accepted, 503 for a limit
	// (https://nginx.org/en/docs/stream/ngx_stream_core_module.html, $status).
	Status int
	// BytesReceived and BytesSent are from and to the client.
	BytesReceived, BytesSent int64
	// Duration is that of the session, in milliseconds.
	Duration time.Duration
	// Attempts are the backends that were tried, in order; the last one carried the session if any did.
	Attempts []Attempt
	// NoLiveUpstreams says that no backend was tried, since all were skipped or down: nginx then logs
	// the name of the upstream, which is Upstream, in place of addresses. A client that all backends
	// refused has Status 502 too, with an Attempt for each.
	NoLiveUpstreams bool
	Upstream        string
	// Fields are all variables of the format as they stood, by name.
	Fields map[string]string
}

// Attempt is one backend that was tried.
type Attempt struct {
	// Address is host:port or unix:/path.
	Address string
	// Connected says whether it accepted, and ConnectTime after how long; without
	// $upstream_connect_time in the format neither is known.
	Connected   bool
	ConnectTime time.Duration
}

// ParseLogLine reads one line of a format. Who reads many makes a SessionLog.
func ParseLogLine(f LogFormat, line string) (Session, error) {
	s, err := NewSessionLog(f)
	if err != nil {
		return Session{}, err
	}
	return s.Parse(line)
}

// Parse reads one line, with or without its end.
func (l *SessionLog) Parse(line string) (Session, error) {
	line = strings.TrimRight(line, "\r\n")
	if len(line) > maxLogLine {
		return Session{}, fmt.Errorf("lbconfig: log line: longer than %d bytes", maxLogLine)
	}
	m := l.line.FindStringSubmatch(line)
	if m == nil {
		return Session{}, fmt.Errorf("lbconfig: log line: not of this format: %.100q", line)
	}
	s := Session{Fields: make(map[string]string, len(l.variables))}
	for i, name := range l.variables {
		value := l.unescape(m[i+1])
		s.Fields[name] = value
		if err := s.set(name, value); err != nil {
			return Session{}, fmt.Errorf("lbconfig: log line: $%s: %w", name, err)
		}
	}
	return s, s.finish()
}

// unescape undoes the format's escaping. In the default one nginx writes bytes as \x and two digits.
func (l *SessionLog) unescape(value string) string {
	if !strings.Contains(value, `\`) || l.escape == "none" {
		return value
	}
	if l.escape == "json" {
		var out string
		if json.Unmarshal([]byte(`"`+value+`"`), &out) != nil {
			return value
		}
		return out
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if i+3 < len(value) && value[i] == '\\' && value[i+1] == 'x' {
			if n, err := strconv.ParseUint(value[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// set takes one variable.
func (s *Session) set(name, value string) (err error) {
	if value == "-" || value == "" {
		return nil
	}
	switch name {
	case "time_iso8601":
		s.Time, err = time.Parse(time.RFC3339, value)
	case "time_local":
		s.Time, err = time.Parse("02/Jan/2006:15:04:05 -0700", value)
	case "msec":
		var d time.Duration
		if d, err = parseSeconds(value); err == nil && s.Time.IsZero() {
			s.Time = time.UnixMilli(d.Milliseconds()).UTC()
		}
	case "status":
		s.Status, err = strconv.Atoi(value)
	case "bytes_received":
		s.BytesReceived, err = strconv.ParseInt(value, 10, 64)
	case "bytes_sent":
		s.BytesSent, err = strconv.ParseInt(value, 10, 64)
	case "session_time":
		s.Duration, err = parseSeconds(value)
	}
	return err
}

// parseSeconds reads seconds with milliseconds.
func parseSeconds(value string) (time.Duration, error) { return time.ParseDuration(value + "s") }

// finish puts together what stands in several variables.
func (s *Session) finish() error {
	if address := s.Fields["remote_addr"]; address != "" && address != "unix:" {
		a, err := netip.ParseAddr(address)
		if err != nil {
			return fmt.Errorf("lbconfig: log line: $remote_addr: %w", err)
		}
		port, err := strconv.ParseUint("0"+s.Fields["remote_port"], 10, 16)
		if err != nil {
			return fmt.Errorf("lbconfig: log line: $remote_port: %w", err)
		}
		s.Client = netip.AddrPortFrom(a, uint16(port))
	}
	addresses := s.Fields["upstream_addr"]
	if addresses == "" || addresses == "-" {
		return nil
	}
	list := strings.Split(addresses, ", ")
	if len(list) == 1 && !strings.Contains(list[0], ":") {
		s.NoLiveUpstreams, s.Upstream = true, list[0]
		return nil
	}
	var times []string
	if t := s.Fields["upstream_connect_time"]; t != "" {
		times = strings.Split(t, ", ")
	}
	for i, a := range list {
		attempt := Attempt{Address: a}
		if i < len(times) && times[i] != "-" {
			d, err := parseSeconds(times[i])
			if err != nil {
				return fmt.Errorf("lbconfig: log line: $upstream_connect_time: %w", err)
			}
			attempt.Connected, attempt.ConnectTime = true, d
		}
		s.Attempts = append(s.Attempts, attempt)
	}
	// All tried in vain and then none left: nginx adds the upstream's name.
	if last := list[len(list)-1]; !strings.Contains(last, ":") {
		s.Attempts, s.NoLiveUpstreams, s.Upstream = s.Attempts[:len(list)-1], true, last
	}
	return nil
}
