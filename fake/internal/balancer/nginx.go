package balancer

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
	"github.com/quorate-dev/quorate/lbconfig"
)

// Nginx is machine.Daemon for the program nginx.
type Nginx struct{}

// process is a running nginx.
type process struct {
	h    *machine.Host
	file string

	mu        sync.Mutex
	listeners map[string]*listener
	sessions  map[*session]struct{}
}

// listener is an address that nginx listens on, and the server block behind it now.
type listener struct {
	*vnet.Listener
	proc *process
	to   *server

	// For a moment after a reload the workers of the configuration before accept connections too.
	before   *server
	until    time.Time
	accepted int
}

// overlap is how long that is: the master gives its new workers 100 ms before it tells the old ones to quit
// (src/os/unix/ngx_process_cycle.c).
const overlap = 100 * time.Millisecond

// accept chooses the configuration that takes the next connection. The process's lock is held.
func (l *listener) accept(now time.Time) *server {
	if l.before == nil || !now.Before(l.until) {
		l.before = nil
		return l.to
	}
	if l.accepted++; l.accepted%2 == 0 {
		return l.before
	}
	return l.to
}

// server is a server block of one loaded configuration.
type server struct {
	lbconfig.Server
	connect, idle, shutdown time.Duration
	upstream                *upstream
}

// ConfigFile is the file that a command line names.
func ConfigFile(argv []string) string {
	for i, a := range argv {
		if a == "-c" && i+1 < len(argv) {
			return argv[i+1]
		}
	}
	return DefaultConfig
}

// Start is machine.Daemon's.
func (Nginx) Start(h *machine.Host, u *machine.Unit, argv []string) error {
	p := &process{h: h, file: ConfigFile(argv), listeners: map[string]*listener{}, sessions: map[*session]struct{}{}}
	if p.file == DefaultConfig { // the distribution's own web server: a port that is taken
		l, err := h.NIC.Listen("tcp", "0.0.0.0:80", p)
		if err != nil {
			return err
		}
		p.serve(&listener{Listener: l, proc: p})
		u.State = p
		return nil
	}
	cfg, err := Load(h, p.file)
	if err != nil {
		return fmt.Errorf("nginx: [emerg] %w", err)
	}
	if err := p.load(cfg, true); err != nil {
		return fmt.Errorf("nginx: [emerg] %w", err)
	}
	u.State = p
	return nil
}

// Reload is machine.Daemon's: nginx -t, nginx -s reload, or a signal.
func (Nginx) Reload(h *machine.Host, u *machine.Unit, argv []string) error {
	file := ConfigFile(argv)
	if file == DefaultConfig {
		return nil
	}
	cfg, err := Load(h, file)
	if err != nil {
		return fmt.Errorf("nginx: [emerg] %w", err)
	}
	for _, a := range argv[1:] {
		if a == "-t" {
			return nil
		}
	}
	if p, ok := u.State.(*process); ok {
		_ = p.load(cfg, false) // a port that is taken: the master complains in its log and keeps the old configuration
	}
	return nil
}

// Stop is machine.Daemon's.
func (Nginx) Stop(_ *machine.Host, u *machine.Unit) {
	p, ok := u.State.(*process)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.listeners {
		_ = l.Close() // closing cannot fail
	}
	for s := range p.sessions {
		s.end()
	}
}

// Reload makes the nginx with this configuration file read it again, as nginx -s reload does.
// It says whether there is one.
func Reload(h *machine.Host, unit *machine.Unit) bool {
	p, ok := unit.State.(*process)
	if !ok {
		return false
	}
	cfg, err := Load(h, p.file)
	if err == nil {
		_ = p.load(cfg, false) // as above
	}
	return true
}

func listenAddress(address string) (network, where string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", path
	}
	if _, err := strconv.Atoi(address); err == nil {
		return "tcp", "0.0.0.0:" + address
	}
	if host, port, err := net.SplitHostPort(address); err == nil && (host == "*" || host == "") {
		return "tcp", "0.0.0.0:" + port
	}
	return "tcp", strings.Replace(address, "localhost:", "127.0.0.1:", 1)
}

// load puts a configuration in force. When a port cannot be bound nothing changes.
func (p *process) load(cfg lbconfig.Config, start bool) error {
	upstreams := map[string]*upstream{}
	for _, u := range cfg.Stream.Upstreams {
		upstreams[u.Name] = newUpstream(p.h, u)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	want := map[string]*server{}
	for _, s := range cfg.Stream.Servers {
		srv := &server{Server: s, connect: first(s.ProxyConnectTimeout, cfg.Stream.ProxyConnectTimeout, time.Minute), idle: first(s.ProxyTimeout, cfg.Stream.ProxyTimeout, 10*time.Minute), shutdown: cfg.Main.WorkerShutdownTimeout}
		if s.ProxyPass != "" {
			if srv.upstream = upstreams[s.ProxyPass]; srv.upstream == nil {
				srv.upstream = newUpstream(p.h, lbconfig.Upstream{Name: s.ProxyPass, Servers: []lbconfig.UpstreamServer{{Address: s.ProxyPass}}})
			}
		}
		for _, l := range s.Listen {
			network, where := listenAddress(l.Address)
			want[network+":"+where] = srv
		}
	}
	var opened []*listener
	for key := range want {
		if p.listeners[key] != nil {
			continue
		}
		network, where, _ := strings.Cut(key, ":")
		l := &listener{proc: p}
		var err error
		if l.Listener, err = p.h.NIC.Listen(network, where, l); err != nil {
			for _, o := range opened {
				_ = o.Close() // closing cannot fail
			}
			return fmt.Errorf("bind() to %s failed (98: Address already in use)", where)
		}
		opened = append(opened, l)
		l.to = want[key]
		defer func() { p.listeners[key] = l }()
	}
	for key, l := range p.listeners {
		if want[key] == nil {
			_ = l.Close() // closing cannot fail
			delete(p.listeners, key)
			continue
		}
		if p.h.World.Virtual() { // outside a bubble all progress is made at once
			l.before, l.until, l.accepted = l.to, time.Now().Add(overlap), 0
		}
		l.to = want[key]
	}
	for _, l := range opened {
		p.serve(l)
	}
	if !start {
		for s := range p.sessions {
			s.retire(s.srv.shutdown)
		}
	}
	return nil
}

func first(values ...time.Duration) time.Duration {
	for _, v := range values {
		if v != 0 {
			return v
		}
	}
	return 0
}

// serve accepts connections until the listener is closed.
func (p *process) serve(l *listener) {
	p.h.World.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			srv := l.accept(time.Now())
			p.mu.Unlock()
			switch {
			case srv == nil:
				_ = c.Close() // closing cannot fail
			case srv.upstream == nil:
				_, _ = c.Write([]byte(srv.Return)) // the client may be gone
				_ = c.Close()                      // closing cannot fail
			default:
				p.h.World.Go(func() { p.proxy(srv, c) })
			}
		}
	})
}

// Targets lists where a new connection to the listener would be carried, the next one first. It is
// nil for a listener that carries nothing.
func Targets(l *vnet.Listener) (h *vnet.Host, addresses []string) {
	if g, ok := l.Meta.(*gate); ok {
		return g.m.h.NIC, g.targets()
	}
	own, ok := l.Meta.(*listener)
	if !ok {
		return nil, nil
	}
	own.proc.mu.Lock()
	srv := own.to
	own.proc.mu.Unlock()
	if srv == nil || srv.upstream == nil {
		return nil, nil
	}
	return own.proc.h.NIC, srv.upstream.addresses()
}
