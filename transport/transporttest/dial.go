package transporttest

import (
	"bytes"
	"context"
	"io"
	"net"
	"path"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var dialCases = []Case{
	{"Dial/tcp", func(t *testing.T, h Host) { dialEcho(t, h, "tcp") }},
	{"Dial/unix", func(t *testing.T, h Host) {
		h.needs(t, Unix)
		dialEcho(t, h, "unix")
	}},
	{"Dial/deadlines", dialDeadlines},
	{"Dial/refused", dialRefused},
}

// dialled opens a connection that is closed with the test.
func dialled(t *testing.T, h Host, network string) net.Conn {
	t.Helper()
	if h.Listen == nil {
		t.Skip("Host.Listen starts no server to connect to")
	}
	address := h.Listen(t, network)
	conn, err := connect(t, h).Dial(limited(t), network, address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

func dialEcho(t *testing.T, h Host, network string) {
	conn := dialled(t, h, network)
	const size = 1 << 20
	data, err := io.ReadAll(noise(size))
	require.NoError(t, err)
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(data)
		sent <- err
	}()
	got := make([]byte, size)
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	require.NoError(t, await(t, sent, "the end of writing"))
	require.True(t, bytes.Equal(data, got))
	require.NotNil(t, conn.RemoteAddr())
	require.NotNil(t, conn.LocalAddr())

	require.NoError(t, conn.Close())
	_, err = conn.Read(got)
	require.Error(t, err)
	_, err = conn.Write(got)
	require.Error(t, err)
}

func dialDeadlines(t *testing.T, h Host) {
	conn := dialled(t, h, "tcp")
	buf := make([]byte, 16)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := conn.Read(buf)
	require.True(t, isTimeout(err), "%v", err)
	timeout, ok := err.(net.Error)
	require.True(t, ok && timeout.Timeout())

	// A deadline in the past also ends a Read under way, as servers and clients use it.
	require.NoError(t, conn.SetReadDeadline(time.Time{}))
	read := make(chan error, 1)
	go func() {
		_, err := conn.Read(buf)
		read <- err
	}()
	require.NoError(t, conn.SetDeadline(time.Unix(1, 0)))
	require.True(t, isTimeout(await(t, read, "a Read whose deadline passed")))
	_, err = conn.Write([]byte("late"))
	require.True(t, isTimeout(err), "%v", err)

	// And without one the connection goes on.
	require.NoError(t, conn.SetDeadline(time.Time{}))
	_, err = conn.Write([]byte("hello"))
	require.NoError(t, err)
	_, err = io.ReadFull(conn, buf[:5])
	require.NoError(t, err)
	require.Equal(t, "hello", string(buf[:5]))
}

func dialRefused(t *testing.T, h Host) {
	tr := connect(t, h)
	for _, to := range [][2]string{
		{"tcp", "127.0.0.1:1"}, {"tcp", "127.0.0.1"}, {"tcp", ""}, {"udp", "127.0.0.1:53"}, {"", "127.0.0.1:1"},
		{"unix", path.Join(h.Dir, "no-such-socket")},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		conn, err := tr.Dial(ctx, to[0], to[1])
		cancel()
		require.Error(t, err, "%q", to)
		require.Nil(t, conn)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "%q", to)
	}
	require.Zero(t, run(t, tr, "true").ExitCode, "the Transport is still good")
}
