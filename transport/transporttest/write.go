package transporttest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var writeCases = []Case{
	{"WriteFile/names", writeNames},
	{"WriteFile/mode", writeMode},
	{"WriteFile/owner", writeOwner},
	{"WriteFile/parents", writeParents},
	{"WriteFile/inTheWay", writeInTheWay},
	{"WriteFile/link", writeLink},
	{"WriteFile/atomic", writeAtomic},
	{"WriteFile/interrupted", writeInterrupted},
}

// list returns the names in a directory.
func list(t *testing.T, tr transport.Transport, dir string) []string {
	t.Helper()
	res := run(t, tr, "ls", "-A", dir)
	require.Zero(t, res.ExitCode, "%s", res.Stderr)
	return strings.Fields(string(res.Stdout))
}

func writeNames(t *testing.T, h Host) {
	tr := connect(t, h)
	for _, name := range []string{"plain", "with space", "it's", `"quoted"`, "-n", "--help", "$(id)", "*", `back\slash`, "line\nbreak", "\xff\xfe", ".hidden", strings.Repeat("long", 60)} {
		file := path.Join(h.Dir, name)
		require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte(name)}), "%q", name)
		got, err := tr.ReadFile(limited(t), file)
		require.NoError(t, err)
		require.Equal(t, name, string(got))
		require.Zero(t, run(t, tr, "rm", "-f", file).ExitCode)
	}
	require.Empty(t, list(t, tr, h.Dir), "only what was written was there")
}

func writeMode(t *testing.T, h Host) {
	h.needs(t, Stat)
	tr := connect(t, h)
	file := path.Join(h.Dir, "file")
	for _, c := range []struct {
		mode fs.FileMode
		want string
	}{{0, "644"}, {0o600, "600"}, {0o755, "755"}, {0o444, "444"}, {0o640, "640"}, {0o666, "666"}, {0, "644"}} {
		require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("x"), Mode: c.mode}))
		require.Equal(t, c.want, strings.TrimSpace(string(run(t, tr, "stat", "-c", "%a", file).Stdout)))
	}
	require.Error(t, tr.WriteFile(limited(t), transport.File{Path: file, Mode: fs.ModeDir | 0o755}))
}

func writeOwner(t *testing.T, h Host) {
	h.needs(t, Stat)
	tr := connect(t, h)
	file := path.Join(h.Dir, "file")
	for _, owner := range []string{"quorate-no-such-user", "a b", "-R", "root\nroot"} {
		require.Error(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("x"), Owner: owner}), "%q", owner)
	}
	require.Empty(t, list(t, tr, h.Dir), "a file that cannot be given away is not there at all")
	if h.Owner == "" {
		t.Skip("Host.Owner names nobody to give files to")
	}
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("x"), Mode: 0o600, Owner: h.Owner}))
	require.Equal(t, h.Owner, strings.TrimSpace(string(run(t, tr, "stat", "-c", "%U:%G", file).Stdout)))
	require.Equal(t, "600", strings.TrimSpace(string(run(t, tr, "stat", "-c", "%a", file).Stdout)))
}

func writeParents(t *testing.T, h Host) {
	tr := connect(t, h)
	file := path.Join(h.Dir, "a", "it's b", "c", "file")
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("x"), Mode: 0o600}))
	got, err := tr.ReadFile(limited(t), file)
	require.NoError(t, err)
	require.Equal(t, "x", string(got))
	if _, lacks := h.Lacks[Stat]; !lacks {
		for _, dir := range []string{"a", "a/it's b", "a/it's b/c"} {
			require.Equal(t, "755", strings.TrimSpace(string(run(t, tr, "stat", "-c", "%a", path.Join(h.Dir, dir)).Stdout)))
		}
	}
}

func writeInTheWay(t *testing.T, h Host) {
	tr := connect(t, h)
	dir, file := path.Join(h.Dir, "dir"), path.Join(h.Dir, "file")
	require.Zero(t, run(t, tr, "mkdir", dir).ExitCode)
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("old")}))
	for _, p := range []string{dir, dir + "/", file + "/below", file + "/below/below"} {
		require.Error(t, tr.WriteFile(limited(t), transport.File{Path: p, Data: []byte("new")}), p)
	}
	require.ElementsMatch(t, []string{"dir", "file"}, list(t, tr, h.Dir))
	require.Empty(t, list(t, tr, dir))
}

func writeLink(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	target, link := path.Join(h.Dir, "target"), path.Join(h.Dir, "link")
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: target, Data: []byte("target")}))
	require.Zero(t, run(t, tr, "ln", "-s", target, link).ExitCode)
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: link, Data: []byte("new")}))
	got, err := tr.ReadFile(limited(t), target)
	require.NoError(t, err)
	require.Equal(t, "target", string(got), "the link was replaced, not followed")
}

// writeAtomic: a reader never sees anything but one of the contents that were written whole.
func writeAtomic(t *testing.T, h Host) {
	tr := connect(t, h)
	file := path.Join(h.Dir, "file")
	contents := [][]byte{bytes.Repeat([]byte("a"), 50_000), bytes.Repeat([]byte("b"), 90_000), []byte("c")}
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: contents[0]}))
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	readers := make(chan error, 2)
	for range cap(readers) {
		go func() { readers <- onlyWhole(ctx, tr, file, contents) }()
	}
	for i := range 12 {
		require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: contents[i%len(contents)]}))
	}
	cancel()
	for range cap(readers) {
		require.NoError(t, await(t, readers, "a reader"))
	}
	require.Equal(t, []string{"file"}, list(t, tr, h.Dir))
}

// onlyWhole reads until ctx ends and reports what it should not have seen.
func onlyWhole(ctx context.Context, tr transport.Transport, file string, contents [][]byte) error {
	for {
		got, err := tr.ReadFile(ctx, file)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		known := false
		for _, c := range contents {
			known = known || bytes.Equal(got, c)
		}
		if !known {
			return fmt.Errorf("a reader saw %d bytes that were never written like that", len(got))
		}
	}
}

// writeInterrupted: whenever the context ends, the old file is there whole or the new one is, and
// nothing beside it.
func writeInterrupted(t *testing.T, h Host) {
	tr := connect(t, h)
	file := path.Join(h.Dir, "file")
	before := []byte("the old content\n")
	after := bytes.Repeat([]byte("the new content\n"), 4<<20/16)
	begin := time.Now()
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: after}))
	whole := time.Since(begin)
	const moments = 8
	kept := 0
	for i := range moments {
		require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: before}))
		ctx, cancel := context.WithTimeout(t.Context(), whole*time.Duration(i)/moments)
		err := tr.WriteFile(ctx, transport.File{Path: file, Data: after})
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		got, rerr := tr.ReadFile(limited(t), file)
		require.NoError(t, rerr)
		switch {
		case bytes.Equal(got, before):
			require.Error(t, err, "a write that did not happen is an error")
			kept++
		default:
			require.True(t, bytes.Equal(got, after), "the file holds %d bytes: neither the old nor the new content", len(got))
		}
		require.Equal(t, []string{"file"}, list(t, tr, h.Dir), "interrupted after %v of %v", whole*time.Duration(i)/moments, whole)
	}
	require.NotZero(t, kept, "no write was interrupted")
}
