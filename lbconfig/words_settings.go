package lbconfig

import (
	"strings"
	"time"
)

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
	if l.Gzip != 0 {
		out = append(out, "gzip="+itoa(l.Gzip))
	}
	if l.If != "" {
		out = append(out, "if="+l.If)
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
			if l.Buffer == 0 {
				err = errInvalid
			}
		case "flush":
			l.Flush, err = parseTime(value, time.Millisecond)
			if l.Flush == 0 {
				err = errInvalid
			}
		case "gzip":
			l.Gzip = 1
			if a != "gzip" {
				l.Gzip, err = parseNumber(value)
			}
			if l.Gzip < 1 || l.Gzip > 9 {
				err = errInvalid
			}
		case "if":
			l.If = value
			if value == "" {
				err = errInvalid
			}
		default:
			err = errInvalid
		}
		if err != nil {
			return failAt(d, "invalid parameter %q", a)
		}
	}
	return nil
}

func (z LimitConnZone) words() []string {
	return []string{z.Key, "zone=" + z.Zone.Name + ":" + formatSize(z.Zone.Size)}
}

func (z *LimitConnZone) parse(d directive) error {
	z.Key = d.args[0]
	value, ok := strings.CutPrefix(d.args[1], "zone=")
	name, bytes, sized := strings.Cut(value, ":")
	if !ok || !sized || name == "" {
		return failAt(d, "invalid parameter %q", d.args[1])
	}
	v, err := parseSize(bytes)
	if err != nil || v == 0 {
		return failAt(d, "invalid zone size %q", d.args[1])
	}
	z.Zone = Zone{Name: name, Size: v}
	return nil
}

func (l LimitConn) words() []string { return []string{l.Zone, itoa(l.Limit)} }

func (l *LimitConn) parse(d directive) error {
	n, err := parseNumber(d.args[1])
	switch {
	case err != nil || n == 0:
		return failAt(d, "invalid number of connections %q", d.args[1])
	case n > maxLimitConn:
		return failAt(d, "connection limit must be less %d", maxLimitConn+1)
	}
	*l = LimitConn{Zone: d.args[0], Limit: n}
	return nil
}

func (r Resolver) words() []string {
	out := append([]string(nil), r.Addresses...)
	if r.Valid != 0 {
		out = append(out, "valid="+formatTime(r.Valid))
	}
	if r.IPv4 != nil {
		out = append(out, "ipv4="+formatSwitch(*r.IPv4))
	}
	if r.IPv6 != nil {
		out = append(out, "ipv6="+formatSwitch(*r.IPv6))
	}
	return out
}

func (r *Resolver) parse(d directive) error {
	for _, a := range d.args {
		var err error
		switch name, value := param(a); name {
		case "valid":
			r.Valid, err = parseTime(value, time.Second)
			if r.Valid == 0 {
				err = errInvalid
			}
		case "ipv4", "ipv6":
			var on bool
			on, err = parseSwitch(value)
			if value != formatSwitch(on) {
				err = errInvalid
			}
			if name == "ipv4" {
				r.IPv4 = &on
			} else {
				r.IPv6 = &on
			}
		default:
			r.Addresses = append(r.Addresses, a)
		}
		if err != nil {
			return failAt(d, "invalid parameter %q", a)
		}
	}
	return nil
}
