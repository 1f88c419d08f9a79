//go:build unix

package ssh_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

// block is a Host block for a server in an OpenSSH configuration.
func block(name string, s *sshtest.Server, more ...string) string {
	lines := append([]string{
		"HostName " + s.Host, fmt.Sprintf("Port %d", s.Port), "User " + s.User,
		`IdentityFile "` + s.IdentityFile + `"`, "UserKnownHostsFile " + s.KnownHostsFile, "GlobalKnownHostsFile none",
	}, more...)
	return "Host " + name + "\n  " + strings.Join(lines, "\n  ") + "\n"
}

// TestJumpsFromConfigFile: three jumps, each with its own keys and known_hosts; the first is itself
// behind one.
func TestJumpsFromConfigFile(t *testing.T) {
	t.Parallel()
	var s [4]*sshtest.Server
	for i := range s {
		s[i] = sshtest.Start(t, sshtest.Options{})
	}
	file := configFile(t, block("outer", s[0])+
		block("first", s[1], "ProxyJump outer")+
		block("second", s[2], "ProxyJump not-used-on-the-way")+
		block("cp1", s[3], "ProxyJump first,second"))
	var dialled atomic.Value
	cfg := ssh.Config{Host: "cp1", ConfigFile: file, NoAgent: true, NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Store(address)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	c := dial(t, cfg)
	res, err := c.Run(t.Context(), transport.Command{Argv: []string{"printf", "there"}})
	require.NoError(t, err)
	require.Equal(t, "there", string(res.Stdout))
	for i := range s {
		require.Equal(t, 1, s[i].Logins(), "server %d", i)
	}
	require.Equal(t, fmt.Sprintf("%s:%d", s[0].Host, s[0].Port), dialled.Load(), "only the outermost is dialled from here")
}

// TestJumpInherits: a jump of which only the address is known takes keys and known_hosts from the host.
func TestJumpInherits(t *testing.T) {
	t.Parallel()
	bastion := sshtest.Start(t, sshtest.Options{})
	s := sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.IdentityFiles = append(cfg.IdentityFiles, bastion.IdentityFile)
	cfg.KnownHostsFiles = append(cfg.KnownHostsFiles, bastion.KnownHostsFile)
	cfg.Jumps = []ssh.Config{{Address: bastion.Host, Port: bastion.Port, User: bastion.User}}
	dial(t, cfg)
	require.Equal(t, 1, bastion.Logins())
}

// TestJumpChecked: the host key of a jump is checked like any other, and the error says where.
func TestJumpChecked(t *testing.T) {
	t.Parallel()
	bastion, s := sshtest.Start(t, sshtest.Options{}), sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.Jumps = []ssh.Config{{Host: "bastion", Address: bastion.Host, Port: bastion.Port, User: bastion.User, IdentityFiles: []string{bastion.IdentityFile}}}
	_, err := ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "handshake", false)
	require.ErrorIs(t, err, ssh.ErrHostKeyUnknown)
	require.ErrorContains(t, err, "jump host bastion")
	require.Zero(t, s.Logins())
}

// TestJumpCannotReach: the jump is fine, what is behind it is not there.
func TestJumpCannotReach(t *testing.T) {
	t.Parallel()
	bastion, s := sshtest.Start(t, sshtest.Options{}), sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.Port = 1
	cfg.Jumps = []ssh.Config{config(bastion)}
	_, err := ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "dial", true)

	strict := sshtest.Start(t, sshtest.Options{NoForwarding: true})
	cfg = config(s)
	cfg.Jumps = []ssh.Config{config(strict)}
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "dial", false)
	require.ErrorContains(t, err, "AllowTcpForwarding")
}

// TestJumpLost: when the jump goes, so does what runs through it, and both come back.
func TestJumpLost(t *testing.T) {
	t.Parallel()
	bastion, s := sshtest.Start(t, sshtest.Options{}), sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.Jumps = []ssh.Config{config(bastion)}
	c := dial(t, cfg)
	done := running(t, t.Context(), c)
	bastion.Cut()
	require.ErrorIs(t, wait(t, done), transport.ErrUnknownOutcome)
	_, err := c.Run(t.Context(), transport.Command{Argv: []string{"true"}})
	require.NoError(t, err)
	require.Equal(t, 2, bastion.Logins())
}

func TestJumpsInALoop(t *testing.T) {
	t.Parallel()
	file := configFile(t, "Host a\n  ProxyJump b\nHost b\n  ProxyJump a\n")
	_, err := ssh.Dial(t.Context(), ssh.Config{Host: "a", ConfigFile: file})
	require.ErrorContains(t, err, "lead back")
}

func TestNoForwarding(t *testing.T) {
	t.Parallel()
	c := dial(t, config(sshtest.Start(t, sshtest.Options{NoForwarding: true})))
	_, err := c.Dial(t.Context(), "tcp", "127.0.0.1:1")
	require.ErrorContains(t, err, "AllowTcpForwarding")
}
