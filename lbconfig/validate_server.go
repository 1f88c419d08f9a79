package lbconfig

import (
	"fmt"
	"strings"
	"time"
)

func (v Server) validate(p *problems, path string, formats, upstreams, listening map[string]bool) {
	if len(v.Listen) == 0 {
		p.add(path+".Listen", "no-listen", "no \"listen\" is defined for server")
	}
	for i, l := range v.Listen {
		l.validate(p, fmt.Sprintf("%s.Listen[%d]", path, i), listening)
	}
	v.ProxySettings.validate(p, path, formats)
	validateAccess(p, path, v.Access)
	switch {
	case v.ProxyPass == "" && v.Return == "":
		p.add(path, "no-handler", "no handler for server")
	case v.ProxyPass != "" && v.Return != "":
		p.add(path, "two-handlers", "proxy_pass and return exclude each other")
	case v.Return != "":
		p.variables(path+".Return", v.Return)
	case strings.Contains(v.ProxyPass, "$"):
		p.variables(path+".ProxyPass", v.ProxyPass)
	case !upstreams[v.ProxyPass]:
		if msg := endpointProblem(v.ProxyPass); msg != "" {
			p.add(path+".ProxyPass", "bad-address", "%s", msg)
		}
	}
}

func (l Listen) validate(p *problems, path string, listening map[string]bool) {
	key, v6, msg := listenKey(l.Address)
	if l.UDP {
		key = "udp " + key
	}
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
	if l.Backlog < 0 || l.Rcvbuf < 0 || l.Sndbuf < 0 || l.Fastopen < 0 {
		p.add(path, "negative", "a backlog or buffer is negative")
	}
	if l.UDP && (l.Backlog != 0 || l.SoKeepalive != Keepalive{} || l.ProxyProtocol || l.Fastopen != 0 || l.Deferred || l.SSL || l.Multipath) {
		p.add(path+".UDP", "not-for-udp", "backlog, so_keepalive, proxy_protocol, fastopen, deferred, multipath and ssl are incompatible with \"udp\"")
	}
	if l.SSL {
		p.add(path+".SSL", "ends-tls", "\"ssl\" ends TLS here, and an apiserver would not see client certificates: pass connections through")
	}
	if k := l.SoKeepalive; k.On && k.Off || (k.On || k.Off) && (k.Idle != 0 || k.Interval != 0 || k.Count != 0) ||
		k.Count < 0 || k.Idle < 0 || k.Interval < 0 || k.Idle%time.Second != 0 || k.Interval%time.Second != 0 {
		p.add(path+".SoKeepalive", "bad-keepalive", "wants on, off, or whole seconds and a count")
	}
}

func validateAccess(p *problems, path string, rules []AccessRule) {
	for i, r := range rules {
		if !validAccess(r.From) {
			p.add(index(path+".Access", i), "bad-address", "invalid parameter %q", r.From)
		}
	}
}
