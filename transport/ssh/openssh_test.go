//go:build lab

package ssh_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/quorate-dev/quorate/transport/transporttest"
	"github.com/stretchr/testify/require"
)

// TestOpenSSH is the conformance suite over the real server: with its default of ten sessions on a
// connection, with fewer, and through itself as a jump host.
func TestOpenSSH(t *testing.T) {
	for name, c := range map[string]struct {
		extra string
		jumps int
		large int64
	}{
		"default":     {large: 100 << 20},
		"fewSessions": {extra: "MaxSessions 3", large: 1 << 20},
		"jumps":       {jumps: 2, large: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			s := startOpenSSH(t, c.extra)
			cfg := s.config()
			for range c.jumps {
				cfg.Jumps = append(cfg.Jumps, s.config())
			}
			transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
				use(t, underTest(t, cfg, c.large))
			})
		})
	}
}

// TestOpenSSHKeys: keys and known_hosts as ssh-keygen writes them, and its agent.
func TestOpenSSHKeys(t *testing.T) {
	s := startOpenSSH(t, "")
	cfg := s.config()
	run(t, "ssh-keygen", "-q", "-H", "-f", s.path("known_hosts"))
	dial(t, cfg)
	for _, kind := range [][]string{{"ed25519"}, {"rsa", "-b", "2048"}, {"ecdsa"}, {"rsa", "-m", "PEM"}} {
		name := strings.Join(kind, "")
		run(t, append([]string{"ssh-keygen", "-q", "-N", "open sesame", "-f", s.path(name), "-t"}, kind...)...)
		s.authorize(t, name)
		cfg.IdentityFiles = []string{s.path(name)}
		cfg.Passphrase = func(string) (ssh.Secret, error) { return "open sesame", nil }
		dial(t, cfg)
		cfg.Passphrase = nil
		_, err := ssh.Dial(t.Context(), cfg)
		requireConnectError(t, err, "login", false)
	}

	socket := s.path("agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	require.NoError(t, agent.Start())
	t.Cleanup(func() {
		agent.Process.Kill()
		agent.Wait()
	})
	add := exec.Command("ssh-add", "-q", s.path("id"))
	require.Eventually(t, func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}, limit, 10e6)
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	out, err := add.CombinedOutput()
	require.NoError(t, err, "%s", out)
	cfg.IdentityFiles, cfg.NoAgent, cfg.AgentSocket = []string{s.path("nothing-here.but-the-agent")}, false, socket
	_, err = ssh.Dial(t.Context(), cfg)
	require.Error(t, err, "a file that is named must be there")
	cfg.IdentityFiles = nil
	dial(t, cfg)
}

// TestOpenSSHHostKeys: a server with three keys is asked for the one that known_hosts has.
func TestOpenSSHHostKeys(t *testing.T) {
	s := startOpenSSH(t, "")
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		public, err := os.ReadFile(s.path("host_" + kind + ".pub"))
		require.NoError(t, err)
		cfg := s.config()
		cfg.KnownHostsFiles = []string{knownHostsFile(t, fmt.Sprintf("[127.0.0.1]:%d %s", s.port, public))}
		dial(t, cfg)
	}
	other, err := os.ReadFile(s.path("id.pub"))
	require.NoError(t, err)
	cfg := s.config()
	cfg.KnownHostsFiles = []string{knownHostsFile(t, fmt.Sprintf("[127.0.0.1]:%d %s", s.port, other))}
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "handshake", false)
	require.ErrorIs(t, err, ssh.ErrHostKeyChanged)
}

func TestOpenSSHRefuses(t *testing.T) {
	s := startOpenSSH(t, "AllowTcpForwarding no\nAllowStreamLocalForwarding no")
	c := dial(t, s.config())
	_, err := c.Dial(t.Context(), "tcp", "127.0.0.1:1")
	require.ErrorContains(t, err, "AllowTcpForwarding")
	cfg := s.config()
	cfg.User = "nobody"
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "login", false)

	_, err = ssh.Dial(t.Context(), startOpenSSH(t, "MaxSessions 0").config())
	requireConnectError(t, err, "session", true)
}

// TestOpenSSHLost: the network goes away under a command.
func TestOpenSSHLost(t *testing.T) {
	s := startOpenSSH(t, "")
	cfg := s.config()
	conns := make(chan net.Conn, 8)
	cfg.NetDial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			conns <- c
		}
		return c, err
	}
	c := dial(t, cfg)
	done := running(t, t.Context(), c)
	(<-conns).Close()
	require.ErrorIs(t, wait(t, done), transport.ErrUnknownOutcome)
	res, err := c.Run(t.Context(), transport.Command{Argv: []string{"cat"}, Stdin: io.LimitReader(strings.NewReader("again"), 5)})
	require.NoError(t, err)
	require.Equal(t, "again", string(res.Stdout))
}
