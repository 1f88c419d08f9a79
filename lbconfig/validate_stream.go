package lbconfig

import (
	"fmt"
	"slices"
	"time"
)

// minZone is the smallest zone: eight pages of 4 KiB (src/stream/ngx_stream_upstream_zone_module.c).
const minZone = 32 * KiB

func (s Stream) validate(p *problems) {
	formats := map[string]bool{}
	for i, f := range s.LogFormats {
		path := fmt.Sprintf("Stream.LogFormats[%d]", i)
		switch {
		case f.Name == "":
			p.add(path, "empty", "no name")
		case formats[f.Name]:
			p.add(path, "duplicate-format", "duplicate \"log_format\" name %q", f.Name)
		}
		formats[f.Name] = true
		if !slices.Contains([]string{"", "default", "json", "none"}, f.Escape) {
			p.add(path+".Escape", "bad-escape", "unknown log format escaping %q", f.Escape)
		}
		p.variables(path+".Format", f.Format)
	}
	s.ProxySettings.validate(p, "Stream", formats)
	names := map[string]bool{}
	zones := map[string]Size{}
	for i, u := range s.Upstreams {
		path := fmt.Sprintf("Stream.Upstreams[%d]", i)
		if names[u.Name] {
			p.add(path, "duplicate-upstream", "duplicate upstream %q", u.Name)
		}
		names[u.Name] = true
		u.validate(p, path, zones)
	}
	for i, u := range s.Upstreams {
		if u.Zone.Name != "" && zones[u.Zone.Name] == 0 {
			p.add(fmt.Sprintf("Stream.Upstreams[%d].Zone", i), "bad-zone", "zero size shared memory zone %q", u.Zone.Name)
		}
	}
	if len(s.Servers) == 0 {
		p.add("Stream.Servers", "no-server", "nothing is listened on")
	}
	listening := map[string]bool{}
	for i, v := range s.Servers {
		v.validate(p, fmt.Sprintf("Stream.Servers[%d]", i), formats, names, listening)
	}
}

func (s ProxySettings) validate(p *problems, path string, formats map[string]bool) {
	for i, l := range s.AccessLogs {
		at := fmt.Sprintf("%s.AccessLogs[%d]", path, i)
		switch {
		case l.Off && l != AccessLog{Off: true}:
			p.add(at, "off-and-more", "off goes with nothing else")
		case l.Off:
		case l.Path == "" || l.Path == "off":
			p.add(at, "empty", "no path")
		case l.Format == "":
			p.add(at, "no-format", "log format is not specified")
		case !formats[l.Format]:
			p.add(at, "unknown-format", "unknown log format %q", l.Format)
		}
		if l.Flush != 0 && l.Buffer == 0 {
			p.add(at, "flush-without-buffer", "no buffer is defined for access_log %q", l.Path)
		}
		if l.Buffer < 0 {
			p.add(at+".Buffer", "negative", "is negative")
		}
		p.duration(at+".Flush", l.Flush)
	}
	p.duration(path+".ProxyConnectTimeout", s.ProxyConnectTimeout)
	p.duration(path+".ProxyTimeout", s.ProxyTimeout)
	p.duration(path+".ProxyNextUpstreamTimeout", s.ProxyNextUpstreamTimeout)
	if s.ProxyNextUpstreamTries < 0 {
		p.add(path+".ProxyNextUpstreamTries", "negative", "is negative")
	}
	if s.ProxyBufferSize < 0 {
		p.add(path+".ProxyBufferSize", "negative", "is negative")
	}
}

func (u Upstream) validate(p *problems, path string, zones map[string]Size) {
	if u.Name == "" {
		p.add(path+".Name", "empty", "no name")
	}
	u.Zone.validate(p, path+".Zone", zones)
	u.Balance.validate(p, path+".Balance")
	if len(u.Servers) == 0 {
		p.add(path+".Servers", "no-backend", "no servers are inside upstream %q", u.Name)
		return
	}
	seen := map[string]bool{}
	primary := 0
	for i, s := range u.Servers {
		at := fmt.Sprintf("%s.Servers[%d]", path, i)
		if seen[s.Address] {
			p.add(at, "duplicate-backend", "%s is named twice", s.Address)
		}
		seen[s.Address] = true
		if s.Backup && (u.Balance.Method == Hash || u.Balance.Method == Random) {
			p.add(at+".Backup", "backup-with-method", "balancing method does not support parameter \"backup\"")
		}
		if !s.Backup {
			primary++
		}
		s.validate(p, at)
	}
	if primary == 0 {
		p.add(path+".Servers", "all-backup", "no servers in upstream %q", u.Name)
	}
}

func (z Zone) validate(p *problems, path string, zones map[string]Size) {
	switch have := zones[z.Name]; {
	case z.Name == "" && z.Size != 0:
		p.add(path, "bad-zone", "invalid zone name \"\"")
	case z.Name == "" || z.Size == 0:
	case z.Size < minZone:
		p.add(path, "bad-zone", "zone %q is too small: %d bytes, the least is %d", z.Name, z.Size, minZone)
		zones[z.Name] = z.Size
	case have != 0 && have != z.Size:
		p.add(path, "bad-zone", "the size %d of shared memory zone %q conflicts with already declared size %d", z.Size, z.Name, have)
	default:
		zones[z.Name] = z.Size
	}
}

func (b Balance) validate(p *problems, path string) {
	switch b.Method {
	case RoundRobin, LeastConn, Hash, Random:
	default:
		p.add(path+".Method", "unknown-method", "unknown method %q", b.Method)
	}
	switch {
	case b.Method == Hash && b.Key == "":
		p.add(path+".Key", "empty", "hash has no key")
	case b.Method == Hash:
		p.variables(path+".Key", b.Key)
	case b.Key != "" || b.Consistent:
		p.add(path+".Key", "not-for-method", "a key is for hash alone")
	}
	if b.Two && b.Method != Random {
		p.add(path+".Two", "not-for-method", "two is for random alone")
	}
}

func (s UpstreamServer) validate(p *problems, path string) {
	if msg := endpointProblem(s.Address); msg != "" {
		p.add(path+".Address", "bad-address", "%s", msg)
	}
	if s.Weight < 0 || s.MaxConns < 0 || s.MaxFails != nil && *s.MaxFails < 0 {
		p.add(path, "negative", "a weight or limit is negative")
	}
	if t := s.FailTimeout; t != nil && (*t < 0 || *t%time.Second != 0) {
		p.add(path+".FailTimeout", "bad-duration", "%s is not whole seconds", *t)
	}
}

func (v Server) validate(p *problems, path string, formats, upstreams, listening map[string]bool) {
	if len(v.Listen) == 0 {
		p.add(path+".Listen", "no-listen", "no \"listen\" is defined for server")
	}
	for i, l := range v.Listen {
		l.validate(p, fmt.Sprintf("%s.Listen[%d]", path, i), listening)
	}
	v.ProxySettings.validate(p, path, formats)
	for i, r := range v.Access {
		if !validAccess(r.From) {
			p.add(fmt.Sprintf("%s.Access[%d]", path, i), "bad-address", "invalid parameter %q", r.From)
		}
	}
	switch {
	case v.ProxyPass == "" && v.Return == "":
		p.add(path, "no-handler", "no handler for server")
	case v.ProxyPass != "" && v.Return != "":
		p.add(path, "two-handlers", "proxy_pass and return exclude each other")
	case v.Return != "":
		p.variables(path+".Return", v.Return)
	case !upstreams[v.ProxyPass]:
		if msg := endpointProblem(v.ProxyPass); msg != "" {
			p.add(path+".ProxyPass", "bad-address", "%s", msg)
		}
	}
}

func (l Listen) validate(p *problems, path string, listening map[string]bool) {
	key, v6, msg := listenKey(l.Address)
	switch {
	case msg != "":
		p.add(path+".Address", "bad-address", "%s", msg)
	case listening[key]:
		p.add(path, "duplicate-listen", "duplicate %q address and port pair", l.Address)
	}
	listening[key] = true
	if l.IPv6Only != nil && !v6 {
		p.add(path+".IPv6Only", "not-ipv6", "ipv6only is not supported on addr %q", l.Address)
	}
	if l.Backlog < 0 {
		p.add(path+".Backlog", "negative", "is negative")
	}
	if k := l.SoKeepalive; k.On && k.Off || (k.On || k.Off) && (k.Idle != 0 || k.Interval != 0 || k.Count != 0) ||
		k.Count < 0 || k.Idle < 0 || k.Interval < 0 || k.Idle%time.Second != 0 || k.Interval%time.Second != 0 {
		p.add(path+".SoKeepalive", "bad-keepalive", "wants on, off, or whole seconds and a count")
	}
}

// duration refuses what nginx cannot read: below zero or finer than a millisecond.
func (p *problems) duration(path string, d time.Duration) {
	if d < 0 || d%time.Millisecond != 0 {
		p.add(path, "bad-duration", "%s is not whole milliseconds", d)
	}
}
