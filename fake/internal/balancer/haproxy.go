package balancer

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
	"github.com/quorate-dev/quorate/lbconfig"
)

// HAProxy is machine.Daemon for the program haproxy with -Ws.
type HAProxy struct{}

// master is a running HAProxy and the worker that it holds.
type master struct {
	h    *machine.Host
	file string

	mu        sync.Mutex
	listeners map[string]*gate
	now       *worker
	before    *worker // still answers on the stats socket, until overlap is over
	until     time.Time
	asked     int
	sessions  map[*session]struct{}
}

// worker is one loaded configuration.
type worker struct {
	lbconfig.HAProxyConfig
	pools map[string]*pool
}

// gate is an address that is listened on.
type gate struct {
	*vnet.Listener
	m  *master
	to *pool // nil: the stats socket
}

// Start is machine.Daemon's.
func (HAProxy) Start(h *machine.Host, u *machine.Unit, argv []string) error {
	m := &master{h: h, file: HAProxyFile(argv), listeners: map[string]*gate{}, sessions: map[*session]struct{}{}}
	c, err := LoadHAProxy(h, m.file)
	if err == nil {
		err = m.load(c)
	}
	if err != nil {
		return fmt.Errorf("[ALERT] %w", err)
	}
	u.State = m
	return nil
}

// Reload is machine.Daemon's: haproxy -c, or SIGUSR2.
func (HAProxy) Reload(h *machine.Host, u *machine.Unit, argv []string) error {
	for _, a := range argv[1:] {
		if a == "-c" {
			_, err := LoadHAProxy(h, HAProxyFile(argv))
			return err
		}
	}
	if m, ok := u.State.(*master); ok {
		if c, err := LoadHAProxy(h, m.file); err == nil {
			_ = m.load(c) // the master complains and keeps its worker
		}
	}
	return nil
}

// Stop is machine.Daemon's.
func (HAProxy) Stop(_ *machine.Host, u *machine.Unit) {
	m, ok := u.State.(*master)
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.listeners {
		_ = l.Close() // closing cannot fail
	}
	m.now.retire()
	for s := range m.sessions {
		s.end()
	}
}

// retire ends a worker's checks.
func (w *worker) retire() {
	for _, p := range w.pools {
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
	}
}

// load puts a configuration in force. When an address cannot be bound nothing changes. The World's lock is held.
func (m *master) load(c lbconfig.HAProxyConfig) error {
	states := map[string]bool{}
	if c.Defaults.LoadServerState {
		if data, err := m.h.FS.Read(c.Global.ServerStateFile); err == nil {
			states = statesIn(string(data))
		}
	}
	w := &worker{HAProxyConfig: c, pools: map[string]*pool{}}
	for _, b := range c.Backends {
		w.pools[b.Name] = newPool(m.h, c, b, states)
	}
	want := map[string]*pool{}
	for _, f := range c.Frontends {
		for _, a := range f.Binds {
			want["tcp:"+a.String()] = w.pools[f.DefaultBackend]
		}
	}
	if c.Global.StatsSocket.Path != "" {
		if !m.h.FS.Exists(socketDir(c)) {
			return fmt.Errorf("cannot bind UNIX socket [%s]: no such directory", c.Global.StatsSocket.Path)
		}
		want["unix:"+c.Global.StatsSocket.Path] = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var opened []*gate
	for key, to := range want {
		if m.listeners[key] != nil {
			continue
		}
		network, where, _ := strings.Cut(key, ":")
		l := &gate{m: m, to: to}
		var err error
		if l.Listener, err = m.h.NIC.Listen(network, where, l); err != nil {
			for _, o := range opened {
				_ = o.Close() // closing cannot fail
				delete(m.listeners, o.key())
			}
			return complaint("Starting frontend: cannot bind socket (Address already in use) [" + where + "]")
		}
		opened = append(opened, l)
		m.listeners[key] = l
	}
	for key, l := range m.listeners {
		to, wanted := want[key]
		if !wanted {
			_ = l.Close() // closing cannot fail
			delete(m.listeners, key)
			continue
		}
		l.to = to
	}
	if m.now != nil {
		m.now.retire()
		for s := range m.sessions {
			s.retire(m.now.Global.HardStopAfter)
		}
		if m.h.World.Virtual() { // outside a bubble all progress is made at once
			m.before, m.until, m.asked = m.now, m.h.World.NowLocked().Add(overlap), 0
		}
	}
	m.now = w
	for _, l := range opened {
		m.serve(l)
	}
	for _, p := range w.pools {
		p.watch()
	}
	return nil
}

// key is the listener's in its master.
func (l *gate) key() string { return l.Addr().Network() + ":" + l.Addr().String() }

// serve accepts connections until the listener is closed.
func (m *master) serve(l *gate) {
	m.h.World.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.mu.Lock()
			to := l.to
			m.mu.Unlock()
			if to == nil {
				m.h.World.Go(func() { m.answer(c) })
			} else {
				m.h.World.Go(func() { m.proxy(to, c) })
			}
		}
	})
}

// proxy carries one connection.
func (m *master) proxy(to *pool, client net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{client: client, cancel: cancel}
	m.mu.Lock()
	m.sessions[s] = struct{}{}
	m.mu.Unlock()
	defer func() {
		s.end()
		m.mu.Lock()
		delete(m.sessions, s)
		if s.retiring != nil {
			s.retiring.Stop()
		}
		m.mu.Unlock()
	}()
	server, conn := to.connect(ctx, s)
	if conn == nil {
		return
	}
	defer to.release(s, server)
	if s.connected(conn) {
		s.carry(m.h.World, conn, first(to.d.TunnelTimeout, max(to.d.ClientTimeout, to.d.ServerTimeout)))
	}
}

// answer is the stats socket: one command a connection.
func (m *master) answer(c net.Conn) {
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return
	}
	m.mu.Lock()
	w, stopping := m.now, 0
	if m.before != nil {
		// For a moment after a reload the worker before answers too.
		if m.asked++; m.asked%2 == 1 && m.h.World.Now().Before(m.until) {
			w, stopping = m.before, 1
		}
	}
	m.mu.Unlock()
	var text string
	switch strings.TrimSpace(line) {
	case "show info":
		text = fmt.Sprintf("Name: HAProxy\nVersion: %s\ndescription: %s\nStopping: %d\n", HAProxyVersion, w.Global.Description, stopping)
	case "show servers state":
		text = w.states()
	default:
		m.h.Unsupported("haproxy's stats socket: " + strings.TrimSpace(line))
		text = "Unknown command.\n"
	}
	_, _ = c.Write([]byte(text + "\n")) // the client may be gone
}

// HAProxyVersion is Debian 12's.
const HAProxyVersion = "2.6.12-1+deb12u4"

// states is the answer to `show servers state`.
func (w *worker) states() string {
	var b strings.Builder
	b.WriteString("1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health\n")
	for i, backend := range w.Backends {
		p := w.pools[backend.Name]
		p.mu.Lock()
		for j, s := range p.servers {
			state := 0
			if s.up {
				state = 2
			}
			fmt.Fprintf(&b, "%d %s %d %s %s %d 0 1 1 1 6 3 4\n", len(w.Frontends)+i+2, p.Name, j+1, s.Name, s.Address.Addr(), state)
		}
		p.mu.Unlock()
	}
	return b.String()
}

// targets lists where a new connection would be carried.
func (l *gate) targets() []string {
	l.m.mu.Lock()
	to := l.to
	l.m.mu.Unlock()
	if to == nil {
		return nil
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	var out []string
	for _, s := range to.candidates() {
		out = append(out, s.Address.String())
	}
	return out
}
