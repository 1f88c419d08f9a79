package vnet

import "syscall"

// update recomputes which connections are silent and wakes whoever waits for a way.
// n.mu must be held.
func (n *Net) update() {
	for _, h := range n.byAddr {
		for c := range h.conns {
			silent := c.host != c.remote && (n.cuts[[2]*Host{c.remote, c.host}] || !c.remote.up)
			c.in.set(func(s *stream) { s.silent = silent })
		}
	}
	close(n.changed)
	n.changed = make(chan struct{})
}

// Cut loses all packets from one host to another, until Join.
func (n *Net) Cut(from, to *Host) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts[[2]*Host{from, to}] = true
	n.update()
}

// Heal ends all cuts. What waited in connections arrives.
func (n *Net) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cuts)
	n.update()
}

// Connected says whether packets go both ways between two hosts that are up.
func (n *Net) Connected(a, b *Host) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return a.up && b.up && (a == b || !n.cuts[[2]*Host{a, b}] && !n.cuts[[2]*Host{b, a}])
}

// Down takes the host off the network without a word: its own ends of connections are dead, the
// others hear nothing. Its listeners are gone.
func (h *Host) Down() {
	h.net.mu.Lock()
	h.up = false
	dead := make([]*Conn, 0, len(h.conns))
	for c := range h.conns {
		dead = append(dead, c)
	}
	listeners := make([]*Listener, 0, len(h.listeners))
	for _, l := range h.listeners {
		listeners = append(listeners, l)
	}
	clear(h.conns)
	h.net.update()
	for _, c := range dead {
		if c.remote == h {
			c.in.set(func(s *stream) { s.err = sysError("read", syscall.ECONNABORTED) })
			continue
		}
		c.out.set(func(s *stream) { s.silent = true })
		c.in.set(func(s *stream) { s.silent = true })
		c.closeOnce.Do(func() {
			close(c.closed)
			c.read.stop()
			c.write.stop()
			c.in.set(func(*stream) {})
		})
	}
	h.net.mu.Unlock()
	for _, l := range listeners {
		l.once.Do(func() {
			h.net.mu.Lock()
			delete(h.listeners, l.key)
			h.net.mu.Unlock()
			close(l.done)
		})
	}
}

// Up brings the host back. Peers of connections that it forgot are reset when they next write.
func (h *Host) Up() {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	h.up = true
	for _, other := range h.net.byAddr {
		for c := range other.conns {
			if c.remote == h && isClosed(c.peer.closed) {
				if !h.net.waits {
					c.reset()
					continue
				}
				c.out.set(func(*stream) { c.resetOnDemand = true })
			}
		}
	}
	h.net.update()
}

// Close ends every connection and listener.
func (n *Net) Close() {
	n.mu.Lock()
	var listeners []*Listener
	var conns []*Conn
	for _, h := range n.byAddr {
		for _, l := range h.listeners {
			listeners = append(listeners, l)
		}
		for c := range h.conns {
			conns = append(conns, c)
		}
	}
	n.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close() // closing cannot fail
	}
	for _, c := range conns {
		_ = c.Close() // closing cannot fail
	}
}
