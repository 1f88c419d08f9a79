package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
)

// forward opens a connection from the host: "direct-tcpip" (RFC 4254, 7.2) or
// "direct-streamlocal@openssh.com" (OpenSSH's PROTOCOL, 2.4).
func (c *Conn) forward(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
		if _, _, err := splitAddress(address); err != nil {
			return nil, err
		}
	case "unix":
	default:
		return nil, net.UnknownNetworkError(network)
	}
	for again := true; ; again = false {
		l, err := c.connected(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := l.client.DialContext(ctx, network, address)
		if err == nil {
			return newForwarded(conn, network, address), nil
		}
		refusal, refused := errors.AsType[*ssh.OpenChannelError](err)
		switch {
		case refused && refusal.Reason == ssh.Prohibited:
			return nil, fmt.Errorf("the server does not allow it (AllowTcpForwarding, AllowStreamLocalForwarding): %w", err)
		case !refused && ctx.Err() == nil:
			l.fail(err) // anything but a refusal means that the connection is gone
		}
		if l.alive() || !again || ctx.Err() != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return nil, err
		}
	}
}
