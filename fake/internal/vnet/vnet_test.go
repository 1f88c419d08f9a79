package vnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

func two(waits bool) (n *vnet.Net, a, b *vnet.Host) {
	n = vnet.New(waits)
	return n, n.Host("a", netip.MustParseAddr("10.0.0.1")), n.Host("b", netip.MustParseAddr("10.0.0.2"))
}

// pipe connects two hosts.
func pipe(t testing.TB, a, b *vnet.Host) (client, server net.Conn) {
	t.Helper()
	l, err := b.Listen("tcp", "0.0.0.0:80", nil)
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // nothing is lost
	client, err = a.Dial(t.Context(), "tcp", "10.0.0.2:80")
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	return client, server
}

func TestConn(t *testing.T) {
	t.Parallel()
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		n, a, b := two(true)
		c1, c2 = pipe(t, a, b)
		return c1, c2, n.Close, nil
	})
}

func TestRefusedAndSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, a, b := two(true)
		_, err := a.Dial(t.Context(), "tcp", "10.0.0.2:80")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		b.Down()
		begin := time.Now()
		_, err = a.Dial(t.Context(), "tcp", "10.0.0.2:80")
		require.ErrorIs(t, err, syscall.ETIMEDOUT)
		require.Equal(t, vnet.SynTimeout, time.Since(begin))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = a.Dial(ctx, "tcp", "10.0.0.2:80")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = a.Dial(ctx, "tcp", "10.0.0.3:80")
		require.ErrorIs(t, err, context.DeadlineExceeded, "an address that nobody has")

		// who waits is served when the host comes back in time
		time.AfterFunc(time.Minute, func() {
			b.Up()
			_, _ = b.Listen("tcp", "10.0.0.2:80", nil)
		})
		_, err = a.Dial(t.Context(), "tcp", "10.0.0.2:80")
		if err != nil {
			require.ErrorIs(t, err, syscall.ECONNREFUSED, "it was up before it listened")
		}
	})
}

func TestSilenceIsATimeoutAtOnceOutsideABubble(t *testing.T) {
	t.Parallel()
	_, a, b := two(false)
	c, _ := pipe(t, a, b)
	b.Down()
	_, err := a.Dial(t.Context(), "tcp", "10.0.0.2:80")
	require.ErrorIs(t, err, syscall.ETIMEDOUT)
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ETIMEDOUT)
	b.Up()
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestPartitionDelaysAndHealDelivers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, a, b := two(true)
		c, s := pipe(t, a, b)
		n.Cut(a, b)
		_, err := c.Write([]byte("late"))
		require.NoError(t, err, "TCP takes it and tries again")
		require.NoError(t, s.SetReadDeadline(time.Now().Add(time.Hour)))
		_, err = s.Read(make([]byte, 4))
		var timeout net.Error
		require.True(t, errors.As(err, &timeout) && timeout.Timeout())
		require.NoError(t, s.SetReadDeadline(time.Time{}))
		n.Heal()
		got := make([]byte, 4)
		_, err = io.ReadFull(s, got)
		require.NoError(t, err)
		require.Equal(t, "late", string(got))
	})
}

func TestCrashIsSilentAndTheRebootedHostResets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, a, b := two(true)
		c, s := pipe(t, a, b)
		b.Down()
		_, err := s.Read(make([]byte, 1))
		require.Error(t, err, "its own end is dead")
		require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
		_, err = c.Read(make([]byte, 1))
		require.NotErrorIs(t, err, io.EOF, "nobody said goodbye")
		_, err = c.Write([]byte("x"))
		require.NoError(t, err)
		b.Up()
		_, err = c.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestListenClashes(t *testing.T) {
	t.Parallel()
	_, a, _ := two(true)
	_, err := a.Listen("tcp", "127.0.0.1:80", nil)
	require.NoError(t, err)
	for _, taken := range []string{"0.0.0.0:80", "127.0.0.1:80"} {
		_, err = a.Listen("tcp", taken, nil)
		require.ErrorIs(t, err, syscall.EADDRINUSE)
	}
	_, err = a.Listen("tcp", "10.0.0.1:80", nil)
	require.NoError(t, err)
	_, err = a.Listen("tcp", "10.0.0.9:80", nil)
	require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
	require.Equal(t, []string{"10.0.0.1:80", "127.0.0.1:80"}, a.Listening())
}
