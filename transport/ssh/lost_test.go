//go:build unix

package ssh_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

// limit is far more than anything here needs.
const limit = 30 * time.Second

// running starts a command that answers once, and delivers what its Run returns.
func running(t *testing.T, ctx context.Context, c *ssh.Conn) <-chan error {
	t.Helper()
	in, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	up := &signal{c: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, transport.Command{Argv: []string{"cat"}, Stdin: in, Stdout: up})
		done <- err
	}()
	_, err := w.Write([]byte("up"))
	require.NoError(t, err)
	wait(t, up.c)
	return done
}

// signal closes its channel with the first output.
type signal struct {
	c    chan struct{}
	once sync.Once
}

func (s *signal) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.c) })
	return len(p), nil
}

func wait[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(limit):
		require.Fail(t, "nothing happened")
	}
	panic("unreachable")
}

func TestLostWhileRunning(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	c := dial(t, config(s))
	done := running(t, t.Context(), c)
	s.Cut()
	err := wait(t, done)
	require.ErrorIs(t, err, transport.ErrUnknownOutcome)
	require.ErrorContains(t, err, "cp1")
	require.NotErrorIs(t, err, transport.ErrNotStarted)

	res, err := c.Run(t.Context(), transport.Command{Argv: []string{"printf", "again"}})
	require.NoError(t, err, "the next call connects again")
	require.Equal(t, "again", string(res.Stdout))
	require.Equal(t, 2, s.Logins())
}

func TestLostWhileIdle(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	c := dial(t, config(s))
	for range 5 {
		s.Cut()
		_, err := c.Run(t.Context(), transport.Command{Argv: []string{"true"}})
		require.NoError(t, err, "nothing was under way: the call just connects again")
		s.Cut()
		_, err = c.Dial(t.Context(), "tcp", transportEcho(t))
		require.NoError(t, err)
	}
}

// transportEcho is something to connect to.
func transportEcho(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestHungServer(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.KeepaliveInterval, cfg.KeepaliveCount = 50*time.Millisecond, 4
	cfg.ConnectTimeout = time.Second
	c := dial(t, cfg)
	done := running(t, t.Context(), c)
	s.Hang()
	err := wait(t, done)
	require.ErrorIs(t, err, transport.ErrUnknownOutcome)
	require.ErrorContains(t, err, "no answer")

	_, err = c.Run(t.Context(), transport.Command{Argv: []string{"true"}})
	requireConnectError(t, err, "handshake", true)
	require.ErrorContains(t, err, "within 1s")
}

// TestHungServerCancel: a call whose context ends returns although nobody can be told to end its command.
func TestHungServerCancel(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.KeepaliveInterval = -1
	c, err := ssh.Dial(t.Context(), cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := running(t, ctx, c)
	s.Hang()
	cancel()
	err = wait(t, done)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, transport.ErrUnknownOutcome, "it may still be running")

	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	require.NoError(t, wait(t, closed))
}

// TestLostWhileWriting: an interrupted WriteFile leaves the old file whole, and no other.
func TestLostWhileWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	before := []byte("the old content\n")
	after := bytes.Repeat([]byte("the new content\n"), 1<<20)
	s := sshtest.Start(t, sshtest.Options{})
	c := dial(t, config(s))
	interrupted := 0
	for range 8 {
		require.NoError(t, os.WriteFile(file, before, 0o600))
		done := make(chan error, 1)
		go func() { done <- c.WriteFile(t.Context(), transport.File{Path: file, Data: after}) }()
		// The hidden file is the sign that the content is on its way.
		require.Eventually(t, func() bool {
			entries, err := os.ReadDir(dir)
			return err == nil && (len(entries) > 1 || len(done) > 0)
		}, limit, time.Millisecond)
		s.Cut()
		err := wait(t, done)
		if err != nil {
			require.ErrorIs(t, err, transport.ErrUnknownOutcome)
		}
		require.Eventually(t, func() bool {
			entries, err := os.ReadDir(dir)
			return err == nil && len(entries) == 1 && s.Sessions() == 0
		}, limit, time.Millisecond, "the host cleans up without us")
		got, err := os.ReadFile(file)
		require.NoError(t, err)
		if bytes.Equal(got, before) {
			interrupted++
			continue
		}
		require.True(t, bytes.Equal(got, after), "neither the old nor the new content: %d bytes", len(got))
	}
	require.NotZero(t, interrupted)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg.Port = l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "dial", true)
}

// TestSilentServer: something accepts connections and says nothing.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	cfg := config(sshtest.Start(t, sshtest.Options{}))
	cfg.Port = l.Addr().(*net.TCPAddr).Port
	cfg.ConnectTimeout = time.Second
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "handshake", true)

	cfg.ConnectTimeout = limit
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = ssh.Dial(ctx, cfg)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
