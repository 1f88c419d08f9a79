package lbconfig

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Render returns the file: sections and statements in a fixed order, equal configurations to the same bytes. It fails for
// what cannot stand in a file: a value with a blank, a quote or another character that means something to HAProxy.
func (c HAProxyConfig) Render() ([]byte, error) {
	var b bytes.Buffer
	for i, s := range c.sections() {
		if i > 0 {
			b.WriteByte('\n')
		}
		for j, words := range append([][]string{{s.kind, s.name}}, s.lines...) {
			var kept []string
			for _, w := range words {
				if w == "" {
					continue
				}
				if !haproxyPlain(w) {
					return nil, fmt.Errorf("lbconfig: render: %s %s: %q cannot stand in a configuration", s.kind, s.name, w)
				}
				kept = append(kept, w)
			}
			if j > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(strings.Join(kept, " "))
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}

// haproxyPlain says whether HAProxy reads s as the one word that it is: no blanks, quotes, backslashes,
// variables or comments.
func haproxyPlain(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_.:/@%+=,*?&~[]", r):
		default:
			return false
		}
	}
	return s != ""
}

// haproxySection is a section's statements as words; empty words are left out.
type haproxySection struct {
	kind, name string
	lines      [][]string
}

func (s *haproxySection) add(words ...string) { s.lines = append(s.lines, words) }

// addIf adds a statement where its value is set.
func (s *haproxySection) addIf(set bool, words ...string) {
	if set {
		s.add(words...)
	}
}

func (c HAProxyConfig) sections() []haproxySection {
	out := []haproxySection{c.Global.section(), c.Defaults.section()}
	for _, f := range c.Frontends {
		s := haproxySection{kind: "frontend", name: f.Name}
		for _, a := range f.Binds {
			s.add("bind", a.String())
		}
		s.addIf(f.DefaultBackend != "", "default_backend", f.DefaultBackend)
		out = append(out, s)
	}
	for _, b := range c.Backends {
		out = append(out, b.section())
	}
	return out
}

func (g HAProxyGlobal) section() haproxySection {
	s := haproxySection{kind: "global"}
	s.addIf(g.Description != "", "description", g.Description)
	if l := g.Log; l != (HAProxyLog{}) {
		words := []string{"log", l.Target}
		if l.Format != "" {
			words = append(words, "format", l.Format)
		}
		s.add(append(words, l.Facility, l.Level)...)
	}
	s.addIf(g.User != "", "user", g.User)
	s.addIf(g.Group != "", "group", g.Group)
	s.addIf(g.MaxConn != 0, "maxconn", strconv.Itoa(g.MaxConn))
	s.addIf(g.Threads != 0, "nbthread", strconv.Itoa(g.Threads))
	s.addIf(g.HardStopAfter != 0, "hard-stop-after", haproxyTime(g.HardStopAfter))
	if st := g.StatsSocket; st != (HAProxyStatsSocket{}) {
		words := []string{"stats", "socket", st.Path}
		if st.Mode != "" {
			words = append(words, "mode", st.Mode)
		}
		if st.Level != "" {
			words = append(words, "level", st.Level)
		}
		if st.ExposeFDListeners {
			words = append(words, "expose-fd", "listeners")
		}
		s.add(words...)
	}
	s.addIf(g.ServerStateFile != "", "server-state-file", g.ServerStateFile)
	return s
}

func (d HAProxyDefaults) section() haproxySection {
	s := haproxySection{kind: "defaults"}
	s.add("mode", "tcp")
	s.addIf(d.LogGlobal, "log", "global")
	s.addIf(d.TCPLog, "option", "tcplog")
	s.addIf(d.DontLogNormal, "option", "dontlog-normal")
	s.addIf(d.ClientKeepalive, "option", "clitcpka")
	s.addIf(d.ServerKeepalive, "option", "srvtcpka")
	s.addIf(d.Redispatch, "option", "redispatch", "1")
	s.addIf(d.Retries != 0, "retries", strconv.Itoa(d.Retries))
	for _, t := range d.timeouts() {
		s.addIf(*t.value != 0, "timeout", t.name, haproxyTime(*t.value))
	}
	s.addIf(d.LoadServerState, "load-server-state-from-file", "global")
	return s
}

// haproxyTimeout is one of the defaults' timeouts.
type haproxyTimeout struct {
	name, field string
	value       *time.Duration
}

func (d *HAProxyDefaults) timeouts() []haproxyTimeout {
	return []haproxyTimeout{
		{"connect", "ConnectTimeout", &d.ConnectTimeout}, {"client", "ClientTimeout", &d.ClientTimeout},
		{"server", "ServerTimeout", &d.ServerTimeout}, {"tunnel", "TunnelTimeout", &d.TunnelTimeout}, {"check", "CheckTimeout", &d.CheckTimeout},
	}
}

func (b HAProxyBackend) section() haproxySection {
	s := haproxySection{kind: "backend", name: b.Name}
	s.addIf(b.Balance != "", "balance", string(b.Balance))
	s.addIf(b.AllBackups, "option", "allbackups")
	if h := b.HTTPCheck; h != nil {
		s.add("option", "httpchk", h.Method, h.Path)
		s.addIf(h.Status != 0, "http-check", "expect", "status", strconv.Itoa(h.Status))
	}
	if words := b.DefaultServer.words(); len(words) > 0 {
		s.add(append([]string{"default-server"}, words...)...)
	}
	for _, v := range b.Servers {
		s.add(append([]string{"server", v.Name, v.Address.String()}, v.words()...)...)
	}
	return s
}

// words are the settings as they stand on a line.
func (v HAProxyServerSettings) words() []string {
	var out []string
	for _, f := range v.flags() {
		if *f.value {
			out = append(out, f.words...)
		}
	}
	for _, f := range v.texts() {
		if *f.value != "" {
			out = append(out, f.name, *f.value)
		}
	}
	for _, f := range v.times() {
		if *f.value != 0 {
			out = append(out, f.name, haproxyTime(*f.value))
		}
	}
	for _, f := range v.numbers() {
		if *f.value != 0 {
			out = append(out, f.name, strconv.Itoa(*f.value))
		}
	}
	return out
}

type haproxyFlag struct {
	words []string
	value *bool
}

func (v *HAProxyServerSettings) flags() []haproxyFlag {
	return []haproxyFlag{
		{[]string{"check"}, &v.Check}, {[]string{"no-check"}, &v.NoCheck}, {[]string{"backup"}, &v.Backup},
		{[]string{"check-ssl"}, &v.CheckSSL}, {[]string{"on-marked-down", "shutdown-sessions"}, &v.ShutdownWhenDown},
	}
}

// haproxyValue is a setting with one argument.
type haproxyValue[T any] struct {
	name, field string
	value       *T
}

func (v *HAProxyServerSettings) texts() []haproxyValue[string] {
	return []haproxyValue[string]{
		{"check-sni", "CheckSNI", &v.CheckSNI}, {"verify", "Verify", &v.Verify}, {"ca-file", "CAFile", &v.CAFile}, {"verifyhost", "VerifyHost", &v.VerifyHost},
	}
}

func (v *HAProxyServerSettings) times() []haproxyValue[time.Duration] {
	return []haproxyValue[time.Duration]{{"inter", "Inter", &v.Inter}, {"fastinter", "FastInter", &v.FastInter}, {"downinter", "DownInter", &v.DownInter}}
}

func (v *HAProxyServerSettings) numbers() []haproxyValue[int] {
	return []haproxyValue[int]{{"fall", "Fall", &v.Fall}, {"rise", "Rise", &v.Rise}, {"weight", "Weight", &v.Weight}, {"maxconn", "MaxConn", &v.MaxConn}}
}

// haproxyUnits are HAProxy's units of time (configuration manual, 2.4 "Time format").
var haproxyUnits = []struct {
	name string
	unit time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

// haproxyTime writes d in the largest unit that holds it exactly.
func haproxyTime(d time.Duration) string {
	for _, u := range haproxyUnits {
		if d%u.unit == 0 {
			return strconv.FormatInt(int64(d/u.unit), 10) + u.name
		}
	}
	return d.String() // finer than HAProxy's times: Validate says so
}

// parseHAProxyAddress reads an address with a port, without a zone.
func parseHAProxyAddress(s string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(s)
	if err == nil && a.Addr().Zone() != "" {
		err = fmt.Errorf("a zone in %q", s)
	}
	return a, err
}
