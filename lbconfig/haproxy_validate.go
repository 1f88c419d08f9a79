package lbconfig

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validate returns a *ValidationError with everything in c that HAProxy would refuse or that cannot work, or nil. It asks
// nothing about the host: whether files, users and addresses exist and ports are free.
//
// Beyond what HAProxy refuses, these are problems too: one of the timeouts connect, client and server that is unset, a
// backend without servers or that no frontend leads to, an address that is bound or served twice, TLS settings without
// CheckSSL, states to be loaded without a file that has them.
func (c HAProxyConfig) Validate() error {
	var p problems
	c.Global.validate(&p)
	c.Defaults.validate(&p)
	if c.Defaults.LogGlobal && c.Global.Log.Target == "" {
		p.add("Defaults.LogGlobal", "no-log", "there is no log in global")
	}
	if c.Defaults.LoadServerState && c.Global.ServerStateFile == "" {
		p.add("Defaults.LoadServerState", "no-state-file", "there is no server-state-file in global")
	}
	c.frontends(&p)
	for i, b := range c.Backends {
		at := fmt.Sprintf("Backends[%d]", i)
		p.haproxyName(at+".Name", b.Name)
		if slices.ContainsFunc(c.Backends[:i], func(o HAProxyBackend) bool { return o.Name == b.Name }) {
			p.add(at+".Name", "duplicate-name", "backend %q has the same name as another", b.Name)
		}
		if !slices.ContainsFunc(c.Frontends, func(f HAProxyFrontend) bool { return f.DefaultBackend == b.Name }) {
			p.add(at, "unused", "no frontend leads to it")
		}
		b.validate(&p, at)
	}
	if _, err := c.Render(); err != nil {
		p.add("HAProxyConfig", "not-text", "%v", err)
	}
	return p.err()
}

// Words that the global section knows.
var (
	haproxyLogFormats = []string{"raw", "short", "timed", "iso", "rfc3164", "rfc5424"}
	haproxyFacilities = []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp", "audit", "alert", "cron2",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
	haproxyLevels      = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
	haproxyStatsLevels = []string{"user", "operator", "admin"}
	haproxyBalances    = []HAProxyBalance{HAProxyRoundRobin, HAProxyLeastConn, HAProxySource, HAProxyFirst, HAProxyRandom}
)

// Limits: of the path of a socket, which HAProxy first makes with a longer name (src/proto_uxst.c), of clients, and of threads.
const (
	maxHAProxySocket  = 97
	maxHAProxyConn    = 1 << 20
	maxHAProxyThreads = 64
	maxHAProxyWeight  = 256
	maxHAProxyCount   = 1000
)

func (g HAProxyGlobal) validate(p *problems) {
	if l := g.Log; l != (HAProxyLog{}) {
		if l.Target != "stdout" && l.Target != "stderr" && !path.IsAbs(l.Target) {
			p.add("Global.Log.Target", "bad-log", "%q is neither stdout, stderr nor the path of a socket", l.Target)
		}
		p.haproxyWord("Global.Log.Format", "bad-log", l.Format, haproxyLogFormats, true)
		p.haproxyWord("Global.Log.Facility", "bad-log", l.Facility, haproxyFacilities, false)
		p.haproxyWord("Global.Log.Level", "bad-log", l.Level, haproxyLevels, true)
	}
	p.haproxyNumber("Global.MaxConn", g.MaxConn, maxHAProxyConn)
	p.haproxyNumber("Global.Threads", g.Threads, maxHAProxyThreads)
	p.haproxyTime("Global.HardStopAfter", g.HardStopAfter)
	if s := g.StatsSocket; s != (HAProxyStatsSocket{}) {
		if !path.IsAbs(s.Path) || len(s.Path) > maxHAProxySocket {
			p.add("Global.StatsSocket.Path", "bad-socket", "%q is not an absolute path of at most %d bytes", s.Path, maxHAProxySocket)
		}
		if n, err := strconv.ParseUint(s.Mode, 8, 32); s.Mode != "" && (err != nil || n > 0o777) {
			p.add("Global.StatsSocket.Mode", "bad-mode", "%q is not a mode such as 600", s.Mode)
		}
		p.haproxyWord("Global.StatsSocket.Level", "bad-level", s.Level, haproxyStatsLevels, true)
	}
	if g.ServerStateFile != "" && !path.IsAbs(g.ServerStateFile) {
		p.add("Global.ServerStateFile", "bad-path", "%q is not an absolute path", g.ServerStateFile)
	}
}

func (d HAProxyDefaults) validate(p *problems) {
	p.haproxyNumber("Defaults.Retries", d.Retries, maxHAProxyCount)
	for _, t := range d.timeouts() {
		if *t.value == 0 && slices.Contains([]string{"connect", "client", "server"}, t.name) {
			p.add("Defaults."+t.field, "no-timeout", "missing timeout: what never answers would be waited for without end")
		}
		p.haproxyTime("Defaults."+t.field, *t.value)
	}
}

func (c HAProxyConfig) frontends(p *problems) {
	if len(c.Frontends) == 0 {
		p.add("Frontends", "no-frontend", "nothing is listened on")
	}
	var bound []netip.AddrPort
	for i, f := range c.Frontends {
		at := fmt.Sprintf("Frontends[%d]", i)
		p.haproxyName(at+".Name", f.Name)
		if slices.ContainsFunc(c.Frontends[:i], func(o HAProxyFrontend) bool { return o.Name == f.Name }) {
			p.add(at+".Name", "duplicate-name", "frontend %q has the same name as another", f.Name)
		}
		if len(f.Binds) == 0 {
			p.add(at+".Binds", "no-bind", "frontend %q has no bind", f.Name)
		}
		for j, a := range f.Binds {
			where := fmt.Sprintf("%s.Binds[%d]", at, j)
			p.haproxyAddress(where, a)
			for _, o := range bound {
				if a.Port() == o.Port() && (a.Addr().Unmap() == o.Addr().Unmap() || a.Addr().IsUnspecified() || o.Addr().IsUnspecified()) {
					p.add(where, "duplicate-bind", "%s is bound already, by %s", a, o)
				}
			}
			bound = append(bound, a)
		}
		if !slices.ContainsFunc(c.Backends, func(b HAProxyBackend) bool { return b.Name == f.DefaultBackend }) {
			p.add(at+".DefaultBackend", "no-backend", "unable to find required default_backend: %q", f.DefaultBackend)
		}
	}
}

func (b HAProxyBackend) validate(p *problems, at string) {
	if b.Balance != "" && !slices.Contains(haproxyBalances, b.Balance) {
		p.add(at+".Balance", "bad-balance", "%q is not a way of choosing a server", b.Balance)
	}
	if h := b.HTTPCheck; h != nil {
		if !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, h.Method) {
			p.add(at+".HTTPCheck.Method", "bad-method", "%q is none of GET, HEAD and OPTIONS", h.Method)
		}
		if !path.IsAbs(h.Path) {
			p.add(at+".HTTPCheck.Path", "bad-path", "%q is not the path of a URL", h.Path)
		}
		if h.Status != 0 && (h.Status < 100 || h.Status > 599) {
			p.add(at+".HTTPCheck.Status", "bad-status", "%d is not a status", h.Status)
		}
	}
	b.DefaultServer.validate(p, at+".DefaultServer")
	if b.DefaultServer.NoCheck && b.DefaultServer.Check {
		p.add(at+".DefaultServer.NoCheck", "contradiction", "both check and no-check")
	}
	b.DefaultServer.tls(p, at+".DefaultServer")
	if len(b.Servers) == 0 {
		p.add(at+".Servers", "no-server", "backend %q has no server", b.Name)
	}
	for i, s := range b.Servers {
		where := fmt.Sprintf("%s.Servers[%d]", at, i)
		p.haproxyName(where+".Name", s.Name)
		p.haproxyAddress(where+".Address", s.Address)
		for _, o := range b.Servers[:i] {
			if o.Name == s.Name {
				p.add(where+".Name", "duplicate-server", "another server named %q was already defined", s.Name)
			}
			if o.Address == s.Address && o.Backup == s.Backup {
				p.add(where+".Address", "duplicate-server", "%s is a server already", s.Address)
			}
		}
		s.HAProxyServerSettings.validate(p, where)
		if s.Check && s.NoCheck {
			p.add(where+".NoCheck", "contradiction", "both check and no-check")
		}
		b.DefaultServer.Over(s.HAProxyServerSettings).tls(p, where)
	}
}

// Over returns what holds for a server with the settings own in a backend with v as its default-server: its own, and the
// default ones where it has none.
func (v HAProxyServerSettings) Over(own HAProxyServerSettings) HAProxyServerSettings {
	d := v
	v = own
	for i, f := range v.flags() {
		*f.value = *f.value || *d.flags()[i].value
	}
	for i, f := range v.texts() {
		*f.value = orDefault(*f.value, *d.texts()[i].value)
	}
	for i, f := range v.times() {
		*f.value = orDefault(*f.value, *d.times()[i].value)
	}
	for i, f := range v.numbers() {
		*f.value = orDefault(*f.value, *d.numbers()[i].value)
	}
	return v
}

// validate checks each setting by itself.
func (v HAProxyServerSettings) validate(p *problems, at string) {
	p.haproxyWord(at+".Verify", "bad-verify", v.Verify, []string{"none", "required"}, true)
	for _, f := range v.times() {
		p.haproxyTime(at+"."+f.field, *f.value)
	}
	for _, f := range v.numbers() {
		p.haproxyNumber(at+"."+f.field, *f.value, map[string]int{"weight": maxHAProxyWeight, "maxconn": maxHAProxyConn, "fall": maxHAProxyCount, "rise": maxHAProxyCount}[f.name])
	}
}

// tls checks the settings for checks over TLS against each other.
func (v HAProxyServerSettings) tls(p *problems, at string) {
	if !v.CheckSSL {
		if v.Verify != "" || v.CAFile != "" || v.VerifyHost != "" || v.CheckSNI != "" {
			p.add(at+".CheckSSL", "no-tls", "settings for TLS without check-ssl")
		}
		return
	}
	switch v.Verify {
	case "required":
		if v.CAFile == "" {
			p.add(at+".CAFile", "no-ca", "verify is enabled but no CA file is specified")
		}
	case "none":
		if v.CAFile != "" || v.VerifyHost != "" {
			p.add(at+".Verify", "no-verify", "a CA file or a name to verify, and verify none")
		}
	case "":
		p.add(at+".Verify", "no-verify", "say whether certificates are verified: required or none")
	}
}

// haproxyName checks the name of a section or server: letters, digits, dashes, underscores, dots and colons (manual, "Proxies").
func (p *problems) haproxyName(at, name string) {
	ok := name != "" && len(name) < 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == ""
	if !ok {
		p.add(at, "bad-name", "%q is not a name: letters, digits and -_.: are", name)
	}
}

func (p *problems) haproxyAddress(at string, a netip.AddrPort) {
	if !a.IsValid() || a.Port() == 0 || a.Addr().Zone() != "" || a.Addr().Is4In6() {
		p.add(at, "bad-address", "%q is not an address with a port", a)
	}
}

func (p *problems) haproxyWord(at, code, value string, of []string, optional bool) {
	if !slices.Contains(of, value) && (value != "" || !optional) {
		p.add(at, code, "%q is none of %s", value, strings.Join(of, ", "))
	}
}

func (p *problems) haproxyNumber(at string, n, limit int) {
	if n < 0 || n > limit {
		p.add(at, "bad-number", "%d is not from 1 to %d", n, limit)
	}
}

func (p *problems) haproxyTime(at string, d time.Duration) {
	if d < 0 || d%time.Millisecond != 0 || d > maxHAProxyTime {
		p.add(at, "bad-time", "%s is not a number of milliseconds that HAProxy can count", d)
	}
}
