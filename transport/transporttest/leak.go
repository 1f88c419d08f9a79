package transporttest

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var leakCases = []Case{
	{"Leak/goroutines", leakGoroutines},
}

// leakGoroutines: when a Transport is closed, none of the goroutines is left that it started.
// They are told from those of other tests by a profiler label, which goroutines hand down.
func leakGoroutines(t *testing.T, h Host) {
	echo := ""
	if h.Listen != nil {
		echo = h.Listen(t, "tcp")
	}
	label := fmt.Sprintf("%s-%p", t.Name(), &h)
	pprof.Do(t.Context(), pprof.Labels("transporttest", label), func(ctx context.Context) {
		useEverything(t, ctx, h, echo)
	})
	stacks := ""
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		if stacks = labelled(label); stacks == "" {
			return
		}
	}
	require.Fail(t, "goroutines are left", stacks)
}

func useEverything(t *testing.T, ctx context.Context, h Host, echo string) {
	tr, err := h.Connect(ctx)
	require.NoError(t, err)
	file := path.Join(h.Dir, "file")
	for range 3 {
		_, err := tr.Run(ctx, transport.Command{Argv: []string{"cat"}, Stdin: strings.NewReader("x")})
		require.NoError(t, err)
		require.NoError(t, tr.WriteFile(ctx, transport.File{Path: file, Data: []byte("x")}))
		_, err = tr.ReadFile(ctx, file)
		require.NoError(t, err)
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		_, err = tr.Run(short, transport.Command{Argv: []string{"sleep", "3600"}})
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		if echo != "" {
			conn, err := tr.Dial(ctx, "tcp", echo)
			require.NoError(t, err)
			_, err = conn.Write([]byte("x"))
			require.NoError(t, err)
			require.NoError(t, conn.Close())
		}
	}
	require.NoError(t, tr.Close())
}

// labelled returns the stacks of the goroutines with a label.
func labelled(label string) string {
	var b bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&b, 1)
	var found []string
	for _, stack := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(stack, label) {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}
