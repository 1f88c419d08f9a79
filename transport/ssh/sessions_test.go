//go:build unix

package ssh_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestOneSession: a server that gives a connection one session at a time is used one command
// after the other, and a command is ended over another connection.
func TestOneSession(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{MaxSessions: 1})
	c := dial(t, config(s))
	g, ctx := errgroup.WithContext(t.Context())
	for i := range 20 {
		g.Go(func() error {
			res, err := c.Run(ctx, transport.Command{Argv: []string{"printf", "%s", fmt.Sprint(i)}})
			if err == nil && string(res.Stdout) != fmt.Sprint(i) {
				err = fmt.Errorf("command %d printed %q", i, res.Stdout)
			}
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.Equal(t, 1, s.Logins())

	ctx, cancel := context.WithCancel(t.Context())
	done := running(t, ctx, c)
	cancel()
	err := wait(t, done)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, transport.ErrUnknownOutcome)
	require.Equal(t, 2, s.Logins())
	_, err = c.Run(t.Context(), transport.Command{Argv: []string{"true"}})
	require.NoError(t, err)
	require.Equal(t, 2, s.Logins(), "the connection is still the first one")
}

// TestWaitingForATurn: a call whose context ends while it waits for a session has not run anything.
func TestWaitingForATurn(t *testing.T) {
	t.Parallel()
	cfg := config(sshtest.Start(t, sshtest.Options{}))
	cfg.MaxSessions = 1
	c := dial(t, cfg)
	first, stop := context.WithCancel(t.Context())
	done := running(t, first, c)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Run(ctx, transport.Command{Argv: []string{"true"}})
		waiting <- err
	}()
	cancel()
	err := wait(t, waiting)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, transport.ErrUnknownOutcome)
	stop()
	require.ErrorIs(t, wait(t, done), context.Canceled)
}

// TestDialShared: calls that come while the connection is being made wait for it, and share its failure.
func TestDialShared(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	c := dial(t, config(s))
	s.Cut()
	var g errgroup.Group
	for range 10 {
		g.Go(func() error {
			_, err := c.Run(t.Context(), transport.Command{Argv: []string{"true"}})
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.LessOrEqual(t, s.Logins(), 3, "ten calls do not make ten connections")
}
