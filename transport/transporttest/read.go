package transporttest

import (
	"bytes"
	"io/fs"
	"path"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var readCases = []Case{
	{"ReadFile/content", readContent},
	{"ReadFile/missing", readMissing},
	{"ReadFile/directory", readDirectory},
	{"ReadFile/relative", readRelative},
	{"ReadFile/forbidden", readForbidden},
}

func readContent(t *testing.T, h Host) {
	tr := connect(t, h)
	var every []byte
	for b := range 256 {
		every = append(every, byte(b))
	}
	for _, content := range [][]byte{{}, []byte("\n"), []byte("no newline"), []byte("a\n\n\n"), every, bytes.Repeat(every, 1000)} {
		file := path.Join(h.Dir, "file")
		require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: content}))
		got, err := tr.ReadFile(limited(t), file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, got), "%d bytes came back as %d", len(content), len(got))
	}
}

func readMissing(t *testing.T, h Host) {
	tr := connect(t, h)
	for _, name := range []string{"missing", "missing/below", "it's missing"} {
		_, err := tr.ReadFile(limited(t), path.Join(h.Dir, name))
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.Contains(t, err.Error(), path.Join(h.Dir, name), "the error names the file")
	}
}

func readDirectory(t *testing.T, h Host) {
	_, err := connect(t, h).ReadFile(limited(t), h.Dir)
	require.Error(t, err)
	require.NotErrorIs(t, err, fs.ErrNotExist)
}

func readRelative(t *testing.T, h Host) {
	tr := connect(t, h)
	for _, name := range []string{"", "file", "./file", "/a\x00b"} {
		_, err := tr.ReadFile(limited(t), name)
		require.Error(t, err, "%q", name)
		require.Error(t, tr.WriteFile(limited(t), transport.File{Path: name, Data: []byte("x")}), "%q", name)
	}
}

func readForbidden(t *testing.T, h Host) {
	if h.Forbidden == "" {
		t.Skip("Host.Forbidden names no file that may not be read")
	}
	_, err := connect(t, h).ReadFile(limited(t), h.Forbidden)
	require.ErrorIs(t, err, fs.ErrPermission)
}
