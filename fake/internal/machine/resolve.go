package machine

import (
	"net"
	"net/netip"
	"strings"
)

// Resolve looks a name up as the host does: its own /etc/hosts; there is no DNS server in the simulated network.
func (h *Host) Resolve(name string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{a}, nil
	}
	var out []netip.Addr
	data, _ := h.FS.Read("/etc/hosts")
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		for _, n := range f[1:] {
			if a, err := netip.ParseAddr(f[0]); err == nil && strings.EqualFold(n, name) {
				out = append(out, a)
			}
		}
	}
	if len(out) == 0 && strings.EqualFold(name, "localhost") {
		out = append(out, netip.MustParseAddr("127.0.0.1"))
	}
	if len(out) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: name, Server: "10.0.0.2:53", IsNotFound: true}
	}
	return out, nil
}

// ResolveAddress resolves "host:port" to the IPv4 address that is connected to first.
func (h *Host) ResolveAddress(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	addrs, err := h.Resolve(host)
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if a.Is4() {
			return net.JoinHostPort(a.String(), port), nil
		}
	}
	return net.JoinHostPort(addrs[0].String(), port), nil
}
