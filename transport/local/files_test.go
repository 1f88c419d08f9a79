package local_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/local"
	"github.com/stretchr/testify/require"
)

func open(t *testing.T) *local.Transport {
	t.Helper()
	tr, err := local.New(t.Context(), local.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tr.Close()) })
	return tr
}

// TestFiles runs on every system, those without POSIX programs too.
func TestFiles(t *testing.T) {
	t.Parallel()
	tr := open(t)
	file := filepath.Join(t.TempDir(), "a", "b", "file")
	for _, content := range []string{"first", ""} {
		require.NoError(t, tr.WriteFile(t.Context(), transport.File{Path: file, Data: []byte(content), Mode: 0o600}))
		got, err := tr.ReadFile(t.Context(), file)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
	}
	info, err := os.Stat(file)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")
	_, err = tr.ReadFile(t.Context(), file+".missing")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestReadProc: files of the kernel say that they are empty, and are not.
func TestReadProc(t *testing.T) {
	t.Parallel()
	const file = "/proc/self/status"
	if _, err := os.Stat(file); err != nil {
		t.Skip("no /proc on this system")
	}
	got, err := open(t).ReadFile(t.Context(), file)
	require.NoError(t, err)
	require.Contains(t, string(got), "Pid:")
}

func TestErrorsNameThePlaceOnce(t *testing.T) {
	t.Parallel()
	tr := open(t)
	_, err := tr.ReadFile(t.Context(), filepath.Join(t.TempDir(), "missing"))
	require.Regexp(t, `^local: read \S+missing: [^/]+$`, err.Error())
	_, err = tr.Run(t.Context(), transport.Command{Argv: []string{"quorate-no-such-program"}})
	require.Regexp(t, `^local: run quorate-no-such-program: program could not be started: [^:]+$`, err.Error())
}
