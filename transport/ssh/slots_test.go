package ssh

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSlots(t *testing.T) {
	t.Parallel()
	s := newSlots(2)
	ctx := t.Context()
	require.NoError(t, s.acquire(ctx))
	require.NoError(t, s.acquire(ctx))
	done, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, s.acquire(done), context.Canceled)
	require.Empty(t, s.waiters, "who gave up waits no longer")

	first := make(chan error)
	go func() { first <- s.acquire(ctx) }()
	require.Empty(t, first)
	s.release()
	require.NoError(t, <-first)
	s.release()
	s.release()
	require.Zero(t, s.used)
}

func TestSlotsFollowTheServer(t *testing.T) {
	t.Parallel()
	s := newSlots(8)
	for range 4 {
		require.NoError(t, s.acquire(t.Context()))
	}
	require.True(t, s.refused(), "three others are open")
	require.Equal(t, 3, s.limit)
	for range 3 {
		s.release()
	}
	require.NoError(t, s.acquire(t.Context()))
	require.False(t, s.refused(), "nobody else has one")
	require.Equal(t, 1, s.limit)
	for range growAfter * 10 {
		require.NoError(t, s.acquire(t.Context()))
		s.accepted()
		s.release()
	}
	require.Equal(t, 8, s.limit, "it grows back, and no further")
}
