package lbconfig

import (
	"fmt"
	"net/netip"
	"slices"
)

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	// Error: it will not work, or clients will be cut off.
	Error Severity = "error"
	// Warning: it works until something fails.
	Warning Severity = "warning"
	// Info: worth knowing.
	Info Severity = "info"
)

// Finding is one thing in a Config that nginx takes and that serves clients of an apiserver badly.
type Finding struct {
	// Code is one of LintCodes; docs/lint.md says why it is one.
	Code string
	// Severity is how bad it is.
	Severity Severity
	// Path in the Config, such as Stream.Servers[0].ProxyTimeout; empty: the whole.
	Path string
	// Message says what is the matter, and Fix what to do.
	Message, Fix string
}

// String returns code, path, message and fix in one line.
func (f Finding) String() string {
	path := ""
	if f.Path != "" {
		path = f.Path + ": "
	}
	return fmt.Sprintf("%s %s: %s%s; %s", f.Code, f.Severity, path, f.Message, f.Fix)
}

// Env is what a Config alone does not say. What is zero is not known, and what depends on it is not
// looked at.
type Env struct {
	// Nodes is how many hosts connect through the balancer.
	Nodes int
	// ConnectionsPerNode is how many sessions each has. Unset: 10, which is a kubelet, a kube-proxy,
	// a network plugin and a few controllers.
	ConnectionsPerNode int
	// ControlPlanes are the addresses of the hosts with apiservers. None: those of the backends.
	ControlPlanes []netip.Addr
	// Endpoint is kubeadm's controlPlaneEndpoint, host:port or host.
	Endpoint string
	// Host is the addresses of the host that the file is for.
	Host []netip.Addr
	// DualStack says that clients come by IPv6 as well as by IPv4.
	DualStack bool
	// Version of the nginx that will read the file.
	Version Version
	// CertSANs are the names and addresses in the apiservers' certificates.
	CertSANs []string
	// OpenFiles is the limit of open files that nginx starts with.
	OpenFiles int
}

// LintCodes returns the codes that Lint has, in order.
func LintCodes() []string {
	var out []string
	for _, c := range lintChecks {
		out = append(out, c.code)
	}
	return out
}

// Lint returns what is unwise in c, in the order of codes. It does not Validate. The zero Env works.
func (c Config) Lint(env Env) []Finding {
	var out []Finding
	for _, check := range lintChecks {
		l := &lint{Config: c, env: env, code: check.code}
		check.look(l)
		out = append(out, l.found...)
	}
	return out
}

// lint is one check's view.
type lint struct {
	Config
	env   Env
	code  string
	found []Finding
}

func (l *lint) add(severity Severity, path, message, fix string) {
	l.found = append(l.found, Finding{Code: l.code, Severity: severity, Path: path, Message: message, Fix: fix})
}

// lintChecks are the codes; a code is never used for something else.
var lintChecks = []struct {
	code string
	look func(*lint)
}{
	{"LB001", (*lint).idleTimeout},
	{"LB002", (*lint).connectTimeout},
	{"LB003", (*lint).portOfBackend},
	{"LB004", (*lint).oneBackend},
	{"LB005", (*lint).endpointIsOneHost},
	{"LB006", (*lint).namedBackend},
	{"LB007", (*lint).noZone},
	{"LB008", (*lint).capacity},
	{"LB009", (*lint).gluedLogFormat},
	{"LB010", (*lint).noShutdownTimeout},
	{"LB011", (*lint).methodWithBackup},
	{"LB012", (*lint).tooNew},
	{"LB013", (*lint).openToAll},
	{"LB014", (*lint).oneFamily},
	{"LB015", (*lint).missingSAN},
	{"LB016", (*lint).longFailTimeout},
	{"LB017", (*lint).moduleLoad},
	{"LB018", (*lint).portOfHTTP},
	{"LB019", (*lint).proxyProtocolToBackends},
	{"LB020", (*lint).noKeepalive},
	{"LB021", (*lint).endsTLS},
	{"LB022", (*lint).allDown},
	{"LB023", (*lint).notFollowed},
}

// proxying calls f for every server that leads to backends, with its upstream; a server that leads
// to an address has an upstream of that one.
func (l *lint) proxying(f func(path string, s Server, u Upstream)) {
	for i, s := range l.Stream.Servers {
		if s.ProxyPass == "" {
			continue
		}
		u := Upstream{Servers: []UpstreamServer{{Address: s.ProxyPass}}}
		for _, named := range l.Stream.Upstreams {
			if named.Name == s.ProxyPass {
				u = named
			}
		}
		f(index("Stream.Servers", i), s, u)
	}
}

// upstreams calls f for every upstream that a server leads to.
func (l *lint) upstreams(f func(path string, u Upstream)) {
	for i, u := range l.Stream.Upstreams {
		if slices.ContainsFunc(l.Stream.Servers, func(s Server) bool { return s.ProxyPass == u.Name }) {
			f(index("Stream.Upstreams", i), u)
		}
	}
}

// controlPlanes returns the addresses of the hosts with apiservers.
func (l *lint) controlPlanes() []netip.Addr {
	if len(l.env.ControlPlanes) > 0 {
		return l.env.ControlPlanes
	}
	var out []netip.Addr
	for _, u := range l.Stream.Upstreams {
		for _, s := range u.Servers {
			if a, err := netip.ParseAddrPort(s.Address); err == nil {
				out = append(out, a.Addr())
			}
		}
	}
	return out
}
