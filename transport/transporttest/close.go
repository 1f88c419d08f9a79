package transporttest

import (
	"io"
	"path"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var closeCases = []Case{
	{"Close/later", closeLater},
	{"Close/running", closeRunning},
	{"Close/connections", closeConnections},
}

func closeLater(t *testing.T, h Host) {
	tr := connect(t, h)
	require.NoError(t, tr.Close())
	require.NoError(t, tr.Close(), "closing again does nothing")
	_, err := tr.Run(limited(t), transport.Command{Argv: []string{"true"}})
	require.ErrorIs(t, err, transport.ErrClosed)
	_, err = tr.ReadFile(limited(t), path.Join(h.Dir, "file"))
	require.ErrorIs(t, err, transport.ErrClosed)
	require.ErrorIs(t, tr.WriteFile(limited(t), transport.File{Path: path.Join(h.Dir, "file")}), transport.ErrClosed)
	_, err = tr.Dial(limited(t), "tcp", "127.0.0.1:1")
	require.ErrorIs(t, err, transport.ErrClosed)
}

func closeRunning(t *testing.T, h Host) {
	tr := connect(t, h)
	in, w := io.Pipe()
	defer w.Close()
	out := newLines()
	done := background(limited(t), tr, transport.Command{Argv: []string{"cat"}, Stdin: in, Stdout: out})
	_, err := w.Write([]byte("up"))
	require.NoError(t, err)
	out.expect(t, "up")
	require.NoError(t, tr.Close())
	o := await(t, done, "a command whose Transport was closed")
	require.ErrorIs(t, o.err, transport.ErrClosed)
}

func closeConnections(t *testing.T, h Host) {
	if h.Listen == nil {
		t.Skip("Host.Listen starts no server to connect to")
	}
	address := h.Listen(t, "tcp")
	tr := connect(t, h)
	conn, err := tr.Dial(limited(t), "tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	read := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		read <- err
	}()
	require.NoError(t, tr.Close())
	require.Error(t, await(t, read, "a Read on a connection whose Transport was closed"))
}
