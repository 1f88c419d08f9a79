package lbconfig

import (
	"strings"
	"time"
)

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

func (l AccessLog) words() []string {
	if l.Off {
		return []string{"off"}
	}
	out := []string{l.Path}
	if l.Format != "" {
		out = append(out, l.Format)
	}
	if l.Buffer != 0 {
		out = append(out, "buffer="+formatSize(l.Buffer))
	}
	if l.Flush != 0 {
		out = append(out, "flush="+formatTime(l.Flush))
	}
	return out
}

func (l *AccessLog) parse(d directive) error {
	if d.args[0] == "off" {
		if len(d.args) > 1 {
			return failAt(d, "invalid parameter %q", d.args[1])
		}
		l.Off = true
		return nil
	}
	l.Path = d.args[0]
	if len(d.args) == 1 {
		return failAt(d, "log format is not specified")
	}
	l.Format = d.args[1]
	for _, a := range d.args[2:] {
		var err error
		switch name, value := param(a); name {
		case "buffer":
			l.Buffer, err = parseSize(value)
		case "flush":
			l.Flush, err = parseTime(value, time.Millisecond)
		default:
			err = errInvalid
		}
		if err != nil {
			return failAt(d, "invalid parameter %q", a)
		}
	}
	return nil
}

func (s UpstreamServer) words() []string {
	out := []string{s.Address}
	if s.Weight != 0 {
		out = append(out, "weight="+itoa(s.Weight))
	}
	if s.MaxConns != 0 {
		out = append(out, "max_conns="+itoa(s.MaxConns))
	}
	if s.MaxFails != nil {
		out = append(out, "max_fails="+itoa(*s.MaxFails))
	}
	if s.FailTimeout != nil {
		out = append(out, "fail_timeout="+formatTime(*s.FailTimeout))
	}
	if s.Backup {
		out = append(out, "backup")
	}
	if s.Down {
		out = append(out, "down")
	}
	return out
}

func (s *UpstreamServer) parse(d directive) error {
	s.Address = d.args[0]
	for _, a := range d.args[1:] {
		var err error
		name, value := param(a)
		switch {
		case a == "backup":
			s.Backup = true
		case a == "down":
			s.Down = true
		case name == "weight":
			s.Weight, err = parseNumber(value)
			if s.Weight == 0 {
				err = errInvalid
			}
		case name == "max_conns":
			s.MaxConns, err = parseNumber(value)
		case name == "max_fails":
			var n int
			n, err = parseNumber(value)
			s.MaxFails = &n
		case name == "fail_timeout":
			var t time.Duration
			t, err = parseTime(value, time.Second)
			s.FailTimeout = &t
		default:
			err = errInvalid
		}
		if err != nil {
			return failAt(d, "invalid parameter %q", a)
		}
	}
	return nil
}

func (l Listen) words() []string {
	out := []string{l.Address}
	if l.Backlog != 0 {
		out = append(out, "backlog="+itoa(l.Backlog))
	}
	if l.Reuseport {
		out = append(out, "reuseport")
	}
	if l.IPv6Only != nil {
		out = append(out, "ipv6only="+formatSwitch(*l.IPv6Only))
	}
	if k := l.SoKeepalive.String(); k != "" {
		out = append(out, "so_keepalive="+k)
	}
	if l.ProxyProtocol {
		out = append(out, "proxy_protocol")
	}
	return out
}

func (l *Listen) parse(d directive) error {
	l.Address = d.args[0]
	for _, a := range d.args[1:] {
		var err error
		name, value := param(a)
		switch {
		case a == "reuseport":
			l.Reuseport = true
		case a == "proxy_protocol":
			l.ProxyProtocol = true
		case name == "backlog":
			l.Backlog, err = parseNumber(value)
			if l.Backlog == 0 {
				err = errInvalid
			}
		case name == "ipv6only":
			var on bool
			on, err = parseSwitch(value)
			l.IPv6Only = &on
		case name == "so_keepalive":
			l.SoKeepalive, err = parseKeepalive(value)
		default:
			err = errInvalid
		}
		if err != nil {
			return failAt(d, "invalid parameter %q", a)
		}
	}
	return nil
}

// String returns the value of so_keepalive, and nothing for the zero Keepalive.
func (k Keepalive) String() string {
	switch {
	case k == Keepalive{}:
		return ""
	case k.On:
		return "on"
	case k.Off:
		return "off"
	}
	part := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return formatTime(d)
	}
	count := ""
	if k.Count != 0 {
		count = itoa(k.Count)
	}
	return part(k.Idle) + ":" + part(k.Interval) + ":" + count
}

// parseKeepalive reads on, off, or idle:interval:count of which any two may be empty.
func parseKeepalive(s string) (Keepalive, error) {
	switch s {
	case "on":
		return Keepalive{On: true}, nil
	case "off":
		return Keepalive{Off: true}, nil
	}
	parts := strings.Split(s, ":")
	if len(parts) != 3 || s == "::" {
		return Keepalive{}, errInvalid
	}
	var k Keepalive
	var err error
	for i, to := range []*time.Duration{&k.Idle, &k.Interval} {
		if parts[i] == "" {
			continue
		}
		if *to, err = parseTime(parts[i], time.Second); err != nil || *to == 0 {
			return Keepalive{}, errInvalid
		}
	}
	if parts[2] != "" {
		if k.Count, err = parseNumber(parts[2]); err != nil || k.Count == 0 {
			return Keepalive{}, errInvalid
		}
	}
	return k, nil
}
