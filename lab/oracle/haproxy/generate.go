package haproxy

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/lbconfig"
)

// generator makes configurations.
type generator struct {
	rand *rand.Rand
	dir  string
}

func pick[T any](g generator, of ...T) T { return of[g.rand.IntN(len(of))] }

func (g generator) chance(percent int) bool { return g.rand.IntN(100) < percent }

func (g generator) millis(limit int) time.Duration {
	return time.Duration(1+g.rand.IntN(limit)) * pick(g, time.Millisecond, time.Second, time.Minute)
}

// config returns a configuration that the library accepts.
func (g generator) config() lbconfig.HAProxyConfig {
	o := lbconfig.HAProxyOptions{Socket: g.file("haproxy.sock"), State: g.file("haproxy.state")}
	for range 1 + g.rand.IntN(5) {
		o.Backends = append(o.Backends, g.address(pick(g, "10.0.0.%d", "fd00::%d"), 6443))
	}
	for range g.rand.IntN(3) {
		o.Listen = append(o.Listen, g.address(pick(g, "127.0.0.%d", "127.1.0.%d"), 16443+g.rand.IntN(20)))
	}
	if g.chance(60) {
		o.CAFile = g.file("ca.crt")
	}
	if g.chance(50) {
		o.CheckInterval, o.CheckTimeout, o.ConnectTimeout = g.millis(900), g.millis(900), g.millis(900)
	}
	if g.chance(50) {
		o.IdleTimeout = g.millis(5000)
		o.MaxConn, o.Threads = 1+g.rand.IntN(5000), 1+g.rand.IntN(4)
	}
	c := lbconfig.HAProxy(o)
	g.vary(&c)
	return c
}

// vary changes what HAProxyOptions do not offer.
func (g generator) vary(c *lbconfig.HAProxyConfig) {
	b := &c.Backends[0]
	if g.chance(40) {
		c.Global.Log = lbconfig.HAProxyLog{Target: pick(g, "stdout", "stderr", "/dev/log"), Format: pick(g, "", "raw", "short", "timed", "iso", "rfc3164", "rfc5424"),
			Facility: pick(g, "daemon", "local0", "local7", "auth2", "kern"), Level: pick(g, "", "emerg", "warning", "debug")}
	}
	if g.chance(40) {
		c.Global.StatsSocket.Level = pick(g, "", "user", "operator", "admin")
		c.Global.StatsSocket.Mode = pick(g, "", "600", "0660", "777")
		c.Global.StatsSocket.ExposeFDListeners = g.chance(50)
	}
	if g.chance(20) {
		c.Global.User, c.Global.Group = "", ""
	}
	if g.chance(20) {
		c.Global.ServerStateFile, c.Defaults.LoadServerState = "", false
	}
	if g.chance(30) {
		c.Global.HardStopAfter, c.Defaults.TunnelTimeout, c.Defaults.CheckTimeout, c.Defaults.Retries = 0, 0, 0, 0
		c.Defaults.TCPLog, c.Defaults.DontLogNormal, c.Defaults.Redispatch, c.Defaults.ClientKeepalive = g.chance(50), g.chance(50), g.chance(50), g.chance(50)
	}
	if g.chance(50) {
		b.Balance = pick(g, "", lbconfig.HAProxyRoundRobin, lbconfig.HAProxySource, lbconfig.HAProxyFirst, lbconfig.HAProxyRandom)
		b.AllBackups = g.chance(50)
	}
	if g.chance(30) {
		b.HTTPCheck = pick(g, nil, &lbconfig.HAProxyHTTPCheck{Method: pick(g, "GET", "HEAD", "OPTIONS"), Path: "/livez?exclude=etcd", Status: pick(g, 0, 100, 200, 204, 599)})
	}
	if g.chance(30) {
		b.DefaultServer = lbconfig.HAProxyServerSettings{Check: g.chance(50), Fall: g.rand.IntN(20), Rise: g.rand.IntN(20)}
	}
	for i := range b.Servers {
		if g.chance(30) {
			s := &b.Servers[i].HAProxyServerSettings
			s.Weight, s.MaxConn, s.Inter, s.DownInter = g.rand.IntN(257), g.rand.IntN(1000), g.millis(900), g.millis(900)
		}
	}
	if g.chance(30) {
		other := *b
		other.Name, other.Servers = "other_1.x:y", slices.Clone(b.Servers)
		c.Backends = append(c.Backends, other)
		c.Frontends = append(c.Frontends, lbconfig.HAProxyFrontend{Name: pick(g, "other", "kube-apiserver-2"), Binds: []netip.AddrPort{g.address("127.2.0.%d", 8443)}, DefaultBackend: other.Name})
	}
}

// file is a path in the judge's directory.
func (g generator) file(name string) string { return filepath.Join(g.dir, name) }

func (g generator) address(format string, port int) netip.AddrPort {
	a := netip.MustParseAddr(fmt.Sprintf(format, 1+g.rand.IntN(9)))
	return netip.AddrPortFrom(a, uint16(port))
}

// words are what mutations put in the place of others: some that HAProxy knows, and some that it does not.
var words = []string{
	"0", "1", "-1", "65", "257", "65536", "99999999999", "1us", "10ms", "25d", "1h30m", "5x", "abc", "http", "tcp", "global", "defaults", "check", "no-check",
	"backup", "verify", "none", "required", "ca-file", "/nowhere/ca.crt", "check-ssl", "10.0.0.1", "10.0.0.1:0", "10.0.0.1:70000", "*:16443", ":8443", "::1:80", "[::1]:80",
	"256.0.0.1:80", "name:80", "kube-apiserver", "leastconn", "hash", "level", "mode", "999", "root", "listeners", "option", "\"quoted", "back\\slash", "$HOME", "#", "stdout", "format", "GET", "/readyz", "status",
}

// mutate damages a file in one to three places. Most results are wrong; some are as good as before.
func (g generator) mutate(file []byte) []byte {
	lines := splitLines(file)
	for range 1 + g.rand.IntN(3) {
		i := g.rand.IntN(len(lines))
		fields := strings.Fields(lines[i])
		switch {
		case g.chance(15):
			lines = slices.Delete(lines, i, i+1)
		case g.chance(15):
			lines = slices.Insert(lines, g.rand.IntN(len(lines)), lines[i])
		case g.chance(10):
			j := g.rand.IntN(len(lines))
			lines[i], lines[j] = lines[j], lines[i]
		case len(fields) == 0:
			lines[i] = pick(g, "frontend", "backend", "listen x", "global", "defaults", "\tmode tcp", "\tserver x 10.0.0.9:6443")
		case g.chance(30) && len(fields) > 1:
			k := g.rand.IntN(len(fields))
			lines[i] = "\t" + strings.Join(slices.Delete(fields, k, k+1), " ")
		case g.chance(30):
			lines[i] = "\t" + strings.Join(slices.Insert(fields, g.rand.IntN(len(fields)+1), pick(g, words...)), " ")
		default:
			fields[g.rand.IntN(len(fields))] = pick(g, words...)
			lines[i] = "\t" + strings.Join(fields, " ")
		}
		if len(lines) == 0 {
			break
		}
	}
	return joinLines(lines)
}

func splitLines(file []byte) []string {
	return strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
}

func joinLines(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }
