package sshd_test

import (
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab/sshd"
)

// client returns OpenSSH's own client for a server, with nothing of the user's configuration.
func client(t *testing.T, s *sshd.Server, argv ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("no OpenSSH client is installed")
	}
	args := []string{
		"-F", "none", "-p", strconv.Itoa(s.Port), "-i", s.IdentityFile, "-l", s.User,
		"-o", "UserKnownHostsFile=" + s.KnownHostsFile, "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "127.0.0.1",
	}
	return exec.CommandContext(t.Context(), path, append(args, argv...)...)
}

func TestStartLetsTheIdentityIn(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t, sshd.Options{})
	out, err := client(t, s, "echo", "hello").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "hello\n", string(out))
	assert.Contains(t, s.Log(), "Accepted publickey")
}

func TestStartTakesFurtherConfiguration(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t, sshd.Options{Config: []string{"ForceCommand echo forced"}})
	out, err := client(t, s, "echo", "hello").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "forced\n", string(out))
}

func TestDropEndsConnections(t *testing.T) {
	t.Parallel()
	s := sshd.Start(t, sshd.Options{})
	cmd := client(t, s, "echo ready; exec cat")
	_, err := cmd.StdinPipe() // open as long as the client runs
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = out.Read(make([]byte, 6))
	require.NoError(t, err)
	require.Equal(t, 1, s.Connections())
	s.Drop()
	require.Error(t, cmd.Wait(), "the client must notice")
	require.Eventually(t, func() bool { return s.Connections() == 0 }, 5*time.Second, 10*time.Millisecond)
}
