package fake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/proc"
	"github.com/quorate-dev/quorate/transport"
)

// Durations of a connection to a host.
const (
	connectTimeout = 10 * time.Second      // until a silent host is given up
	keepalive      = 15 * time.Second      // until a dead connection is noticed
	execTime       = 5 * time.Millisecond  // of starting a command
	readTime       = time.Millisecond      // of reading a file
	writeTime      = 10 * time.Millisecond // of putting a file in place
)

// session is a Transport to one host, valid while the host runs.
type session struct {
	h     *Host
	boots int

	mu     sync.Mutex
	closed bool
	done   chan struct{}
	conns  map[*sessionConn]struct{}
}

// Dial connects to a host by its name in the simulation. It is a transport.Dialer. A host that is off is
// given up after 10 seconds, with a *transport.ConnectError that is temporary.
func (c *Cluster) Dial(ctx context.Context, host string) (transport.Transport, error) {
	h := c.hosts[host]
	if h == nil {
		return nil, &transport.ConnectError{Host: host, Op: "dial", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	up, boots := false, 0
	c.world.Do(func() { up, boots = h.m.Up, h.m.Boots })
	if !up || !c.net.Connected(c.outside, h.m.NIC) {
		if err := c.world.Sleep(ctx, connectTimeout); err != nil {
			return nil, err
		}
		return nil, &transport.ConnectError{Host: host, Op: "dial", Temporary: true, Err: errors.New("connection timed out")}
	}
	return &session{h: h, boots: boots, done: make(chan struct{}), conns: map[*sessionConn]struct{}{}}, nil
}

// check says why the session cannot be used.
func (s *session) check(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return transport.ErrClosed
	}
	alive := false
	s.h.c.world.Do(func() {
		s.h.c.world.Settle()
		alive = s.h.m.Up && s.h.m.Boots == s.boots
	})
	if alive && s.h.c.net.Connected(s.h.c.outside, s.h.m.NIC) {
		return nil
	}
	if err := s.h.c.world.Sleep(ctx, keepalive); err != nil {
		return err
	}
	return &transport.ConnectError{Host: s.h.Name(), Op: op, Temporary: true, Err: errors.New("connection lost")}
}

// ReadFile is transport.Transport's.
func (s *session) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if err := transport.ValidatePath(name); err != nil {
		return nil, fmt.Errorf("fake: read %s: %w", s.h.Name(), err)
	}
	if err := s.check(ctx, "read"); err != nil {
		return nil, fmt.Errorf("fake: read %s:%s: %w", s.h.Name(), name, err)
	}
	if err := s.h.c.world.Sleep(ctx, readTime); err != nil {
		return nil, fmt.Errorf("fake: read %s:%s: %w", s.h.Name(), name, err)
	}
	b, err := s.h.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("fake: %s: %w", s.h.Name(), err)
	}
	return b, nil
}

// WriteFile is transport.Transport's.
func (s *session) WriteFile(ctx context.Context, f transport.File) error {
	if err := f.Validate(); err != nil {
		return fmt.Errorf("fake: write %s: %w", s.h.Name(), err)
	}
	fail := func(err error) error { return fmt.Errorf("fake: write %s:%s: %w", s.h.Name(), f.Path, err) }
	if err := s.check(ctx, "write"); err != nil {
		return fail(err)
	}
	owner, err := s.h.owner(f.Owner)
	if err != nil {
		return fail(err)
	}
	begin := s.h.c.world.Now()
	out := s.h.c.faults.command(s.h, []string{"write", f.Path})
	if err := s.interrupted(ctx, out); err != nil {
		return fail(err)
	}
	if err := s.h.c.world.Sleep(ctx, writeTime); err != nil {
		return fail(err)
	}
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	if info, err := s.h.m.FS.Lstat(path.Dir(f.Path)); err == nil && !info.Mode.IsDir() && info.Mode&fs.ModeSymlink == 0 {
		return fail(fs.ErrInvalid)
	}
	s.h.c.world.Lock()
	alive := s.h.m.Up && s.h.m.Boots == s.boots
	if alive {
		err = s.h.m.FS.Replace(f.Path, f.Data, mode, owner)
		s.h.m.Changed()
	}
	s.h.c.world.Unlock()
	s.h.record(Action{Argv: []string{"write", f.Path}, Changing: true, Start: begin, Took: writeTime, ExitCode: map[bool]int{true: 0, false: 1}[err == nil]})
	switch {
	case !alive:
		return fail(transport.ErrUnknownOutcome)
	case err != nil:
		return fail(err)
	case out.lose || out.drop:
		return fail(transport.ErrUnknownOutcome)
	}
	return nil
}

// interrupted does what a fault does before a file is written.
func (s *session) interrupted(ctx context.Context, out outcome) error {
	switch {
	case out.crash:
		s.h.Crash()
		if err := s.h.c.world.Sleep(ctx, keepalive); err != nil {
			return err
		}
		return transport.ErrUnknownOutcome
	case out.hang:
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.done:
			return transport.ErrClosed
		case <-s.h.c.world.Done():
			return transport.ErrUnknownOutcome
		}
	case out.exit != nil:
		return errors.New(out.exit.Stderr)
	case out.slow > 0:
		return s.h.c.world.Sleep(ctx, out.slow)
	}
	return nil
}

// sessionConn is a connection that Close of its session closes.
type sessionConn struct {
	net.Conn
	s *session
}

// Close is net.Conn's.
func (c *sessionConn) Close() error {
	c.s.mu.Lock()
	delete(c.s.conns, c)
	c.s.mu.Unlock()
	return c.Conn.Close()
}

// Dial is transport.Transport's.
func (s *session) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, fmt.Errorf("fake: dial from %s: %w", s.h.Name(), err)
	}
	if network != "tcp" && network != "unix" {
		return fail(net.UnknownNetworkError(network))
	}
	if err := s.check(ctx, "dial"); err != nil {
		return fail(err)
	}
	conn, err := proc.Dial(ctx, s.h.m, network, address)
	if err != nil {
		return fail(err)
	}
	c := &sessionConn{Conn: conn, s: s}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.conns[c] = struct{}{}
	}
	s.mu.Unlock()
	if closed {
		_ = conn.Close() // closing cannot fail
		return fail(transport.ErrClosed)
	}
	return c, nil
}

// Close is transport.Transport's.
func (s *session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for c := range conns {
		_ = c.Conn.Close() // closing cannot fail
	}
	return nil
}
