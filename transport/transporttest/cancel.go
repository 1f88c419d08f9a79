package transporttest

import (
	"context"
	"io"
	"path"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var cancelCases = []Case{
	{"Cancel/before", cancelBefore},
	{"Cancel/running", cancelRunning},
	{"Cancel/deadline", cancelDeadline},
	{"Cancel/group", cancelGroup},
	{"Cancel/stubborn", cancelStubborn},
}

func cancelBefore(t *testing.T, h Host) {
	tr := connect(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	made := path.Join(h.Dir, "made")
	_, err := tr.Run(ctx, transport.Command{Argv: []string{"mkdir", made}})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, tr.WriteFile(ctx, transport.File{Path: made, Data: []byte("x")}), context.Canceled)
	_, err = tr.ReadFile(ctx, made)
	require.ErrorIs(t, err, context.Canceled)
	_, err = tr.Dial(ctx, "tcp", "127.0.0.1:1")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, run(t, tr, "test", "-e", made).ExitCode, "nothing was done")
}

func cancelRunning(t *testing.T, h Host) {
	tr := connect(t, h)
	ctx, cancel := context.WithCancel(limited(t))
	in, w := io.Pipe()
	defer w.Close()
	out := newLines()
	done := background(ctx, tr, transport.Command{Argv: []string{"cat"}, Stdin: in, Stdout: out})
	_, err := w.Write([]byte("up"))
	require.NoError(t, err)
	out.expect(t, "up")
	cancel()
	o := await(t, done, "a cancelled command")
	require.ErrorIs(t, o.err, context.Canceled)
	require.NotErrorIs(t, o.err, transport.ErrUnknownOutcome, "it was ended, and that is known")
	require.NotErrorIs(t, o.err, transport.ErrNotStarted)
	require.Zero(t, run(t, tr, "true").ExitCode, "the Transport is still good")
}

func cancelDeadline(t *testing.T, h Host) {
	tr := connect(t, h)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	o := await(t, background(ctx, tr, transport.Command{Argv: []string{"sleep", "3600"}}), "a command past its deadline")
	require.ErrorIs(t, o.err, context.DeadlineExceeded)
	require.Less(t, o.took, patience)
	require.Zero(t, run(t, tr, "true").ExitCode, "the Transport is still good")
}

// cancelGroup: a child that the program started goes with it. The child holds a FIFO open for
// writing, whose reader sees the end of it when the child is gone.
func cancelGroup(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	fifo := path.Join(h.Dir, "fifo")
	require.Zero(t, run(t, tr, "mkfifo", fifo).ExitCode)
	ctx, cancel := context.WithCancel(limited(t))
	program := background(ctx, tr, transport.Command{Argv: []string{
		"sh", "-c", `{ echo up; sleep 3600; } >"$1" & wait; echo "not reached"`, "sh", fifo,
	}})
	out := newLines()
	reader := background(limited(t), tr, transport.Command{Argv: []string{"cat", fifo}, Stdout: out})
	out.expect(t, "up\n")
	cancel()
	o := await(t, program, "a cancelled program")
	require.ErrorIs(t, o.err, context.Canceled)
	require.NotErrorIs(t, o.err, transport.ErrUnknownOutcome)
	o = await(t, reader, "the end of the program's child")
	require.NoError(t, o.err)
}

// cancelStubborn: a group that does not leave when asked is made to.
func cancelStubborn(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	ctx, cancel := context.WithCancel(limited(t))
	out := newLines()
	done := background(ctx, tr, transport.Command{
		Argv:   []string{"sh", "-c", `trap "" TERM INT HUP; echo up; while :; do sleep 3600; done`},
		Stdout: out,
	})
	out.expect(t, "up\n")
	cancel()
	o := await(t, done, "a cancelled program that ignores TERM")
	require.ErrorIs(t, o.err, context.Canceled)
	require.NotErrorIs(t, o.err, transport.ErrUnknownOutcome)
}
