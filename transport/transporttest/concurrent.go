package transporttest

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

var concurrentCases = []Case{
	{"Concurrent/commands", concurrentCommands},
	{"Concurrent/mixed", concurrentMixed},
}

// manyAtOnce is more than the ten sessions that OpenSSH allows on one connection by default.
const manyAtOnce = 40

func concurrentCommands(t *testing.T, h Host) {
	tr := connect(t, h)
	g, ctx := errgroup.WithContext(limited(t))
	for i := range manyAtOnce {
		in := strings.Repeat(fmt.Sprintf("%d,", i), 10_000)
		g.Go(func() error {
			res, err := tr.Run(ctx, transport.Command{Argv: []string{"cat"}, Stdin: strings.NewReader(in)})
			if err == nil && (res.ExitCode != 0 || string(res.Stdout) != in) {
				err = fmt.Errorf("command %d: code %d, %d of %d bytes, %s", i, res.ExitCode, len(res.Stdout), len(in), res.Stderr)
			}
			return err
		})
	}
	require.NoError(t, g.Wait())
}

func concurrentMixed(t *testing.T, h Host) {
	tr := connect(t, h)
	g, ctx := errgroup.WithContext(limited(t))
	for i := range manyAtOnce / 2 {
		file := path.Join(h.Dir, fmt.Sprintf("file-%d", i))
		data := bytes.Repeat([]byte{byte(i), 0}, 10_000)
		g.Go(func() error { return mixed(ctx, tr, file, data) })
	}
	require.NoError(t, g.Wait())
}

// mixed writes, reads and removes one file.
func mixed(ctx context.Context, tr transport.Transport, file string, data []byte) error {
	if err := tr.WriteFile(ctx, transport.File{Path: file, Data: data}); err != nil {
		return err
	}
	got, err := tr.ReadFile(ctx, file)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, data) {
		return fmt.Errorf("%s came back with %d of %d bytes, or others", file, len(got), len(data))
	}
	_, err = transport.Output(ctx, tr, "host", "rm", "-f", file)
	return err
}
