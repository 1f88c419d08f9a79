package lbconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

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
		if l.Flush != 0 && l.Buffer == 0 && l.Gzip == 0 {
			p.add(at, "flush-without-buffer", "no buffer is defined for access_log %q", l.Path)
		}
		if l.Buffer < 0 {
			p.add(at+".Buffer", "negative", "is negative")
		}
		if l.Gzip < 0 || l.Gzip > 9 {
			p.add(at+".Gzip", "bad-level", "invalid compression level %d", l.Gzip)
		}
		l.validatePath(p, at)
		p.variables(at+".If", l.If)
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
	if s.ProxyDownloadRate < 0 || s.ProxyUploadRate < 0 || s.PrereadBufferSize < 0 || s.ProxyRequests < 0 || s.ProxyResponses != nil && *s.ProxyResponses < 0 {
		p.add(path, "negative", "a rate, size or count is negative")
	}
	p.duration(path+".ProxyProtocolTimeout", s.ProxyProtocolTimeout)
	p.duration(path+".PrereadTimeout", s.PrereadTimeout)
	p.duration(path+".ResolverTimeout", s.ResolverTimeout)
	s.ProxyBind.validate(p, path+".ProxyBind")
	s.Resolver.validate(p, path+".Resolver")
	for i, from := range s.SetRealIPFrom {
		if !validAccess(from) || from == "all" {
			p.add(index(path+".SetRealIPFrom", i), "bad-address", "%q is no address, network or unix:", from)
		}
	}
	if s.LimitConnLogLevel != "" && !slices.Contains([]string{"info", "notice", "warn", "error"}, s.LimitConnLogLevel) {
		p.add(path+".LimitConnLogLevel", "bad-level", "invalid value %q", s.LimitConnLogLevel)
	}
}

// validatePath judges where lines go: a path, perhaps with variables, or syslog. nginx has no buffer for the
// last two.
func (l AccessLog) validatePath(p *problems, path string) {
	syslog := strings.HasPrefix(l.Path, "syslog:")
	if !syslog {
		p.variables(path+".Path", l.Path)
	}
	p.logPath(path+".Path", l.Path)
	if l.Buffer == 0 && l.Gzip == 0 {
		return
	}
	switch {
	case syslog:
		p.add(path, "buffered-syslog", "logs to syslog cannot be buffered")
	case strings.Contains(l.Path, "$"):
		p.add(path, "buffered-variable", "buffered logs cannot have variables in name")
	}
}

// validateSameFile refuses two buffered logs of one file that are not buffered alike.
func (s Stream) validateSameFile(p *problems) {
	type buffering struct {
		buffer Size
		flush  time.Duration
		gzip   int
	}
	have := map[string]buffering{}
	check := func(path string, logs []AccessLog) {
		for i, l := range logs {
			b := buffering{l.Buffer, l.Flush, l.Gzip}
			if b.gzip != 0 && b.buffer == 0 {
				b.buffer = 64 * KiB
			}
			if b.buffer == 0 {
				continue
			}
			if was, ok := have[l.Path]; ok && was != b {
				p.add(index(path+".AccessLogs", i), "conflicting-logs", "access_log %q already defined with conflicting parameters", l.Path)
			}
			have[l.Path] = b
		}
	}
	check("Stream", s.AccessLogs)
	for i, v := range s.Servers {
		check(index("Stream.Servers", i), v.AccessLogs)
	}
}

func (b ProxyBind) validate(p *problems, path string) {
	switch {
	case b.Address == "" && b.Transparent:
		p.add(path, "empty", "transparent without an address")
	case b.Address == "" || b.Address == "off":
	case strings.Contains(b.Address, "$"):
		p.variables(path+".Address", b.Address)
	default:
		if _, err := netip.ParseAddr(strings.Trim(b.Address, "[]")); err != nil || strings.Contains(b.Address, "%") {
			p.add(path+".Address", "bad-address", "invalid address %q", b.Address)
		}
	}
}

func (r Resolver) validate(p *problems, path string) {
	if len(r.Addresses) == 0 && (r.Valid != 0 || r.IPv4 != nil || r.IPv6 != nil) {
		p.add(path, "empty", "no name servers defined")
	}
	for i, a := range r.Addresses {
		host, port, ok := splitHostPort(a)
		if !validHost(host) || ok && !validPort(port) {
			p.add(index(path+".Addresses", i), "bad-address", "host not found in resolver %q", a)
		}
	}
	if r.Valid < 0 || r.Valid%time.Second != 0 {
		p.add(path+".Valid", "bad-duration", "%s is not whole seconds", r.Valid)
	}
	if off := func(b *bool) bool { return b != nil && !*b }; off(r.IPv4) && off(r.IPv6) {
		p.add(path, "no-family", "\"ipv4\" and \"ipv6\" cannot both be \"off\"")
	}
}

// maxLimitConn is the highest limit of connections.
const maxLimitConn = 65535

// limitZones checks what connections are counted in, and returns the zones' names.
func (s Stream) limitZones(p *problems) map[string]bool {
	zones := map[string]bool{}
	for i, z := range s.LimitConnZones {
		path := index("Stream.LimitConnZones", i)
		switch {
		case z.Key == "":
			p.add(path+".Key", "empty", "no key")
		case z.Zone.Name == "" || strings.Contains(z.Zone.Name, ":"):
			p.add(path+".Zone", "bad-zone", "invalid zone name %q", z.Zone.Name)
		case z.Zone.Size < minZone:
			p.add(path+".Zone", "bad-zone", "zone %q is too small: %d bytes, the least is %d", z.Zone.Name, z.Zone.Size, minZone)
		case z.Zone.Size > maxZone:
			p.add(path+".Zone", "bad-zone", "zone %q is larger than 1 GiB", z.Zone.Name)
		case zones[z.Zone.Name]:
			p.add(path+".Zone", "bad-zone", "limit_conn_zone %q is already bound to a key", z.Zone.Name)
		}
		zones[z.Zone.Name] = true
		p.variables(path+".Key", z.Key)
	}
	return zones
}

// validateLimits checks limits of connections against the zones that count them.
func (s ProxySettings) validateLimits(p *problems, path string, zones map[string]bool) {
	seen := map[string]bool{}
	for i, l := range s.LimitConns {
		at := index(path+".LimitConns", i)
		switch {
		case !zones[l.Zone]:
			p.add(at, "bad-zone", "zero size shared memory zone %q", l.Zone)
		case seen[l.Zone]:
			p.add(at, "duplicate-limit", "\"limit_conn\" directive is duplicate")
		case l.Limit < 1 || l.Limit > maxLimitConn:
			p.add(at, "bad-number", "a limit is 1 to %d", maxLimitConn)
		}
		seen[l.Zone] = true
	}
}

// duration refuses what nginx cannot read: below zero or finer than a millisecond.
func (p *problems) duration(path string, d time.Duration) {
	if d < 0 || d%time.Millisecond != 0 {
		p.add(path, "bad-duration", "%s is not whole milliseconds", d)
	}
}
