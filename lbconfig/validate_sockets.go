package lbconfig

import (
	"net/netip"
	"strings"
)

// socket is a listener as the kernel sees it.
type socket struct {
	path string
	addr netip.Addr
	// port has udp before it where it is one.
	port string
	// own says that nginx makes a socket for it though there is one for all addresses: any of the
	// parameters that belong to a socket does that.
	own bool
	// both says that an IPv6 socket takes IPv4 too.
	both bool
}

// validateSockets refuses listeners that the kernel does not have beside each other: nginx -t takes
// them, and then nginx does not start (bind() failed, Address already in use).
func (s Stream) validateSockets(p *problems) {
	byPort := map[string][]socket{}
	for i, v := range s.Servers {
		for k, l := range v.Listen {
			a, ok := listenIP(l.Address)
			if !ok {
				if host, _, _ := splitHostPort(l.Address); host != "localhost" {
					continue
				}
				a = netip.AddrFrom4([4]byte{127, 0, 0, 1})
			}
			n := socket{path: index(index("Stream.Servers", i)+".Listen", k), addr: a, port: listenPort(l.Address), own: l.ownSocket(),
				both: a.Is6() && l.IPv6Only != nil && !*l.IPv6Only && a.IsUnspecified()}
			if l.UDP {
				n.port = "udp " + n.port
			}
			n.port = strings.TrimLeft(n.port, "0")
			for _, other := range byPort[n.port] {
				if n.clash(other) || other.clash(n) {
					p.add(n.path, "address-in-use", "%s and the listener at %s cannot both be bound: leave out the narrower one", l.Address, other.path)
					break
				}
			}
			byPort[n.port] = append(byPort[n.port], n)
		}
	}
}

// ownSocket says whether l has a parameter for which nginx binds it by itself.
func (l Listen) ownSocket() bool {
	return l.Bind || l.Backlog != 0 || l.Rcvbuf != 0 || l.Sndbuf != 0 || l.Reuseport || l.IPv6Only != nil || l.Fastopen != 0 || l.Deferred || l.Multipath ||
		l.SoKeepalive != Keepalive{}
}

// clash says whether a, which is for all addresses, has the one of b.
func (a socket) clash(b socket) bool {
	switch {
	case !a.addr.IsUnspecified():
		return false
	case a.both && b.addr.Is4():
		return true // sockets of two families are never one
	default:
		return a.addr.Is4() == b.addr.Is4() && !b.addr.IsUnspecified() && b.own
	}
}
