package balancer

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/sim"
)

// session is one connection that is carried.
type session struct {
	srv      *server
	client   net.Conn
	backend  net.Conn
	cancel   context.CancelFunc
	retiring *time.Timer
	mu       sync.Mutex
	ended    bool
}

// end closes both sides.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.cancel()
	_ = s.client.Close() // closing cannot fail
	if s.backend != nil {
		_ = s.backend.Close() // closing cannot fail
	}
}

// connected notes the backend's side; false means that the session ended meanwhile.
func (s *session) connected(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		_ = conn.Close() // closing cannot fail
		return false
	}
	s.backend = conn
	return true
}

// retire ends a session of an old configuration after worker_shutdown_timeout; zero is never.
// The process's lock is held.
func (s *session) retire(after time.Duration) {
	if after > 0 && s.retiring == nil {
		s.retiring = time.AfterFunc(after, s.end)
	}
}

// proxy carries one connection.
func (p *process) proxy(srv *server, client net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{srv: srv, client: client, cancel: cancel}
	p.mu.Lock()
	p.sessions[s] = struct{}{}
	p.mu.Unlock()
	defer func() {
		s.end()
		p.mu.Lock()
		delete(p.sessions, s)
		if s.retiring != nil {
			s.retiring.Stop()
		}
		p.mu.Unlock()
	}()
	b, conn := p.connect(ctx, srv)
	if conn == nil {
		return
	}
	defer srv.upstream.done(b)
	if !s.connected(conn) {
		return
	}
	s.carry(p.h.World, conn, srv.idle)
}

// carry moves data both ways until one side ends or nothing comes for so long.
func (s *session) carry(w *sim.World, conn net.Conn, patience time.Duration) {
	idle := &idleTimer{d: patience}
	idle.t = time.AfterFunc(patience, s.end)
	defer idle.t.Stop()
	both := make(chan struct{}, 2)
	pump := func(dst, src net.Conn) {
		defer func() { both <- struct{}{} }()
		buf := make([]byte, 16<<10)
		for {
			n, err := src.Read(buf)
			if n > 0 {
				idle.touch()
				if _, werr := dst.Write(buf[:n]); werr != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		s.end() // nginx's proxy_half_close is off: one side's end is both's
	}
	w.Go(func() { pump(conn, s.client) })
	pump(s.client, conn)
	<-both
	<-both
}

type idleTimer struct {
	mu sync.Mutex
	t  *time.Timer
	d  time.Duration
}

func (i *idleTimer) touch() {
	i.mu.Lock()
	i.t.Reset(i.d)
	i.mu.Unlock()
}

// connect finds a backend that accepts.
func (p *process) connect(ctx context.Context, srv *server) (*backend, net.Conn) {
	tried := map[*backend]bool{}
	next := srv.ProxyNextUpstream == nil || *srv.ProxyNextUpstream
	for {
		b := srv.upstream.pick(tried)
		if b == nil {
			return nil, nil // no live upstreams
		}
		tried[b] = true
		dctx, cancel := context.WithTimeout(ctx, srv.connect)
		conn, err := p.h.NIC.Dial(dctx, b.network, b.address)
		cancel()
		srv.upstream.result(b, err == nil)
		if err == nil {
			return b, conn
		}
		srv.upstream.done(b)
		if !next || ctx.Err() != nil || srv.ProxyNextUpstreamTries > 0 && len(tried) >= srv.ProxyNextUpstreamTries {
			return nil, nil
		}
	}
}
