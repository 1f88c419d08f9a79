//go:build unix

package ssh_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
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
	transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
		use(t, underTest(t, config(sshtest.Start(t, sshtest.Options{})), 100<<20))
	})
}

// TestConformanceUnder runs those cases again that something on the way could get in the way of.
func TestConformanceUnder(t *testing.T) {
	t.Parallel()
	const password = "pass word'$x"
	for name, c := range map[string]struct {
		opts  sshtest.Options
		sudo  *ssh.Sudo
		jumps int
		cases string
	}{
		"sudo":         {opts: sshtest.Options{Sudo: &sudotest.Sudo{}}, sudo: &ssh.Sudo{}, cases: `^(Argv|Exit|Cancel)/`},
		"sudoPassword": {opts: sshtest.Options{Sudo: &sudotest.Sudo{Password: password}}, sudo: &ssh.Sudo{Password: password}, cases: `^(Env|Std|Stream|NotStarted|Cancel|ReadFile|WriteFile|Large|Close|Secret)`},
		"fewSessions":  {opts: sshtest.Options{MaxSessions: 3}, cases: `^(Concurrent|Cancel|WriteFile/interrupted)`},
		"jumps":        {jumps: 2, cases: `^(Stream|Cancel|Concurrent|Large|Dial|Close|Leak)`},
	} {
		selected := regexp.MustCompile(c.cases)
		for _, one := range transporttest.Cases() {
			if !selected.MatchString(one.Name) {
				continue
			}
			t.Run(name+"/"+one.Name, func(t *testing.T) {
				t.Parallel()
				cfg := config(sshtest.Start(t, c.opts))
				cfg.Sudo = c.sudo
				for range c.jumps {
					cfg.Jumps = append(cfg.Jumps, config(sshtest.Start(t, sshtest.Options{})))
				}
				one.Run(t, underTest(t, cfg, 1<<20))
			})
		}
	}
}
