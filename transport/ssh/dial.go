package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"golang.org/x/crypto/ssh"
)

// dialPath connects through all hops to the last one.
func dialPath(ctx context.Context, path []hop, sessions int) (*link, error) {
	target := path[len(path)-1].name
	var at *link
	for i, h := range path {
		next, err := dialHop(ctx, at, h, sessions)
		if err != nil {
			if at != nil {
				at.close()
			}
			if ctx.Err() != nil {
				return nil, fmt.Errorf("ssh: dial %s: %w", target, ctx.Err())
			}
			return nil, blame(err, target, h, i < len(path)-1)
		}
		at = next
	}
	return at, nil
}

// blame makes an error of one hop an error of the host that was asked for.
func blame(err error, target string, h hop, jump bool) error {
	e, ok := errors.AsType[*transport.ConnectError](err)
	if !ok || !jump {
		return err
	}
	return &transport.ConnectError{Host: target, Op: e.Op, Temporary: e.Temporary, Err: fmt.Errorf("jump host %s: %w", h.name, e.Err)}
}

// dialHop connects to h, from via or, where there is none, from here.
func dialHop(ctx context.Context, via *link, h hop, sessions int) (*link, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.timeout, errTimeout)
	defer cancel()
	raw, err := dialRaw(ctx, via, h)
	if err != nil {
		if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() || context.Cause(ctx) == errTimeout {
			err = fmt.Errorf("no connection within %v", h.timeout)
		}
		temporary := true
		if refusal, ok := errors.AsType[*ssh.OpenChannelError](err); ok && refusal.Reason == ssh.Prohibited {
			temporary, err = false, fmt.Errorf("%s does not allow it (AllowTcpForwarding): %w", via.host, err)
		}
		return nil, &transport.ConnectError{Host: h.name, Op: "dial", Temporary: temporary, Err: err}
	}
	// Closing is the one way to interrupt a handshake, and works on every kind of connection.
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	client, err := handshake(raw, h)
	if err != nil {
		raw.Close()
		if e, ok := errors.AsType[*transport.ConnectError](err); ok && context.Cause(ctx) == errTimeout {
			e.Temporary, e.Err = true, fmt.Errorf("no answer within %v", h.timeout)
		}
		return nil, err
	}
	l := &link{host: h.name, client: client, via: via, raw: raw, dead: make(chan struct{}), slots: newSlots(max(1, sessions))}
	l.watch(h.keepalive, h.keepaliveCount)
	if !stop() {
		l.close()
		return nil, &transport.ConnectError{Host: h.name, Op: "login", Temporary: true, Err: fmt.Errorf("no answer within %v", h.timeout)}
	}
	return l, nil
}

var errTimeout = errors.New("timed out")

func dialRaw(ctx context.Context, via *link, h hop) (net.Conn, error) {
	if via != nil {
		return via.client.DialContext(ctx, "tcp", h.address)
	}
	if h.netDial != nil {
		return h.netDial(ctx, "tcp", h.address)
	}
	// The SSH connection has its own keepalive, which notices more than TCP's.
	d := net.Dialer{KeepAlive: 30 * time.Second}
	return d.DialContext(ctx, "tcp", h.address)
}

// handshake agrees on keys, checks the host key and logs in.
func handshake(raw net.Conn, h hop) (*ssh.Client, error) {
	known, err := readKnownHosts(h.knownHosts)
	if err != nil {
		return nil, &transport.ConnectError{Host: h.name, Op: "handshake", Err: err}
	}
	login, err := newLogin(h)
	if err != nil {
		return nil, &transport.ConnectError{Host: h.name, Op: "login", Err: err}
	}
	defer login.close()

	var keyError error // what was wrong with the host key
	trusted := false   // the host key was accepted, and logging in begins
	config := &ssh.ClientConfig{
		User:              h.user,
		Auth:              login.methods(),
		HostKeyAlgorithms: known.algorithms(h.hostKeyName, h.hostKeyPort),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			keyError = known.check(h.hostKeyName, h.hostKeyPort, key)
			trusted = keyError == nil
			return keyError
		},
	}
	conn, chans, reqs, err := ssh.NewClientConn(raw, h.address, config)
	if err == nil {
		return ssh.NewClient(conn, chans, reqs), nil
	}
	e := &transport.ConnectError{Host: h.name, Op: "handshake", Err: err}
	var network net.Error
	algorithms, noAlgorithm := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	switch {
	case keyError != nil:
		e.Err = keyError
	case noAlgorithm && algorithms.What == "host key" && len(config.HostKeyAlgorithms) > 0:
		// It has no key of a type that known_hosts has one of; which keys it has, it does not show.
		refused := known.refuse(h.hostKeyName, h.hostKeyPort)
		refused.Type = strings.Join(algorithms.RequestedAlgorithms, " or ")
		e.Err = refused
	case trusted && login.err() != nil:
		e.Op, e.Err = "login", login.err()
	case trusted:
		e.Op, e.Err = "login", fmt.Errorf("user %s: %w; tried %s", h.user, err, login)
	case !noAlgorithm:
		// Nothing was refused: the server went away, or is too busy to talk (MaxStartups).
		e.Temporary = true
	}
	if errors.Is(err, io.EOF) || errors.As(err, &network) {
		e.Temporary = true
	}
	return nil, e
}
