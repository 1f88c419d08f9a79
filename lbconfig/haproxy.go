package lbconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
)

// Where HAProxy's own files are unless HAProxyOptions say otherwise.
const (
	// DefaultHAProxyConfigPath is the rendered file.
	DefaultHAProxyConfigPath = "/etc/quorate/haproxy.cfg"
	// DefaultHAProxyPID is the pid file of the master.
	DefaultHAProxyPID = "/run/quorate-lb/haproxy.pid"
	// DefaultHAProxySocket answers `show info`, which proves a reload, and `show servers state`.
	DefaultHAProxySocket = "/run/quorate-lb/haproxy.sock"
	// DefaultHAProxyState is what servers were like before a reload.
	DefaultHAProxyState = "/run/quorate-lb/haproxy.state"
	// DefaultCheckInterval is HAProxyOptions.CheckInterval's.
	DefaultCheckInterval = 500 * time.Millisecond
	// APIServerName is a name that the certificate of every kube-apiserver made by kubeadm holds
	// (kubernetes/cmd/kubeadm/app/util/pkiutil, GetAPIServerAltNames).
	APIServerName = "kubernetes"
)

// HAProxyOptions is what HAProxy builds from. The zero value lacks only backends.
type HAProxyOptions struct {
	// Listen is where clients connect. None: 127.0.0.1:16443.
	Listen []netip.AddrPort
	// Backends are the apiservers, in any order; one that is named twice counts once.
	Backends []netip.AddrPort
	// CAFile is the cluster's CA certificate on the balancer's host. With it a check counts only if the apiserver's
	// certificate is the cluster's and holds APIServerName. Unset: checks use TLS and verify nothing, as is
	// needed before the cluster has a CA.
	CAFile string
	// CheckInterval is the time between two checks of an apiserver by one balancer. Unset: DefaultCheckInterval.
	// See HAProxyCheckInterval for many balancers.
	CheckInterval time.Duration
	// CheckTimeout is how long an answer of /readyz may take once TLS stands. Unset: 600 ms.
	CheckTimeout time.Duration
	// ConnectTimeout is how long an apiserver may take to accept before the next one is tried, and how long a check's TLS
	// handshake may take. Unset: 300 ms; it wants to be several times the round trip to the farthest apiserver.
	ConnectTimeout time.Duration
	// IdleTimeout ends sessions without data. Unset: 1 h.
	IdleTimeout time.Duration
	// MaxConn is how many clients there may be at once. Unset: 4096.
	MaxConn int
	// Threads. Unset: 2.
	Threads int
	// User and Group that workers run as. Unset: haproxy, which Debian's package makes.
	User, Group string
	// Socket and State are paths. Unset: DefaultHAProxySocket and DefaultHAProxyState.
	Socket, State string
}

const (
	haproxyName           = "kube-apiserver"
	haproxyAnyPrefix      = "any-"
	defaultCheckTimeout   = 600 * time.Millisecond
	defaultHAProxyConnect = 300 * time.Millisecond
	fastCheckInterval     = 100 * time.Millisecond
	defaultHAProxyMaxConn = 4096
)

// HAProxyCheckInterval returns the time between checks for a number of balancers that each check every
// apiserver: DefaultCheckInterval up to 20 of them, and twice as long whenever there are twice as many: 1 s up to 40, 4 s up
// to 160. So an apiserver is asked at most 40 times a second in all, each time with a TLS handshake, and one more host
// rarely changes the others' files.
func HAProxyCheckInterval(balancers int) time.Duration {
	interval := DefaultCheckInterval
	for n := 20; n < balancers && interval < time.Minute; n *= 2 {
		interval *= 2
	}
	return interval
}

// HAProxy returns a configuration for traffic to kube-apiservers. TLS passes through untouched; beside it each
// apiserver is asked for /readyz over TLS, and gets connections only while it answers 200. That is what
// APIServer's nginx does not see: an apiserver that accepts and never answers, and one that is back but not ready.
//
// Three failed checks in a row take an apiserver out and end its sessions, so that watches and kubelets go elsewhere
// at once; two good ones bring it back. A check has ConnectTimeout to connect and for the TLS handshake, so that a hung
// apiserver is out after at most CheckInterval + 200 ms + three times ConnectTimeout, 1.6 s; one that does TLS and does not
// answer after three times CheckTimeout more. Until then the one with the fewest sessions is taken, so that rarely more than one new
// connection waits at one that does not answer. One that does not accept within ConnectTimeout costs that long, and
// another is tried.
//
// When no apiserver is ready, all that accept get connections: without etcd's leader none of them is ready for a
// second or two, and a check that fails for a reason of its own (a CA file that is not the cluster's,
// --anonymous-auth=false, with which /readyz answers 401) must not cut a cluster from its API. HAProxy is then
// what a balancer without checks is.
//
// Checks cost apiservers a TLS handshake each: the number of balancers divided by CheckInterval, a second.
//
// After a reload HAProxy takes servers for up until a check says otherwise, unless the answer of `show servers state`
// was put into the file State before. Requires HAProxy 2.2; measured with 2.6.12 (docs/adr/0009-haproxy.md).
func HAProxy(o HAProxyOptions) HAProxyConfig {
	idle := orDefault(o.IdleTimeout, defaultIdleTimeout)
	c := HAProxyConfig{
		Global: HAProxyGlobal{
			Log:             HAProxyLog{Target: "stdout", Format: "short", Facility: "daemon"},
			User:            orDefault(o.User, "haproxy"),
			Group:           orDefault(o.Group, "haproxy"),
			MaxConn:         orDefault(o.MaxConn, defaultHAProxyMaxConn),
			Threads:         orDefault(o.Threads, 2),
			HardStopAfter:   defaultShutdownTimeout,
			StatsSocket:     HAProxyStatsSocket{Path: orDefault(o.Socket, DefaultHAProxySocket), Mode: "600", Level: "user", ExposeFDListeners: true},
			ServerStateFile: orDefault(o.State, DefaultHAProxyState),
		},
		Defaults: HAProxyDefaults{
			LogGlobal: true, TCPLog: true, DontLogNormal: true,
			ClientKeepalive: true, ServerKeepalive: true,
			Redispatch: true, Retries: 3,
			ConnectTimeout: orDefault(o.ConnectTimeout, defaultHAProxyConnect),
			ClientTimeout:  idle, ServerTimeout: idle, TunnelTimeout: idle,
			CheckTimeout:    orDefault(o.CheckTimeout, defaultCheckTimeout),
			LoadServerState: true,
		},
		Frontends: []HAProxyFrontend{{Name: haproxyName, Binds: haproxyBinds(o.Listen), DefaultBackend: haproxyName}},
		Backends: []HAProxyBackend{{
			Name: haproxyName, Balance: HAProxyLeastConn, AllBackups: true,
			HTTPCheck:     &HAProxyHTTPCheck{Method: "GET", Path: "/readyz", Status: 200},
			DefaultServer: apiServerCheck(o),
		}},
	}
	b := &c.Backends[0]
	for _, a := range sortedUnique(o.Backends) {
		b.Servers = append(b.Servers, HAProxyServer{Name: haproxyServerName(a), Address: a})
	}
	for _, a := range sortedUnique(o.Backends) {
		b.Servers = append(b.Servers, HAProxyServer{Name: haproxyAnyPrefix + haproxyServerName(a), Address: a,
			HAProxyServerSettings: HAProxyServerSettings{NoCheck: true, Backup: true}})
	}
	return c.withGeneration()
}

func apiServerCheck(o HAProxyOptions) HAProxyServerSettings {
	s := HAProxyServerSettings{
		Check: true, CheckSSL: true, CheckSNI: APIServerName, Verify: "none",
		Inter: orDefault(o.CheckInterval, DefaultCheckInterval), DownInter: orDefault(o.CheckInterval, DefaultCheckInterval),
		Fall: 3, Rise: 2, ShutdownWhenDown: true,
	}
	s.FastInter = min(s.Inter, fastCheckInterval)
	if o.CAFile != "" {
		s.Verify, s.CAFile, s.VerifyHost = "required", o.CAFile, APIServerName
	}
	return s
}

// haproxyServerName is an address as a name, which has no brackets.
func haproxyServerName(a netip.AddrPort) string {
	return strings.NewReplacer("[", "", "]", "").Replace(a.String())
}

func haproxyBinds(addrs []netip.AddrPort) []netip.AddrPort {
	if len(addrs) == 0 {
		return []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), DefaultPort)}
	}
	return sortedUnique(addrs)
}

// withGeneration returns c with the hash of the rest of it as its description.
func (c HAProxyConfig) withGeneration() HAProxyConfig {
	c.Global.Description = ""
	if file, err := c.Render(); err == nil {
		sum := sha256.Sum256(file)
		c.Global.Description = hex.EncodeToString(sum[:])
	}
	return c
}

// Generation returns the hash that an HAProxy with this configuration has for its description, the SHA-256 of the file
// without it, and the path of the socket to ask. ok is false when c has none.
func (c HAProxyConfig) Generation() (hash, socket string, ok bool) {
	if len(c.Global.Description) != hex.EncodedLen(sha256.Size) || c.Global.StatsSocket.Path == "" {
		return "", "", false
	}
	return c.Global.Description, c.Global.StatsSocket.Path, true
}

// HAProxyGeneration returns the description in an answer to `show info`. It is empty where there is none, and in the
// answer of a worker that a reload has told to stop, which may still come for a moment.
func HAProxyGeneration(showInfo string) string {
	description := ""
	for line := range strings.Lines(showInfo) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "description":
			description = value
		case "Stopping":
			if value != "0" {
				return ""
			}
		}
	}
	return description
}
