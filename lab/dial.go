package lab

import (
	"context"
	"net"
)

// Dial connects to a literal address as a program on the host does: 127.0.0.1 is the host's own.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := inNamespace(h.lab.network.host(h.Name), func() error {
		var err error
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}
