package transporttest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

// Factory sets up a host for one case and calls use with it, once. It may call use inside a
// testing/synctest bubble, with that bubble's T.
type Factory func(t *testing.T, use func(t *testing.T, h Host))

// Case is one requirement.
type Case struct {
	// Name is the name of the subtest.
	Name string
	// Run fails t when the host does not meet the requirement.
	Run func(t *testing.T, h Host)
}

// Run tests every case as a subtest of t, in parallel.
func Run(t *testing.T, factory Factory) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			used := false
			factory(t, func(t *testing.T, h Host) {
				used = true
				c.Run(t, h)
			})
			require.True(t, used, "the factory must call use")
		})
	}
}

// Cases returns all requirements, for callers that run them in their own way.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{argvCases, streamCases, exitCases, cancelCases, concurrentCases, readCases, writeCases, largeCases, dialCases, closeCases, secretCases, leakCases} {
		all = append(all, group...)
	}
	return all
}

// patience is how long anything may take that should be prompt. Far more than it needs: a busy
// machine must not fail a case.
const patience = 30 * time.Second

// connect opens a Transport that is closed with the test.
func connect(t *testing.T, h Host) transport.Transport {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tr, err := h.Connect(ctx)
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return tr
}

// limited is the context of calls that should be prompt.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	t.Cleanup(cancel)
	return ctx
}

// run runs argv to its exit.
func run(t *testing.T, tr transport.Transport, argv ...string) transport.Result {
	t.Helper()
	res, err := tr.Run(limited(t), transport.Command{Argv: argv})
	require.NoError(t, err, "%s", argv[0])
	return res
}

// outcome is what a Run in the background returned.
type outcome struct {
	res  transport.Result
	err  error
	took time.Duration
}

// background runs cmd and delivers its outcome.
func background(ctx context.Context, tr transport.Transport, cmd transport.Command) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		begin := time.Now()
		res, err := tr.Run(ctx, cmd)
		done <- outcome{res, err, time.Since(begin)}
	}()
	return done
}

// await returns what comes within the time that anything may take.
func await[T any](t *testing.T, from <-chan T, what string) T {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case v := <-from:
		return v
	case <-limit.C:
		require.Fail(t, "nothing within "+patience.String(), what)
	}
	panic("unreachable")
}

// lines is a writer that delivers each write, for waiting until a program has said something.
type lines chan string

func newLines() lines { return make(lines, 1024) }

func (l lines) Write(p []byte) (int, error) {
	select {
	case l <- string(p):
		return len(p), nil
	default:
		return 0, errors.New("transporttest: more output than expected")
	}
}

// expect reads writes until they make up want.
func (l lines) expect(t *testing.T, want string) {
	t.Helper()
	got := ""
	for len(got) < len(want) {
		got += await(t, l, fmt.Sprintf("output %q after %q", want, got))
	}
	require.Equal(t, want, got)
}

// isTimeout is for errors of connections.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
