//go:build unix

package sshtest

import (
	"crypto/ed25519"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/quorate-dev/quorate/transport/internal/sudotest"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// Options say how a server differs from one that lets its identity in.
type Options struct {
	// Identity is the key that is let in; by default a new one.
	Identity *ed25519.PrivateKey
	// Password is accepted in place of a key; with Interactive only as an answer to a question.
	Password    string
	Interactive bool
	// MaxSessions is how many sessions a connection may have open; 0: any number.
	MaxSessions int
	// NoForwarding refuses direct-tcpip and direct-streamlocal.
	NoForwarding bool
	// Shell is the login shell; "sh" by default.
	Shell string
	// Sudo puts a sudo on the PATH of commands.
	Sudo *sudotest.Sudo
	// Bin is a directory that commands have first in their PATH.
	Bin string
	// MoreHostKeys adds an RSA and an ECDSA key, which known_hosts does not have, before the Ed25519 key.
	MoreHostKeys bool
	// HostCertificate shows a certificate by this authority for the principals in place of the key.
	HostCertificate ssh.Signer
	Principals      []string
}

// Server is a running server and what a client needs to log in.
type Server struct {
	// Host and Port are where it listens, User who may log in.
	Host string
	Port int
	User string
	// IdentityFile holds a private key that is let in.
	IdentityFile string
	// Identity is that key.
	Identity ed25519.PrivateKey
	// KnownHostsFile holds the server's Ed25519 host key; HostKey is that key.
	KnownHostsFile string
	HostKey        ssh.PublicKey
	// Dir is the server's own directory.
	Dir string

	opts     Options
	config   *ssh.ServerConfig
	path     string // PATH of commands
	sudo     *sudotest.Installed
	listener net.Listener
	wg       sync.WaitGroup

	logins   atomic.Int64
	sessions atomic.Int64

	mu     sync.Mutex
	conns  map[*conn]bool
	hung   chan struct{} // closed when not hung
	closed bool
}

// Start starts a server that is stopped with the test.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	s := &Server{User: "tester", Dir: t.TempDir(), opts: opts, conns: map[*conn]bool{}, hung: make(chan struct{}), path: os.Getenv("PATH")}
	close(s.hung)
	s.makeIdentity(t)
	if opts.Sudo != nil {
		s.sudo = sudotest.Install(t, *opts.Sudo)
		s.path = s.sudo.Bin + string(filepath.ListSeparator) + s.path
	}
	if opts.Bin != "" {
		s.path = opts.Bin + string(filepath.ListSeparator) + s.path
	}
	s.config = &ssh.ServerConfig{
		PublicKeyCallback: s.checkKey,
		AuthLogCallback: func(_ ssh.ConnMetadata, _ string, err error) {
			if err == nil {
				s.logins.Add(1)
			}
		},
	}
	switch {
	case opts.Interactive:
		s.config.KeyboardInteractiveCallback = s.askPassword
	case opts.Password != "":
		s.config.PasswordCallback = s.checkPassword
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.listener = l
	address := l.Addr().(*net.TCPAddr)
	s.Host, s.Port = "127.0.0.1", address.Port
	s.addHostKeys(t)
	s.wg.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

// Logins is how many connections were let in so far.
func (s *Server) Logins() int { return int(s.logins.Load()) }

// Sessions is how many sessions are open now.
func (s *Server) Sessions() int { return int(s.sessions.Load()) }

// SudoLog is what sudo was called with so far: arguments and environment.
func (s *Server) SudoLog(t testing.TB) string { return s.sudo.Log(t) }

// Cut closes all connections as a network would: without a word.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Conn.Close()
	}
}

// Hang makes all connections, and new ones, silent: nothing is read, nothing is answered.
func (s *Server) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hung = make(chan struct{})
}

func (s *Server) stop() {
	s.mu.Lock()
	s.closed = true
	select {
	case <-s.hung:
	default:
		close(s.hung)
	}
	s.mu.Unlock()
	s.listener.Close()
	s.Cut()
	s.wg.Wait()
}

func (s *Server) accept() {
	for {
		raw, err := s.listener.Accept()
		if err != nil {
			return
		}
		c := &conn{Conn: raw, server: s}
		s.mu.Lock()
		s.conns[c] = true
		closed := s.closed
		s.mu.Unlock()
		if closed {
			raw.Close()
			return
		}
		s.wg.Go(func() {
			s.serve(c)
			raw.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// serve handles one connection to its end.
func (s *Server) serve(c *conn) {
	sc, channels, requests, err := ssh.NewServerConn(c, s.config)
	if err != nil {
		return
	}
	defer sc.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { ssh.DiscardRequests(requests) })
	var open atomic.Int64
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			if n := open.Add(1); s.opts.MaxSessions > 0 && int(n) > s.opts.MaxSessions {
				open.Add(-1)
				ch.Reject(ssh.ConnectionFailed, "open failed")
				continue
			}
			wg.Go(func() {
				s.sessions.Add(1)
				s.session(ch)
				s.sessions.Add(-1)
				open.Add(-1)
			})
		default:
			wg.Go(func() { s.forward(ch) })
		}
	}
}
