package launch

import (
	"context"
	"io"
)

// Process is a shell command line that was started at the other end.
type Process interface {
	// Stdin carries input; its Close sends end of file.
	Stdin() io.WriteCloser
	Stdout() io.Reader
	Stderr() io.Reader
	// Exited is closed when the exit is known, or will never be.
	Exited() <-chan struct{}
	// Exit returns, after Exited, the exit code (128+n for signal n), or why there is none: the
	// connection was lost.
	Exit() (int, error)
	// Settle returns once all that the other end had sent before the call has arrived.
	Settle(ctx context.Context) error
	// Close lets go of the process: pending reads and writes return. It does not end the process.
	Close() error
}

// Starter starts a command line in the user's login shell. It waits for its turn when the other
// end limits how many may run. It fails with a *transport.ConnectError, or the context's error.
type Starter func(ctx context.Context, line string) (Process, error)
