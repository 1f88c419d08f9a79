//go:build lab

package ssh_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

// openSSH is a real sshd on loopback, for the user who runs the test.
type openSSH struct {
	dir  string
	port int
	user string
}

// startOpenSSH starts sshd with keys of its own and additional lines of configuration.
func startOpenSSH(t *testing.T, extra string) *openSSH {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	me, err := user.Current()
	require.NoError(t, err)
	s := &openSSH{dir: t.TempDir(), port: port, user: me.Username}
	for _, key := range [][]string{{"host_ed25519", "ed25519"}, {"host_rsa", "rsa"}, {"host_ecdsa", "ecdsa"}, {"id", "ed25519"}} {
		run(t, "ssh-keygen", "-q", "-N", "", "-t", key[1], "-f", s.path(key[0]))
	}
	public, err := os.ReadFile(s.path("host_ed25519.pub"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.path("known_hosts"), fmt.Appendf(nil, "[127.0.0.1]:%d %s", port, public), 0o600))
	authorized, err := os.ReadFile(s.path("id.pub"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.path("authorized_keys"), authorized, 0o600))
	config := fmt.Sprintf(`Port %d
ListenAddress 127.0.0.1
HostKey %s
HostKey %s
HostKey %s
AuthorizedKeysFile %s
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
SetEnv SHLVL=2
%s
`, port, s.path("host_rsa"), s.path("host_ecdsa"), s.path("host_ed25519"), s.path("authorized_keys"), extra)
	require.NoError(t, os.WriteFile(s.path("sshd_config"), []byte(config), 0o600))
	if os.Getuid() == 0 {
		require.NoError(t, os.MkdirAll("/run/sshd", 0o755))
	}
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", s.path("sshd_config"))
	log, err := os.Create(s.path("log"))
	require.NoError(t, err)
	cmd.Stderr = log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(s.path("log"))
			t.Logf("sshd: %s", text)
		}
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	return s
}

func (s *openSSH) path(name string) string { return filepath.Join(s.dir, name) }

// authorize lets the key with the given name in as well.
func (s *openSSH) authorize(t *testing.T, name string) {
	t.Helper()
	public, err := os.ReadFile(s.path(name + ".pub"))
	require.NoError(t, err)
	f, err := os.OpenFile(s.path("authorized_keys"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Write(public)
	require.NoError(t, err)
}

func (s *openSSH) config() ssh.Config {
	return ssh.Config{
		Host: "cp1", Address: "127.0.0.1", Port: s.port, User: s.user, NoAgent: true,
		IdentityFiles: []string{s.path("id")}, KnownHostsFiles: []string{s.path("known_hosts")},
	}
}

func run(t *testing.T, argv ...string) {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	require.NoError(t, err, "%v: %s", argv, out)
}
