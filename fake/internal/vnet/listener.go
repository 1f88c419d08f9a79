package vnet

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const backlog = 511

// Listener accepts connections to one port or path of a host.
type Listener struct {
	host  *Host
	key   string
	addr  addr
	queue chan *Conn
	done  chan struct{}
	once  sync.Once
	// Meta is what the caller of Listen gave: who serves here.
	Meta any
}

// Listen listens on an address ("0.0.0.0:6443", "127.0.0.1:2379") or, with network "unix", on a path.
// meta is kept in the Listener.
func (h *Host) Listen(network, address string, meta any) (*Listener, error) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	key := "unix:" + address
	if network == "tcp" {
		ap, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, err
		}
		if !ap.Addr().IsUnspecified() && !ap.Addr().IsLoopback() && ap.Addr() != h.Addr {
			return nil, opError("listen", network, address, sysError("bind", syscall.EADDRNOTAVAIL))
		}
		key = "tcp:" + ap.String()
		for other := range h.listeners {
			if clash(other, key) {
				return nil, opError("listen", network, address, sysError("bind", syscall.EADDRINUSE))
			}
		}
	} else if h.listeners[key] != nil {
		return nil, opError("listen", network, address, sysError("bind", syscall.EADDRINUSE))
	}
	l := &Listener{host: h, key: key, addr: addr{network, address}, queue: make(chan *Conn, backlog), done: make(chan struct{}), Meta: meta}
	h.listeners[key] = l
	h.sockets++
	return l, nil
}

// clash says whether two listening keys cannot both be bound: the same port with the same address or a wildcard.
func clash(a, b string) bool {
	aa, ok1 := strings.CutPrefix(a, "tcp:")
	bb, ok2 := strings.CutPrefix(b, "tcp:")
	if !ok1 || !ok2 {
		return false
	}
	ah, ap, _ := net.SplitHostPort(aa)
	bh, bp, _ := net.SplitHostPort(bb)
	return ap == bp && (ah == bh || ah == "0.0.0.0" || bh == "0.0.0.0")
}

// Accept is net.Listener's.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close is net.Listener's. Connections that wait to be accepted are closed.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.host.net.mu.Lock()
		if l.host.listeners[l.key] == l {
			delete(l.host.listeners, l.key)
			l.host.sockets++
		}
		l.host.net.mu.Unlock()
		close(l.done)
		for {
			select {
			case c := <-l.queue:
				_ = c.Close() // closing one's own end cannot fail
			default:
				return
			}
		}
	})
	return nil
}

// Addr is net.Listener's.
func (l *Listener) Addr() net.Addr { return l.addr }

// Listening lists the TCP addresses that the host listens on, sorted by port.
func (h *Host) Listening() []string {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	var out []string
	for key := range h.listeners {
		if ap, ok := cutPrefix(key, "tcp:"); ok {
			out = append(out, ap)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		_, ap, _ := net.SplitHostPort(a)
		_, bp, _ := net.SplitHostPort(b)
		an, _ := strconv.Atoi(ap)
		bn, _ := strconv.Atoi(bp)
		if an != bn {
			return an - bn
		}
		return strings.Compare(a, b)
	})
	return out
}
