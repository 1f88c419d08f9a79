package lbconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// The checks of what sessions lead to.

func (l *lint) oneBackend() {
	l.proxying(func(path string, _ Server, u Upstream) {
		if len(u.Servers) == 1 {
			l.add(Warning, path+".ProxyPass", "there is one backend: the API is gone when it is", "name every control plane")
		}
	})
}

func (l *lint) allDown() {
	l.upstreams(func(path string, u Upstream) {
		if len(u.Servers) > 0 && !slices.ContainsFunc(u.Servers, func(s UpstreamServer) bool { return !s.Down }) {
			l.add(Error, path+".Servers", "every backend is down", "take one up")
		}
	})
}

func (l *lint) namedBackend() {
	l.upstreams(func(path string, u Upstream) {
		for i, s := range u.Servers {
			if host, _, ok := splitHostPort(s.Address); ok && !s.Resolve && !strings.HasPrefix(s.Address, "unix:") && !isLiteral(host) {
				l.add(Warning, index(path+".Servers", i)+".Address", fmt.Sprintf("%s is looked up once, when nginx starts, and nginx does not start without an answer", host), "name the address")
			}
		}
	})
}

func isLiteral(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

func (l *lint) noZone() {
	if w := l.Main.WorkerProcesses; w == "" || w == "1" {
		return
	}
	l.upstreams(func(path string, u Upstream) {
		skips := slices.ContainsFunc(u.Servers, func(s UpstreamServer) bool { return s.MaxFails == nil || *s.MaxFails > 0 })
		if u.Zone.Name == "" && len(u.Servers) > 1 && (skips || u.Balance.Method == LeastConn) {
			l.add(Warning, path+".Zone", "each worker finds out for itself which backends are dead and counts only its own sessions", "add a zone of 64k")
		}
	})
}

func (l *lint) methodWithBackup() {
	l.upstreams(func(path string, u Upstream) {
		for i, s := range u.Servers {
			if s.Backup && (u.Balance.Method == Hash || u.Balance.Method == Random) {
				l.add(Error, index(path+".Servers", i)+".Backup", fmt.Sprintf("%s does not go with backup: nginx refuses it", u.Balance.Method), "use least_conn")
			}
		}
	})
}

func (l *lint) longFailTimeout() {
	l.upstreams(func(path string, u Upstream) {
		if len(u.Servers) < 2 {
			return // a single backend is never skipped
		}
		for i, s := range u.Servers {
			t := nginxFailTimeout
			if s.FailTimeout != nil {
				t = *s.FailTimeout
			}
			if t > 5*time.Second && (s.MaxFails == nil || *s.MaxFails > 0) {
				l.add(Warning, index(path+".Servers", i)+".FailTimeout",
					fmt.Sprintf("when all backends failed once, clients are turned away for up to %s after they are back", t), "set max_fails=0, or fail_timeout=5s")
			}
		}
	})
}

// endpointIsOneHost finds an endpoint that is one of several control planes.
func (l *lint) endpointIsOneHost() {
	host := l.endpointHost()
	a, err := netip.ParseAddr(host)
	planes := l.controlPlanes()
	if err == nil && len(planes) > 1 && slices.Contains(planes, a) {
		l.add(Warning, "", fmt.Sprintf("the endpoint %s is one control plane: when it is gone, no node reaches the others", host),
			"use a name that every host resolves to its own balancer, or a virtual address")
	}
}

func (l *lint) endpointHost() string {
	host := l.env.Endpoint
	if h, port, ok := splitHostPort(host); ok && validPort(port) && !strings.Contains(strings.Trim(h, "[]"), ":") || strings.HasPrefix(host, "[") && ok {
		host = h
	}
	return strings.Trim(host, "[]")
}

// missingSAN finds names that clients will use and that the apiservers' certificates lack.
func (l *lint) missingSAN() {
	if len(l.env.CertSANs) == 0 {
		return
	}
	var names []string
	if host := l.endpointHost(); host != "" {
		names = append(names, host)
	}
	l.proxying(func(_ string, s Server, _ Upstream) {
		for _, listen := range s.Listen {
			if a, ok := listenIP(listen.Address); ok && !a.IsUnspecified() {
				names = append(names, a.String())
			}
		}
	})
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !slices.ContainsFunc(l.env.CertSANs, func(san string) bool { return sameName(san, name) }) {
			l.add(Error, "", fmt.Sprintf("clients that connect to %s refuse the apiserver's certificate, which does not name it", name), "add it to apiServer.certSANs")
		}
	}
}

// sameName compares a name in a certificate, which may have a wildcard, with one that is dialed.
func sameName(san, name string) bool {
	if a, err := netip.ParseAddr(san); err == nil {
		b, err := netip.ParseAddr(name)
		return err == nil && a == b
	}
	if suffix, ok := strings.CutPrefix(san, "*."); ok {
		_, rest, _ := strings.Cut(name, ".")
		return strings.EqualFold(suffix, rest)
	}
	return strings.EqualFold(san, name)
}
