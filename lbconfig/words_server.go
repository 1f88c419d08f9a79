package lbconfig

import (
	"strings"
	"time"
)

func (l Listen) words() []string {
	out := []string{l.Address}
	if l.Backlog != 0 {
		out = append(out, "backlog="+itoa(l.Backlog))
	}
	if l.IPv6Only != nil {
		out = append(out, "ipv6only="+formatSwitch(*l.IPv6Only))
	}
	if k := l.SoKeepalive.String(); k != "" {
		out = append(out, "so_keepalive="+k)
	}
	for _, size := range []struct {
		name string
		size Size
	}{{"rcvbuf", l.Rcvbuf}, {"sndbuf", l.Sndbuf}} {
		if size.size != 0 {
			out = append(out, size.name+"="+formatSize(size.size))
		}
	}
	if l.Fastopen != 0 {
		out = append(out, "fastopen="+itoa(l.Fastopen))
	}
	for _, flag := range l.flags() {
		if *flag.on {
			out = append(out, flag.name)
		}
	}
	return out
}

func (l *Listen) parse(d directive) error {
	l.Address = d.args[0]
	for _, a := range d.args[1:] {
		var err error
		name, value := param(a)
		switch {
		case l.setFlag(a):
		case name == "backlog":
			l.Backlog, err = parseNumber(value)
			if l.Backlog == 0 {
				err = errInvalid
			}
		case name == "rcvbuf":
			l.Rcvbuf, err = parseSize(value)
		case name == "sndbuf":
			l.Sndbuf, err = parseSize(value)
		case name == "fastopen":
			l.Fastopen, err = parseNumber(value)
		case name == "ipv6only":
			var on bool
			on, err = parseSwitch(value)
			if value != formatSwitch(on) {
				err = errInvalid
			}
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

// listenFlag is a word of listen that stands alone.
type listenFlag struct {
	name string
	on   *bool
}

func (l *Listen) flags() []listenFlag {
	return []listenFlag{
		{"reuseport", &l.Reuseport}, {"proxy_protocol", &l.ProxyProtocol}, {"udp", &l.UDP}, {"bind", &l.Bind},
		{"deferred", &l.Deferred}, {"default_server", &l.DefaultServer}, {"multipath", &l.Multipath}, {"ssl", &l.SSL},
	}
}

func (l *Listen) setFlag(word string) bool {
	for _, f := range l.flags() {
		if f.name == word {
			*f.on = true
			return true
		}
	}
	return false
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
