package sshd

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Options say how the server is set up. The zero value works.
type Options struct {
	// Config are further lines of sshd_config; the first value that a keyword gets counts, and these come first.
	Config []string
	// AuthorizedKeys are further lines of authorized_keys.
	AuthorizedKeys []string
}

// Server is a running OpenSSH server.
type Server struct {
	// Port is the port on 127.0.0.1 that it listens on.
	Port int
	// User is who may log in.
	User string
	// IdentityFile is a private key that the server accepts, without a passphrase.
	IdentityFile string
	// KnownHostsFile holds the server's key, under [127.0.0.1]:Port.
	KnownHostsFile string
	// HostKey is the server's public key as a line.
	HostKey string

	program, config string
	listener        net.Listener
	log             *os.File

	mu     sync.Mutex
	closed bool
	live   map[*exec.Cmd]bool
	wait   sync.WaitGroup
}

// Program returns the path of the OpenSSH server, or an error that says that it is not installed.
func Program() (string, error) {
	for _, path := range []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd"} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("sshd: no OpenSSH server is installed (Debian: apt-get install openssh-server)")
}

// Start starts a server that ends with the test. It skips the test, saying so, where OpenSSH's server is not installed.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	program, err := Program()
	if err != nil {
		t.Skip(err)
	}
	s := &Server{program: program, live: map[*exec.Cmd]bool{}}
	if err := s.start(t.TempDir(), options); err != nil {
		t.Fatalf("sshd: start: %v", err)
	}
	t.Cleanup(func() {
		s.close()
		if t.Failed() {
			t.Logf("what the SSH server said:\n%s", s.Log())
		}
	})
	return s
}

// start writes the server's files into dir and listens.
func (s *Server) start(dir string, options Options) error {
	account, err := user.Current()
	if err != nil {
		return err
	}
	s.User = account.Username
	if os.Geteuid() == 0 {
		// Where root's server locks the unprivileged half in; Debian's unit makes it.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return err
		}
	}
	hostKey, hostPublic, err := newKey()
	if err != nil {
		return err
	}
	identity, public, err := newKey()
	if err != nil {
		return err
	}
	s.HostKey = strings.TrimSpace(hostPublic)
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	s.Port = s.listener.Addr().(*net.TCPAddr).Port
	path := func(name string) string { return filepath.Join(dir, name) }
	s.IdentityFile, s.KnownHostsFile, s.config = path("id_ed25519"), path("known_hosts"), path("sshd_config")
	config := append(options.Config,
		"HostKey "+path("host_key"),
		"AuthorizedKeysFile "+path("authorized_keys"),
		"AllowUsers "+s.User,
		"PermitRootLogin prohibit-password",
		"PasswordAuthentication no",
		"KbdInteractiveAuthentication no",
		"UsePAM no",
		"StrictModes no", // the directory above is /tmp, which everyone may write to
		"PidFile none",
		"Subsystem sftp internal-sftp",
		"LogLevel VERBOSE",
	)
	files := map[string]string{
		"host_key":        hostKey,
		"id_ed25519":      identity,
		"authorized_keys": public + strings.Join(options.AuthorizedKeys, "\n") + "\n",
		"known_hosts":     fmt.Sprintf("[127.0.0.1]:%d %s\n", s.Port, s.HostKey),
		"sshd_config":     strings.Join(config, "\n") + "\n",
	}
	for name, text := range files {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			return errors.Join(err, s.listener.Close())
		}
	}
	if s.log, err = os.OpenFile(path("log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600); err != nil {
		return errors.Join(err, s.listener.Close())
	}
	if out, err := exec.Command(s.program, "-t", "-f", s.config).CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("its configuration: %w: %s", err, out), s.listener.Close())
	}
	s.wait.Go(s.accept)
	return nil
}

// accept gives every connection a server process, until the listener is closed.
func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.serve(conn.(*net.TCPConn))
	}
}

// serve starts a server process on a connection.
func (s *Server) serve(conn *net.TCPConn) {
	defer conn.Close()
	socket, err := conn.File()
	if err != nil {
		fmt.Fprintln(s.log, err)
		return
	}
	defer socket.Close()
	// -e would write into the connection: as inetd, the server takes standard error for its own.
	cmd := exec.Command(s.program, "-i", "-f", s.config, "-E", s.log.Name())
	cmd.Stdin, cmd.Stdout = socket, socket
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(s.log, err)
		return
	}
	s.live[cmd] = true
	s.wait.Go(func() {
		_ = cmd.Wait() // a dropped connection is no failure
		s.mu.Lock()
		delete(s.live, cmd)
		s.mu.Unlock()
	})
}

// Connections is how many connections there are.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// Drop ends the server's side of every connection at once. Commands that run for them are not told.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for cmd := range s.live {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended by itself
	}
}

// Log is what the server has logged.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// close ends the server and its connections.
func (s *Server) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.listener.Close()
	s.Drop()
	s.wait.Wait()
}

// newKey makes a key pair, in the forms in which OpenSSH stores them.
func newKey() (private, public string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		return "", "", err
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return "", "", err
	}
	return string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(key)), nil
}
