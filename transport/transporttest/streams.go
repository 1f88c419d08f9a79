package transporttest

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var streamCases = []Case{
	{"Stdin/bytes", stdinBytes},
	{"Stdin/none", stdinNone},
	{"Stdin/unread", stdinUnread},
	{"Stdin/broken", stdinBroken},
	{"Streams/interactive", streamsInteractive},
	{"Streams/separate", streamsSeparate},
	{"Streams/writerFails", streamsWriterFails},
}

func stdinBytes(t *testing.T, h Host) {
	tr := connect(t, h)
	for _, in := range []string{"", "a", "no newline\nat the end", "\x00\x01\xff\n\n", strings.Repeat("line\n", 100_000)} {
		res, err := tr.Run(limited(t), transport.Command{Argv: []string{"cat"}, Stdin: strings.NewReader(in)})
		require.NoError(t, err)
		require.Zero(t, res.ExitCode)
		require.True(t, in == string(res.Stdout), "%d bytes came back as %d", len(in), len(res.Stdout))
	}
}

func stdinNone(t *testing.T, h Host) {
	res := run(t, connect(t, h), "cat")
	require.Zero(t, res.ExitCode)
	require.Empty(t, res.Stdout)
}

// endless never stops and never blocks.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func stdinUnread(t *testing.T, h Host) {
	tr := connect(t, h)
	done := background(limited(t), tr, transport.Command{Argv: []string{"true"}, Stdin: endless{}})
	o := await(t, done, "true, which does not read its endless input")
	require.NoError(t, o.err)
	require.Zero(t, o.res.ExitCode)

	// An input that never comes does not keep an ended command from returning either.
	silent, w := io.Pipe()
	defer w.Close()
	done = background(limited(t), tr, transport.Command{Argv: []string{"true"}, Stdin: silent})
	o = await(t, done, "true, whose input never comes")
	require.NoError(t, o.err)
}

func stdinBroken(t *testing.T, h Host) {
	tr := connect(t, h)
	broken := errors.New("the disk under the input broke")
	in := io.MultiReader(strings.NewReader("half"), errorReader{broken})
	done := background(limited(t), tr, transport.Command{Argv: []string{"cat"}, Stdin: in})
	o := await(t, done, "a command whose input breaks")
	require.ErrorIs(t, o.err, broken, "a program must not take half an input for a whole one")
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func streamsInteractive(t *testing.T, h Host) {
	tr := connect(t, h)
	in, w := io.Pipe()
	out := newLines()
	done := background(limited(t), tr, transport.Command{Argv: []string{"cat"}, Stdin: in, Stdout: out})
	for _, text := range []string{"first\n", "second", "\x00"} {
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		out.expect(t, text) // comes back while the program is running
	}
	require.NoError(t, w.Close())
	o := await(t, done, "cat at the end of its input")
	require.NoError(t, o.err)
	require.Zero(t, o.res.ExitCode)
	require.Empty(t, o.res.Stdout, "what a writer takes is not in the Result")
}

func streamsSeparate(t *testing.T, h Host) {
	tr := connect(t, h)
	file := path.Join(h.Dir, "file")
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("content")}))
	argv := []string{"cat", file, path.Join(h.Dir, "no-such-file")}

	res := run(t, tr, argv...)
	require.Equal(t, 1, res.ExitCode)
	require.Equal(t, "content", string(res.Stdout))
	require.Contains(t, string(res.Stderr), "no-such-file")

	var out, errs bytes.Buffer
	res, err := tr.Run(limited(t), transport.Command{Argv: argv, Stdout: &out, Stderr: &errs})
	require.NoError(t, err)
	require.Equal(t, 1, res.ExitCode)
	require.Empty(t, res.Stdout)
	require.Empty(t, res.Stderr)
	require.Equal(t, "content", out.String())
	require.Contains(t, errs.String(), "no-such-file")
}

type errorWriter struct{ err error }

func (w errorWriter) Write([]byte) (int, error) { return 0, w.err }

func streamsWriterFails(t *testing.T, h Host) {
	tr := connect(t, h)
	full := errors.New("the disk under the output is full")
	in, w := io.Pipe()
	defer w.Close()
	go w.Write([]byte("something"))
	done := background(limited(t), tr, transport.Command{Argv: []string{"cat"}, Stdin: in, Stdout: errorWriter{full}})
	o := await(t, done, "a command whose output cannot be written")
	require.ErrorIs(t, o.err, full)
}
