package vnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// SynTimeout is how long Linux tries to connect to silence: six retries of SYN (tcp_syn_retries).
const SynTimeout = 127 * time.Second

// Net is the network. It is safe for concurrent use.
type Net struct {
	mu      sync.Mutex
	waits   bool // silence takes time
	byAddr  map[netip.Addr]*Host
	cuts    map[[2]*Host]bool // from, to: packets are lost
	changed chan struct{}     // closed and replaced when reachability changes
	port    int
}

// New returns a network without hosts. waits says that silence takes its time, as it may in a bubble.
func New(waits bool) *Net {
	return &Net{waits: waits, byAddr: map[netip.Addr]*Host{}, cuts: map[[2]*Host]bool{}, changed: make(chan struct{}), port: 32768}
}

// Host is a machine's place in the network.
type Host struct {
	net       *Net
	Name      string
	Addr      netip.Addr
	up        bool
	listeners map[string]*Listener
	conns     map[*Conn]struct{}
	sockets   uint64
}

// Sockets counts the times that something began or ceased to listen on the host.
func (h *Host) Sockets() uint64 {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	return h.sockets
}

// Host adds a machine that is up. A second one with the address takes it over.
func (n *Net) Host(name string, addr netip.Addr) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := &Host{net: n, Name: name, Addr: addr, up: true, listeners: map[string]*Listener{}, conns: map[*Conn]struct{}{}}
	n.byAddr[addr] = h
	return h
}

// ByAddr returns the machine with the address, or nil.
func (n *Net) ByAddr(a netip.Addr) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byAddr[a]
}

func opError(op, network, address string, err error) error {
	return &net.OpError{Op: op, Net: network, Addr: addr{network, address}, Err: err}
}

func sysError(call string, err error) error { return os.NewSyscallError(call, err) }

// addr is a net.Addr.
type addr struct{ network, address string }

func (a addr) Network() string { return a.network }
func (a addr) String() string  { return a.address }

// target splits a dialled address into the machine and the listener's key.
func (h *Host) target(network, address string) (*Host, string, error) {
	if network == "unix" {
		return h, "unix:" + address, nil
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, "", fmt.Errorf("vnet: %q is not an address and port", address)
	}
	if ap.Addr().IsLoopback() || ap.Addr().IsUnspecified() {
		return h, "tcp:127.0.0.1:" + strconv.Itoa(int(ap.Port())), nil
	}
	return h.net.byAddr[ap.Addr()], "tcp:" + ap.String(), nil
}

// find returns the listener that serves key on h.
func (h *Host) find(key string) *Listener {
	if l := h.listeners[key]; l != nil {
		return l
	}
	if ap, ok := cutPrefix(key, "tcp:"); ok {
		_, port, _ := net.SplitHostPort(ap)
		return h.listeners["tcp:0.0.0.0:"+port]
	}
	return nil
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return s, false
}

// Dial connects from h. Names must have been resolved.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var timeout *time.Timer
	for {
		n := h.net
		n.mu.Lock()
		to, key, err := h.target(network, address)
		switch {
		case err != nil:
			n.mu.Unlock()
			return nil, err
		case !h.up:
			n.mu.Unlock()
			return nil, opError("dial", network, address, sysError("connect", syscall.ENETDOWN))
		case to != nil && to.up && !n.cuts[[2]*Host{h, to}] && !n.cuts[[2]*Host{to, h}]:
			conn, err := h.connect(to, key, network, address)
			n.mu.Unlock()
			return conn, err
		}
		changed := n.changed
		waits := n.waits
		n.mu.Unlock()
		if !waits {
			return nil, opError("dial", network, address, sysError("connect", syscall.ETIMEDOUT))
		}
		if timeout == nil {
			timeout = time.NewTimer(SynTimeout)
			defer timeout.Stop()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, opError("dial", network, address, ctx.Err())
		case <-timeout.C:
			return nil, opError("dial", network, address, sysError("connect", syscall.ETIMEDOUT))
		}
	}
}

func (h *Host) connect(to *Host, key, network, address string) (net.Conn, error) {
	l := to.find(key)
	if l == nil {
		cause := syscall.ECONNREFUSED
		if network == "unix" {
			cause = syscall.ENOENT
		}
		return nil, opError("dial", network, address, sysError("connect", cause))
	}
	h.net.port++
	local := addr{network, net.JoinHostPort(h.Addr.String(), strconv.Itoa(32768+h.net.port%28000))}
	client, server := newConn(h.net, h, to, local, addr{network, address})
	select {
	case l.queue <- server:
		h.conns[client], to.conns[server] = struct{}{}, struct{}{}
		return client, nil
	default: // the backlog is full
		return nil, opError("dial", network, address, sysError("connect", syscall.ECONNREFUSED))
	}
}

// Reach returns the listener that a connection from h to address would be accepted by, or nil
// when it would be refused or meet silence.
func (h *Host) Reach(network, address string) *Listener {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	to, key, err := h.target(network, address)
	if err != nil || to == nil || !h.up || !to.up || h.net.cuts[[2]*Host{h, to}] || h.net.cuts[[2]*Host{to, h}] {
		return nil
	}
	return to.find(key)
}
