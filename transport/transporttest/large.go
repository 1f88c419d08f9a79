package transporttest

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"path"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var largeCases = []Case{
	{"Large/files", largeFiles},
	{"Large/streams", largeStreams},
}

// noise is n bytes that do not compress and repeat from run to run.
func noise(n int64) io.Reader {
	var seed [32]byte
	copy(seed[:], "quorate")
	return io.LimitReader(rand.NewChaCha8(seed), n)
}

func largeFiles(t *testing.T, h Host) {
	tr := connect(t, h)
	data, err := io.ReadAll(noise(h.large()))
	require.NoError(t, err)
	file := path.Join(h.Dir, "large")
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: data}))
	got, err := tr.ReadFile(limited(t), file)
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256(data), sha256.Sum256(got), "%d bytes came back as %d", len(data), len(got))
	require.True(t, bytes.Equal(data, got))
	require.Zero(t, run(t, tr, "rm", "-f", file).ExitCode)
}

// counted hashes and counts what is written to it.
type counted struct {
	hash.Hash
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.Hash.Write(p)
}

func largeStreams(t *testing.T, h Host) {
	tr := connect(t, h)
	sent, came := &counted{Hash: sha256.New()}, &counted{Hash: sha256.New()}
	res, err := tr.Run(limited(t), transport.Command{
		Argv:   []string{"cat"},
		Stdin:  io.TeeReader(noise(h.large()), sent),
		Stdout: came,
	})
	require.NoError(t, err)
	require.Zero(t, res.ExitCode)
	require.Equal(t, h.large(), sent.n)
	require.Equal(t, sent.n, came.n)
	require.Equal(t, sent.Sum(nil), came.Sum(nil))
}
