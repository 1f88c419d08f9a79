package balancer

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/lbconfig"
)

// HAProxy's own values for what is unset (configuration manual, "server" and "retries").
const (
	haproxyInter   = 2 * time.Second
	haproxyFall    = 3
	haproxyRise    = 2
	haproxyRetries = 3
)

// pool is a backend of one loaded configuration.
type pool struct {
	lbconfig.HAProxyBackend
	d       lbconfig.HAProxyDefaults
	h       *machine.Host
	mu      sync.Mutex
	servers []*haproxyServer
	turn    int
	ended   bool // its worker was told to stop: nothing is checked any more
}

// haproxyServer is a server and what checks found.
type haproxyServer struct {
	lbconfig.HAProxyServer
	pool     *pool
	roots    *x509.CertPool
	checked  bool
	up       bool
	streak   int // checks in a row that said otherwise
	sessions map[*session]struct{}
}

// newPool presumes every server up, as HAProxy does, but those that states know to be down.
func newPool(h *machine.Host, c lbconfig.HAProxyConfig, b lbconfig.HAProxyBackend, states map[string]bool) *pool {
	p := &pool{HAProxyBackend: b, d: c.Defaults, h: h}
	for _, s := range b.Servers {
		s.HAProxyServerSettings = b.DefaultServer.Over(s.HAProxyServerSettings)
		roots, _ := trusted(h, s.CAFile) // it was read when the file was checked
		v := &haproxyServer{HAProxyServer: s, pool: p, roots: roots, checked: s.Check && !s.NoCheck, up: true, sessions: map[*session]struct{}{}}
		if up, known := states[b.Name+"/"+s.Name]; known && v.checked {
			v.up = up
		}
		p.servers = append(p.servers, v)
	}
	return p
}

// watch begins the checks, spread over an interval. The World's lock is held.
func (p *pool) watch() {
	for i, s := range p.servers {
		if s.checked {
			inter := first(s.Inter, haproxyInter)
			s.next(inter * time.Duration(i) / time.Duration(len(p.servers)))
		}
	}
}

// next checks the server after d. The World's lock is held.
func (s *haproxyServer) next(d time.Duration) {
	w := s.pool.h.World
	if !w.Virtual() {
		return // no time passes: checks are made when a server is chosen
	}
	w.Later(max(d, time.Millisecond), func() {
		s.pool.mu.Lock()
		ended := s.pool.ended
		s.pool.mu.Unlock()
		if ended || !s.pool.h.Up {
			return
		}
		w.Go(func() {
			begun := w.Now()
			wait := s.note(s.check() == nil)
			w.Do(func() { s.next(wait - w.NowLocked().Sub(begun)) })
		})
	})
}

// note counts a check and returns the time until the next one.
func (s *haproxyServer) note(good bool) time.Duration {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	inter := first(s.Inter, haproxyInter)
	if good == s.up {
		s.streak = 0
	} else {
		s.streak++
		enough := haproxyNumber(s.Rise, haproxyRise)
		if s.up {
			enough = haproxyNumber(s.Fall, haproxyFall)
		}
		if s.streak >= enough {
			s.up, s.streak = good, 0
			if !s.up && s.ShutdownWhenDown {
				for session := range s.sessions {
					session.end()
				}
			}
		}
	}
	switch {
	case s.streak > 0:
		return first(s.FastInter, inter)
	case !s.up:
		return first(s.DownInter, inter)
	}
	return inter
}

func haproxyNumber(n, unset int) int {
	if n == 0 {
		return unset
	}
	return n
}

// check asks the server once.
func (s *haproxyServer) check() error {
	inter := first(s.Inter, haproxyInter)
	connect := min(first(s.pool.d.ConnectTimeout, inter), inter)
	ctx, cancel := context.WithTimeout(context.Background(), connect)
	defer cancel()
	conn, err := s.pool.h.NIC.Dial(ctx, "tcp", s.Address.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if s.CheckSSL { // the time to connect is for the handshake too
		secure := tls.Client(conn, &tls.Config{
			ServerName: s.CheckSNI, Time: s.pool.h.World.Now, MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519},
			InsecureSkipVerify: true, VerifyConnection: s.verify,
		})
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = secure
	}
	if err := conn.SetDeadline(time.Now().Add(first(s.pool.d.CheckTimeout, inter))); err != nil {
		return err
	}
	return s.ask(conn)
}

// verify is what verify, ca-file and verifyhost say.
func (s *haproxyServer) verify(state tls.ConnectionState) error {
	if s.Verify != "required" {
		return nil
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: s.roots, DNSName: s.VerifyHost, CurrentTime: s.pool.h.World.Now()})
	return err
}

// ask sends the request and judges the answer's status.
func (s *haproxyServer) ask(conn net.Conn) error {
	c := s.pool.HTTPCheck
	if c == nil {
		return nil
	}
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.0\r\n\r\n", c.Method, c.Path); err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	_ = res.Body.Close() // only the status counts
	if res.StatusCode == c.Status || c.Status == 0 && res.StatusCode/100 >= 2 && res.StatusCode/100 < 4 {
		return nil
	}
	return fmt.Errorf("status %d", res.StatusCode)
}

// candidates are the servers that get connections now: those that are up, or where there are none the backups. The
// pool's lock is held.
func (p *pool) candidates() []*haproxyServer {
	var active, backups []*haproxyServer
	for _, s := range p.servers {
		switch {
		case !s.up:
		case s.Backup:
			backups = append(backups, s)
		default:
			active = append(active, s)
		}
	}
	if len(active) > 0 {
		return active
	}
	if !p.AllBackups && len(backups) > 1 {
		backups = backups[:1]
	}
	return backups
}

// refresh checks the servers where no time passes.
func (p *pool) refresh() {
	if p.h.World.Virtual() {
		return
	}
	for _, s := range p.servers {
		if s.checked {
			good := s.check() == nil
			p.mu.Lock()
			s.up = good
			p.mu.Unlock()
		}
	}
}

// take chooses a server for a session, not avoid where there is another.
func (p *pool) take(session *session, avoid *haproxyServer) *haproxyServer {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.candidates()
	var best *haproxyServer
	for i := range list {
		s := list[(p.turn+i)%len(list)]
		if s == avoid && len(list) > 1 {
			continue
		}
		if best == nil || p.Balance == lbconfig.HAProxyLeastConn && len(s.sessions) < len(best.sessions) {
			best = s
		}
	}
	p.turn++
	if best != nil {
		best.sessions[session] = struct{}{}
	}
	return best
}

func (p *pool) release(session *session, s *haproxyServer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(s.sessions, session)
}

// connect finds a server that accepts.
func (p *pool) connect(ctx context.Context, session *session) (*haproxyServer, net.Conn) {
	p.refresh()
	var last *haproxyServer
	for range 1 + haproxyNumber(p.d.Retries, haproxyRetries) {
		avoid := last
		if !p.d.Redispatch {
			avoid = nil
		}
		s := p.take(session, avoid)
		if s == nil {
			return nil, nil
		}
		dctx, cancel := context.WithTimeout(ctx, p.d.ConnectTimeout)
		conn, err := p.h.NIC.Dial(dctx, "tcp", s.Address.String())
		cancel()
		if err == nil {
			return s, conn
		}
		p.release(session, s)
		if ctx.Err() != nil {
			return nil, nil
		}
		last = s
	}
	return nil, nil
}
