//go:build unix

package ssh_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/internal/sudotest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

// loginShell is a server whose login shell is the given script.
func loginShell(t *testing.T, text string) *sshtest.Server {
	t.Helper()
	shell := filepath.Join(t.TempDir(), "shell")
	sudotest.WriteScript(t, shell, "#!/bin/sh\n"+text)
	return sshtest.Start(t, sshtest.Options{Shell: shell})
}

// TestNoisyLogin: what login scripts print is not what the program printed.
func TestNoisyLogin(t *testing.T) {
	t.Parallel()
	c := dial(t, config(loginShell(t, "echo 'Welcome!'; printf 'no newline'; echo 'a warning' >&2; printf 'and more' >&2\nexec sh \"$@\"\n")))
	res, err := c.Run(t.Context(), transport.Command{Argv: []string{"sh", "-c", "echo out; echo err >&2; exit 3"}})
	require.NoError(t, err)
	require.Equal(t, transport.Result{ExitCode: 3, Stdout: []byte("out\n"), Stderr: []byte("err\n")}, res)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, c.WriteFile(t.Context(), transport.File{Path: file, Data: []byte("x")}))
	got, err := c.ReadFile(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
}

// TestNoLogin: an account that may log in and run nothing.
func TestNoLogin(t *testing.T) {
	t.Parallel()
	_, err := ssh.Dial(t.Context(), config(loginShell(t, "echo 'This account is currently not available.'\nexit 1\n")))
	requireConnectError(t, err, "session", false)
	require.ErrorContains(t, err, "not available")
	require.ErrorContains(t, err, "code 1")
}

// TestGreedyHead: busybox's head reads a buffer full, whatever it was asked for.
func TestGreedyHead(t *testing.T) {
	t.Parallel()
	head, err := exec.LookPath("head")
	require.NoError(t, err)
	bin := t.TempDir()
	script := "#!/bin/sh\ndd bs=65536 count=1 2>/dev/null | " + head + " \"$@\"\n"
	sudotest.WriteScript(t, filepath.Join(bin, "head"), script)
	c := dial(t, config(sshtest.Start(t, sshtest.Options{Bin: bin})))
	for _, in := range []string{"", "x", strings.Repeat("line\n", 100_000)} {
		res, err := c.Run(t.Context(), transport.Command{Argv: []string{"cat"}, Stdin: strings.NewReader(in)})
		require.NoError(t, err)
		require.True(t, in == string(res.Stdout), "%d bytes came back as %d", len(in), len(res.Stdout))
	}
}

// TestBrokenShell: a shell that cannot run what it is sent has not run the command.
func TestBrokenShell(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	sudotest.WriteScript(t, filepath.Join(bin, "head"), "#!/bin/sh\necho '('\n")
	_, err := ssh.Dial(t.Context(), config(sshtest.Start(t, sshtest.Options{Bin: bin})))
	requireConnectError(t, err, "session", false)
}

// TestReadProc: files of the kernel say that they are empty, and are not.
func TestReadProc(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc on this system")
	}
	c := dial(t, config(sshtest.Start(t, sshtest.Options{})))
	got, err := c.ReadFile(t.Context(), "/proc/version")
	require.NoError(t, err)
	want, err := os.ReadFile("/proc/version")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestErrorsNameThePlaceOnce(t *testing.T) {
	t.Parallel()
	c := dial(t, config(sshtest.Start(t, sshtest.Options{})))
	_, err := c.ReadFile(t.Context(), "/no/such/file")
	require.EqualError(t, err, "ssh: read cp1: /no/such/file: file does not exist")
	_, err = c.Run(t.Context(), transport.Command{Argv: []string{"quorate-no-such-program", "secret"}})
	require.EqualError(t, err, "ssh: run cp1: quorate-no-such-program: program could not be started: missing")
}

func TestDialer(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	d := ssh.Dialer(func(host string) (ssh.Config, error) {
		if host != "cp1" {
			return ssh.Config{}, os.ErrNotExist
		}
		return config(s), nil
	})
	tr, err := d(t.Context(), "cp1")
	require.NoError(t, err)
	require.NoError(t, tr.Close())
	tr, err = d(t.Context(), "cp9")
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "cp9")
	require.Nil(t, tr)
}
