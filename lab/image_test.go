package lab

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// members returns the files of a tar by name; a link's content is its target.
func members(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	files := map[string]string{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return files
		}
		require.NoError(t, err)
		data, err := io.ReadAll(archive)
		require.NoError(t, err)
		_, twice := files[h.Name]
		assert.False(t, twice, "%s is there twice", h.Name)
		files[h.Name] = string(data) + h.Linkname
	}
}

func TestImageIsADockerArchiveOfOneLayer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(program, []byte("content"), 0o755))
	file := filepath.Join(dir, "image.tar")
	i := image{tags: []string{"a/b:1", "a/c:1"}, files: map[string]string{"usr/bin/b": program, "usr/bin/c": "-> b"}, entrypoint: []string{"b"}}
	require.NoError(t, i.save(file))

	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	files := members(t, f)
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	require.NoError(t, json.Unmarshal([]byte(files["manifest.json"]), &manifest))
	require.Len(t, manifest, 1)
	assert.Equal(t, i.tags, manifest[0].RepoTags)
	require.Len(t, manifest[0].Layers, 1)
	assert.Contains(t, files, manifest[0].Config)

	layer := filepath.Join(dir, "layer")
	require.NoError(t, os.WriteFile(layer, []byte(files[manifest[0].Layers[0]]), 0o644))
	l, err := os.Open(layer)
	require.NoError(t, err)
	defer l.Close()
	inside := members(t, l)
	assert.Equal(t, "content", inside["usr/bin/b"])
	assert.Equal(t, "b", inside["usr/bin/c"])
	assert.Contains(t, inside, "usr/bin/", "parents are there, before what is in them")
	assert.NoFileExists(t, file+".layer")
}

func TestClosureHasProgramsBehindLinksAndLibraries(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, writeTree(root, map[string]string{"usr/bin/real": "", "usr/lib/libx.so.1.2": ""}, 0o755))
	require.NoError(t, symlink("real", filepath.Join(root, "usr/bin/name")))
	require.NoError(t, symlink("libx.so.1.2", filepath.Join(root, "usr/lib/libx.so.1")))
	ldd := func(string) (string, error) {
		return "\tlinux-vdso.so.1 (0x00007)\n\tlibx.so.1 => /lib/libx.so.1 (0x0000)\n", nil
	}
	files, err := closure(ldd, root, "usr/bin/name")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"usr/bin/name": "-> real", "usr/bin/real": filepath.Join(root, "usr/bin/real"),
		"lib": "-> usr/lib", "usr/lib/libx.so.1": "-> libx.so.1.2", "usr/lib/libx.so.1.2": filepath.Join(root, "usr/lib/libx.so.1.2"),
	}, files)
}

func TestLinkTreeSharesFilesAndCopiesDatabases(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	require.NoError(t, writeTree(from, map[string]string{"d/blob": "blob", "d/meta.db": "db"}, 0o644))
	require.NoError(t, symlink("blob", filepath.Join(from, "d/link")))
	require.NoError(t, linkTree(from, to))
	same := func(name string) bool {
		a, err := os.Stat(filepath.Join(from, name))
		require.NoError(t, err)
		b, err := os.Stat(filepath.Join(to, name))
		require.NoError(t, err)
		return os.SameFile(a, b)
	}
	assert.True(t, same("d/blob"))
	assert.False(t, same("d/meta.db"))
	target, err := os.Readlink(filepath.Join(to, "d/link"))
	require.NoError(t, err)
	assert.Equal(t, "blob", target)
}
