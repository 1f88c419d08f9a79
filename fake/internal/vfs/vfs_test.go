package vfs_test

import (
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	f := vfs.New()
	_, err := f.Read("/a/b")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, f.Write("/a/b", nil, 0o600), fs.ErrNotExist, "the directory must be there")
	require.NoError(t, f.MkdirAll("/a", 0o700))
	require.NoError(t, f.Write("/a/b", []byte("x"), 0o600))
	require.NoError(t, f.Write("/a/b", []byte("y"), 0o644))
	info, err := f.Stat("/a/b")
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode, "the mode is for a new file")
	require.ErrorIs(t, f.MkdirAll("/a/b/c", 0o700), syscall.ENOTDIR)
	_, err = f.Read("/a")
	require.ErrorIs(t, err, syscall.EISDIR)
	require.ErrorIs(t, f.Remove("/a"), syscall.ENOTEMPTY)
	require.NoError(t, f.RemoveAll("/a"))
	require.False(t, f.Exists("/a/b"))
}

func TestLinks(t *testing.T) {
	t.Parallel()
	f := vfs.New()
	require.NoError(t, f.MkdirAll("/usr/lib/x", 0o755))
	require.NoError(t, f.Symlink("usr/lib", "/lib"))
	require.NoError(t, f.Write("/lib/x/file", []byte("1"), 0o644))
	b, err := f.Read("/usr/lib/x/file")
	require.NoError(t, err)
	require.Equal(t, "1", string(b))
	require.NoError(t, f.Symlink("../lib/x/file", "/usr/lib/up"), "a link to a link")
	require.NoError(t, f.Symlink("/loop", "/loop"))
	_, err = f.Read("/loop")
	require.ErrorIs(t, err, syscall.ELOOP)

	// Replace takes the link's place, as rename does
	require.NoError(t, f.Symlink("/usr/lib/x/file", "/link"))
	require.NoError(t, f.Replace("/link", []byte("2"), 0o600, vfs.Owner{UID: 33}))
	b, err = f.Read("/usr/lib/x/file")
	require.NoError(t, err)
	require.Equal(t, "1", string(b))
	info, err := f.Lstat("/link")
	require.NoError(t, err)
	require.True(t, info.Mode.IsRegular())
	require.Equal(t, 33, info.Owner.UID)
	require.NoError(t, f.Rename("/link", "/usr/moved"))
	require.False(t, f.Exists("/link"))
	require.True(t, f.Exists("/usr/moved"))
}

// What was written last is what is read, whatever names and order.
func TestWriteThenRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := vfs.New()
		model := map[string]string{}
		names := []string{"/a", "/b", "/d/a", "/d/e/f"}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			switch rapid.IntRange(0, 2).Draw(t, "op") {
			case 0:
				data := rapid.String().Draw(t, "data")
				require.NoError(t, f.Replace(name, []byte(data), 0o600, vfs.Owner{}))
				model[name] = data
			case 1:
				require.NoError(t, f.RemoveAll(name))
				delete(model, name)
			case 2:
				b, err := f.Read(name)
				want, ok := model[name]
				require.Equal(t, ok, err == nil)
				require.Equal(t, want, string(b))
			}
		}
	})
}
