//go:build unix

package ssh_test

import (
	"fmt"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/internal/sudotest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

func TestSudoRefused(t *testing.T) {
	t.Parallel()
	const right, wrong = "correct-horse", "battery-staple"
	for name, c := range map[string]struct {
		server *sudotest.Sudo
		client ssh.Sudo
		says   string
	}{
		"denied":         {server: &sudotest.Sudo{Denied: true}, says: "not in the sudoers file"},
		"deniedAfterAll": {server: &sudotest.Sudo{Denied: true, Password: right}, client: ssh.Sudo{Password: right}, says: "not in the sudoers file"},
		"passwordNeeded": {server: &sudotest.Sudo{Password: right}, says: "a password is required"},
		"wrongPassword":  {server: &sudotest.Sudo{Password: right}, client: ssh.Sudo{Password: wrong}, says: "did not accept the password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(sshtest.Start(t, sshtest.Options{Sudo: c.server}))
			cfg.Sudo = &c.client
			_, err := ssh.Dial(t.Context(), cfg)
			requireConnectError(t, err, "sudo", false)
			require.ErrorContains(t, err, c.says)
			for _, secret := range []string{right, wrong} {
				require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret)
			}
		})
	}
}

func TestSudoMissing(t *testing.T) {
	t.Parallel()
	cfg := config(sshtest.Start(t, sshtest.Options{Sudo: &sudotest.Sudo{Missing: true}}))
	cfg.Sudo = &ssh.Sudo{}
	_, err := ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "sudo", false)
	require.ErrorContains(t, err, "127")
}

// TestSudoPasswordStaysSecret: it goes nowhere but into sudo's standard input, and only on demand.
func TestSudoPasswordStaysSecret(t *testing.T) {
	t.Parallel()
	const password = "correct-horse"
	for name, asks := range map[string]string{"asked": password, "notAsked": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, sshtest.Options{Sudo: &sudotest.Sudo{Password: asks}})
			cfg := config(s)
			cfg.Sudo = &ssh.Sudo{Password: password}
			c := dial(t, cfg)
			res, err := c.Run(t.Context(), transport.Command{Argv: []string{"cat"}})
			require.NoError(t, err)
			require.Empty(t, string(res.Stdout), "what sudo did not ask for is not in the input either")
			require.Empty(t, string(res.Stderr), "neither prompt nor lecture are the program's output")
			res, err = c.Run(t.Context(), transport.Command{Argv: []string{"env"}})
			require.NoError(t, err)
			require.NotContains(t, string(res.Stdout), password)
			require.NotContains(t, s.SudoLog(t), password)
		})
	}
}
