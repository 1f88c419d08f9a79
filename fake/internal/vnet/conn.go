package vnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const window = 256 << 10 // bytes that wait for a reader before a writer must

// stream is one direction of a connection.
type stream struct {
	mu      sync.Mutex
	buf     []byte
	eof     bool  // the writer closed
	err     error // both ends see it at once: reset, dead host
	silent  bool  // what was written does not arrive
	changed chan struct{}
}

func (s *stream) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) set(f func(*stream)) {
	s.mu.Lock()
	f(s)
	s.wake()
	s.mu.Unlock()
}

// Conn is one end of a connection. It implements net.Conn.
type Conn struct {
	net           *Net
	host, remote  *Host
	peer          *Conn
	in, out       *stream
	local, far    addr
	read, write   deadline
	closeOnce     sync.Once
	closed        chan struct{}
	resetOnDemand bool // the peer's host came back without this connection; guarded by out.mu
}

func newConn(n *Net, from, to *Host, local, remote addr) (client, server *Conn) {
	up := &stream{changed: make(chan struct{})}
	down := &stream{changed: make(chan struct{})}
	client = &Conn{net: n, host: from, remote: to, in: down, out: up, local: local, far: remote, closed: make(chan struct{})}
	server = &Conn{net: n, host: to, remote: from, in: up, out: down, local: remote, far: local, closed: make(chan struct{})}
	client.peer, server.peer = server, client
	for _, c := range []*Conn{client, server} {
		c.read.init()
		c.write.init()
	}
	return client, server
}

func (c *Conn) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: c.local.network, Source: c.local, Addr: c.far, Err: err}
}

// Read is net.Conn's.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		s := c.in
		s.mu.Lock()
		changed, broken := s.changed, s.err
		switch {
		case isClosed(c.closed):
			s.mu.Unlock()
			return 0, c.fail("read", net.ErrClosed)
		case isClosed(c.read.wait()):
			s.mu.Unlock()
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case broken != nil:
			s.mu.Unlock()
			return 0, c.fail("read", broken)
		case len(p) == 0:
			s.mu.Unlock()
			return 0, nil
		case s.silent && !c.net.waits:
			s.mu.Unlock()
			return 0, c.fail("read", sysError("read", syscall.ETIMEDOUT))
		case !s.silent && len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = s.buf[n:]
			if len(s.buf) == 0 {
				s.buf = nil
			}
			s.wake()
			s.mu.Unlock()
			return n, nil
		case !s.silent && s.eof:
			s.mu.Unlock()
			return 0, io.EOF
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-c.closed:
		case <-c.read.wait():
		}
	}
}

// Write is net.Conn's.
func (c *Conn) Write(p []byte) (int, error) {
	written := 0
	for {
		s := c.out
		s.mu.Lock()
		changed, broken := s.changed, s.err
		switch {
		case isClosed(c.closed):
			s.mu.Unlock()
			return written, c.fail("write", net.ErrClosed)
		case isClosed(c.write.wait()):
			s.mu.Unlock()
			return written, c.fail("write", os.ErrDeadlineExceeded)
		case c.resetOnDemand:
			s.mu.Unlock()
			c.reset()
			return written, c.fail("write", sysError("write", syscall.ECONNRESET))
		case broken != nil:
			s.mu.Unlock()
			return written, c.fail("write", broken)
		case isClosed(c.peer.closed) && !s.silent:
			s.mu.Unlock()
			return written, c.fail("write", sysError("write", syscall.EPIPE))
		case s.silent && !c.net.waits:
			s.mu.Unlock()
			return written, c.fail("write", sysError("write", syscall.ETIMEDOUT))
		case len(p) == 0:
			s.mu.Unlock()
			return written, nil
		case len(s.buf) < window:
			n := min(len(p), window-len(s.buf))
			s.buf = append(s.buf, p[:n]...)
			written, p = written+n, p[n:]
			s.wake()
			s.mu.Unlock()
			continue
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-c.closed:
		case <-c.write.wait():
		case <-c.peer.closed:
		}
	}
}

// reset makes both ends fail with ECONNRESET.
func (c *Conn) reset() {
	for _, s := range []*stream{c.in, c.out} {
		s.set(func(s *stream) { s.err = sysError("read", syscall.ECONNRESET) })
	}
}

// Close is net.Conn's. The other end reads what is left, then io.EOF.
func (c *Conn) Close() error {
	c.closeOnce.Do(func() {
		close(c.closed)
		c.read.stop()
		c.write.stop()
		c.out.set(func(s *stream) { s.eof = true })
		c.in.set(func(*stream) {})
	})
	// Not within the once: Down takes the net's lock first and then closes connections.
	c.net.mu.Lock()
	delete(c.host.conns, c)
	c.net.mu.Unlock()
	return nil
}

// CloseWrite says that nothing more will be written.
func (c *Conn) CloseWrite() error {
	c.out.set(func(s *stream) { s.eof = true })
	return nil
}

// LocalAddr is net.Conn's.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr is net.Conn's.
func (c *Conn) RemoteAddr() net.Addr { return c.far }

// SetDeadline is net.Conn's.
func (c *Conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

// SetReadDeadline is net.Conn's.
func (c *Conn) SetReadDeadline(t time.Time) error { c.read.set(t); return nil }

// SetWriteDeadline is net.Conn's.
func (c *Conn) SetWriteDeadline(t time.Time) error { c.write.set(t); return nil }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
