//go:build unix

package ssh_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/internal/sudotest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/quorate-dev/quorate/transport/transporttest"
	"github.com/stretchr/testify/require"
)

// config is how to log in to a test server.
func config(s *sshtest.Server) ssh.Config {
	return ssh.Config{
		Host: "cp1", Address: s.Host, Port: s.Port, User: s.User, NoAgent: true,
		IdentityFiles: []string{s.IdentityFile}, KnownHostsFiles: []string{s.KnownHostsFile},
	}
}

// dial connects to a test server and closes the connection with the test.
func dial(t *testing.T, cfg ssh.Config) *ssh.Conn {
	t.Helper()
	c, err := ssh.Dial(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// underTest is the host behind cfg as the conformance suite takes it.
func underTest(t *testing.T, cfg ssh.Config, large int64) transporttest.Host {
	h := transporttest.Host{
		Connect: func(ctx context.Context) (transport.Transport, error) { return ssh.Dial(ctx, cfg) },
		Dir:     t.TempDir(),
		Listen:  transporttest.ListenHere,
		Large:   large,
		Lacks:   map[transporttest.Feature]string{},
	}
	switch {
	case os.Getuid() == 0:
		h.Owner = "daemon:daemon"
	default:
		h.Forbidden = filepath.Join(t.TempDir(), "forbidden")
		require.NoError(t, os.WriteFile(h.Forbidden, nil, 0))
	}
	if runtime.GOOS != "linux" {
		h.Lacks[transporttest.Stat] = "BSD's stat has other options"
	}
	return h
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const fast = 1 << 20
	for name, c := range map[string]struct {
		opts  sshtest.Options
		sudo  *ssh.Sudo
		large int64
	}{
		"plain":        {large: 100 << 20},
		"sudo":         {opts: sshtest.Options{Sudo: &sudotest.Sudo{}}, sudo: &ssh.Sudo{}, large: fast},
		"sudoPassword": {opts: sshtest.Options{Sudo: &sudotest.Sudo{Password: "pass word'$x"}}, sudo: &ssh.Sudo{Password: "pass word'$x"}, large: fast},
		"fewSessions":  {opts: sshtest.Options{MaxSessions: 3}, large: fast},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
				cfg := config(sshtest.Start(t, c.opts))
				cfg.Sudo = c.sudo
				use(t, underTest(t, cfg, c.large))
			})
		})
	}
}

func TestConformanceThroughJumps(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
		cfg := config(sshtest.Start(t, sshtest.Options{}))
		cfg.Jumps = []ssh.Config{config(sshtest.Start(t, sshtest.Options{})), config(sshtest.Start(t, sshtest.Options{}))}
		use(t, underTest(t, cfg, 1<<20))
	})
}
