package lbconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// The checks of the host: its ports, its nginx, its limits.

// listenIP returns the address that is listened on; ok is false for names and unix sockets.
func listenIP(address string) (netip.Addr, bool) {
	key, _, msg := listenKey(address)
	if msg != "" || strings.HasPrefix(address, "unix:") {
		return netip.Addr{}, false
	}
	host, _, _ := splitHostPort(key)
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return a, err == nil
}

func listenPort(address string) string {
	if strings.HasPrefix(address, "unix:") {
		return ""
	}
	if _, port, ok := splitHostPort(address); ok {
		return port
	}
	return address
}

// portOfBackend finds a listener on the port that the host's own apiserver has on all addresses.
func (l *lint) portOfBackend() {
	l.proxying(func(path string, s Server, u Upstream) {
		for i, listen := range s.Listen {
			for _, b := range u.Servers {
				a, err := netip.ParseAddrPort(b.Address)
				here := err == nil && (a.Addr().IsLoopback() || slices.Contains(l.env.Host, a.Addr()))
				if here && listenPort(listen.Address) == itoa(int(a.Port())) {
					l.add(Error, index(path+".Listen", i)+".Address",
						fmt.Sprintf("the apiserver of this host, %s, has port %d on all addresses: one of the two does not start", b.Address, a.Port()), "listen on 16443")
					break
				}
			}
		}
	})
}

// openToAll finds listeners that the whole internet reaches.
func (l *lint) openToAll() {
	public := slices.ContainsFunc(l.env.Host, isPublic)
	l.proxying(func(path string, s Server, _ Upstream) {
		if len(s.Access) > 0 || len(l.Stream.Access) > 0 {
			return
		}
		for i, listen := range s.Listen {
			a, ok := listenIP(listen.Address)
			if ok && (isPublic(a) || a.IsUnspecified() && public) {
				l.add(Warning, index(path+".Listen", i), "the whole internet can connect to the API", "add allow and deny, or a firewall")
			}
		}
	})
}

// isPublic says whether an address is one of the internet. 100.64.0.0/10 is not (RFC 6598).
func isPublic(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10).Contains(a)
}

// oneFamily finds servers that half of the clients of a dual-stack cluster do not reach.
func (l *lint) oneFamily() {
	if !l.env.DualStack {
		return
	}
	l.proxying(func(path string, s Server, _ Upstream) {
		v4, v6 := false, false
		for _, listen := range s.Listen {
			a, ok := listenIP(listen.Address)
			both := ok && a == netip.IPv6Unspecified() && listen.IPv6Only != nil && !*listen.IPv6Only
			v4, v6 = v4 || both || ok && a.Is4(), v6 || ok && a.Is6()
		}
		switch {
		case v4 && !v6:
			l.add(Warning, path+".Listen", "nothing listens on IPv6", "add [::]:port or [::1]:port; a port alone is IPv4 alone")
		case v6 && !v4:
			l.add(Warning, path+".Listen", "nothing listens on IPv4", "add a listener; [::] is IPv6 alone since nginx 1.3.4")
		}
	})
}

// capacity compares what workers can carry with what nodes will ask for.
func (l *lint) capacity() {
	connections := 512
	if l.Events != nil && l.Events.WorkerConnections > 0 {
		connections = l.Events.WorkerConnections
	}
	if files := effective(l.Main.WorkerRlimitNofile, l.env.OpenFiles); files > 0 && files < connections {
		l.add(Warning, "Main.WorkerRlimitNofile", fmt.Sprintf("a worker may open %d files and have %d connections", files, connections), "set twice the connections")
	}
	workers := 1 // auto is at least that
	if n, err := parseNumber(l.Main.WorkerProcesses); err == nil && n > 0 {
		workers = n
	}
	need := l.env.Nodes * effective(l.env.ConnectionsPerNode, 10)
	if have := workers * connections / 2; l.env.Nodes > 0 && have < need {
		l.add(Warning, "Events.WorkerConnections", fmt.Sprintf("%d nodes want about %d sessions, %d workers carry %d: a session takes two connections", l.env.Nodes, need, workers, have),
			fmt.Sprintf("set %d", 2*need/workers))
	}
}

// tooNew finds what the target's nginx does not have.
func (l *lint) tooNew() {
	var p problems
	l.validateVersion(&p, l.env.Version)
	for _, x := range p {
		l.add(Error, x.Path, x.Message, "leave it out, or use a newer nginx")
	}
}

// moduleLoad finds a stream module that is loaded twice, which nginx refuses.
func (l *lint) moduleLoad() {
	byPath := -1
	for i, m := range l.Main.LoadModules {
		if !isStreamModule(m) {
			continue
		}
		if byPath >= 0 {
			l.add(Error, index("Main.LoadModules", i), "the stream module is loaded twice", "leave one out")
		}
		byPath = i
	}
	for i, d := range l.Kept.Directives {
		if byPath >= 0 && d.Name == "include" && len(d.Args) == 1 && isModuleInclude(d.Args[0]) {
			l.add(Error, index("Kept.Directives", i), d.Args[0]+" loads the stream module too, and loading it twice is an error", "have the path or the include")
		}
	}
}

// portOfHTTP finds a listener on a port that a kept http block has too. nginx -t says nothing of it.
func (l *lint) portOfHTTP() {
	have := map[string]int{}
	for _, d := range l.Kept.Directives {
		if d.Name == "http" {
			httpPorts(d.Block, have)
		}
	}
	for i, s := range l.Stream.Servers {
		for k, listen := range s.Listen {
			if line, ok := have[listenPort(listen.Address)]; ok && !listen.UDP {
				l.add(Error, index(index("Stream.Servers", i)+".Listen", k), fmt.Sprintf("http listens on the same port, line %d: one of them gets no connections", line), "take another port")
			}
		}
	}
}

// httpPorts collects the ports of servers in http, each with its line.
func httpPorts(list []Directive, have map[string]int) {
	for _, d := range list {
		switch {
		case d.Name == "server" && d.HasBlock:
			httpPorts(d.Block, have)
		case d.Name == "listen" && len(d.Args) > 0 && validPort(listenPort(d.Args[0])):
			have[listenPort(d.Args[0])] = d.Line
		}
	}
}
