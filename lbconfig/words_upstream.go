package lbconfig

import "time"

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
	if s.Resolve {
		out = append(out, "resolve")
	}
	if s.Service != "" {
		out = append(out, "service="+s.Service)
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
		case a == "resolve":
			s.Resolve = true
		case name == "service" && value != "":
			s.Service = value
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
