package ssh

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// forwarded gives a channel the deadlines that net.Conn promises and a channel does not have:
// two goroutines do the blocking reads and writes, until the connection is closed.
type forwarded struct {
	net.Conn
	network, address string

	chunks  chan []byte // what was read; closed at the end
	readErr error       // why, after that
	rest    []byte      // of the last chunk
	readMu  sync.Mutex

	writeMu sync.Mutex
	writes  chan []byte
	written chan error
	pending bool // a write outlived its deadline; its result is still to come

	readBy, writeBy deadline
	closed          chan struct{}
	once            sync.Once
}

func newForwarded(c net.Conn, network, address string) *forwarded {
	f := &forwarded{
		Conn: c, network: network, address: address,
		chunks: make(chan []byte), writes: make(chan []byte), written: make(chan error, 1), closed: make(chan struct{}),
	}
	go f.readLoop()
	go f.writeLoop()
	return f
}

func (f *forwarded) readLoop() {
	defer close(f.chunks)
	for {
		buf := make([]byte, 32<<10)
		n, err := f.Conn.Read(buf)
		if n > 0 {
			select {
			case f.chunks <- buf[:n]:
			case <-f.closed:
				f.readErr = net.ErrClosed
				return
			}
		}
		if err != nil {
			f.readErr = err
			return
		}
	}
}

func (f *forwarded) writeLoop() {
	for {
		select {
		case p := <-f.writes:
			_, err := f.Conn.Write(p)
			f.written <- err
		case <-f.closed:
			return
		}
	}
}

// Read implements net.Conn.
func (f *forwarded) Read(p []byte) (int, error) {
	f.readMu.Lock()
	defer f.readMu.Unlock()
	expired := f.readBy.wait()
	select {
	case <-f.closed:
		return 0, net.ErrClosed
	case <-expired:
		return 0, os.ErrDeadlineExceeded
	default:
	}
	if len(f.rest) == 0 && len(p) > 0 {
		select {
		case chunk, ok := <-f.chunks:
			if !ok {
				if isClosed(f.closed) {
					return 0, net.ErrClosed
				}
				return 0, f.readErr
			}
			f.rest = chunk
		case <-expired:
			return 0, os.ErrDeadlineExceeded
		case <-f.closed:
			return 0, net.ErrClosed
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// Write implements net.Conn. After a deadline it is not known how much of p was sent.
func (f *forwarded) Write(p []byte) (int, error) {
	f.writeMu.Lock()
	defer f.writeMu.Unlock()
	expired := f.writeBy.wait()
	if f.pending {
		if err := f.result(expired); err != nil {
			return 0, err
		}
	}
	select {
	case <-expired:
		return 0, os.ErrDeadlineExceeded
	default:
	}
	select {
	case f.writes <- append([]byte(nil), p...):
		f.pending = true
	case <-f.closed:
		return 0, net.ErrClosed
	}
	if err := f.result(expired); err != nil {
		return 0, err
	}
	return len(p), nil
}

// result waits for the write under way.
func (f *forwarded) result(expired <-chan struct{}) error {
	select {
	case err := <-f.written:
		f.pending = false
		return err
	case <-expired:
		return os.ErrDeadlineExceeded
	case <-f.closed:
		return net.ErrClosed
	}
}

// Close implements net.Conn.
func (f *forwarded) Close() error {
	f.once.Do(func() {
		close(f.closed)
		f.Conn.Close()
	})
	return nil
}

// CloseWrite tells the other side that nothing more comes, as *net.TCPConn has it.
func (f *forwarded) CloseWrite() error {
	f.writeMu.Lock()
	defer f.writeMu.Unlock()
	if c, ok := f.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return io.ErrClosedPipe
}

// SetDeadline implements net.Conn.
func (f *forwarded) SetDeadline(t time.Time) error {
	f.readBy.set(t)
	f.writeBy.set(t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (f *forwarded) SetReadDeadline(t time.Time) error {
	f.readBy.set(t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (f *forwarded) SetWriteDeadline(t time.Time) error {
	f.writeBy.set(t)
	return nil
}

// RemoteAddr implements net.Conn: the address that was dialled, on the host.
func (f *forwarded) RemoteAddr() net.Addr { return forwardAddr{f.network, f.address} }

// LocalAddr implements net.Conn. The host does not tell from where it connected.
func (f *forwarded) LocalAddr() net.Addr { return forwardAddr{f.network, ""} }

// forwardAddr is an address on a host.
type forwardAddr struct{ network, address string }

func (a forwardAddr) Network() string { return a.network }
func (a forwardAddr) String() string  { return a.address }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// deadline is a time that can be moved while somebody waits for it.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	moved int           // how often it was set: a timer that fires late is not the last one
	past  chan struct{} // closed when the deadline has passed
}

// wait returns a channel that is closed once the deadline has passed.
func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.past == nil {
		d.past = make(chan struct{})
	}
	return d.past
}

// set moves the deadline; the zero time is none.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if d.past == nil || isClosed(d.past) {
		d.past = make(chan struct{})
	}
	d.moved++
	if t.IsZero() {
		return
	}
	past, moved := d.past, d.moved
	after := time.Until(t)
	if after <= 0 {
		close(past)
		return
	}
	d.timer = time.AfterFunc(after, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.moved == moved && !isClosed(past) {
			close(past)
		}
	})
}
