package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/launch"
)

const (
	// graceful is how long a process group may take to leave before it is made to.
	graceful = 2 * time.Second
	// leavePoll is how often it is looked whether it has left.
	leavePoll = 5 * time.Millisecond
)

// run runs cmd with this process's rights.
func run(ctx context.Context, cmd transport.Command) (transport.Result, error) {
	if err := cmd.Validate(); err != nil {
		return transport.Result{}, fmt.Errorf("local: run: %w", err)
	}
	if ctx.Err() != nil {
		return transport.Result{}, fmt.Errorf("local: run %s: %w", cmd.Argv[0], launch.ContextError(ctx))
	}
	x := exec.Command(cmd.Argv[0], cmd.Argv[1:]...)
	if len(cmd.Env) > 0 {
		x.Env = append(os.Environ(), cmd.Env...)
	}
	p, err := start(x)
	if err != nil {
		return transport.Result{}, fmt.Errorf("local: run %s: %w: %w", cmd.Argv[0], transport.ErrNotStarted, reason(err))
	}
	res, err := launch.Drive(ctx, p, cmd, func(ctx context.Context) error { return end(ctx, x) })
	if err != nil {
		return transport.Result{}, fmt.Errorf("local: run %s: %w", cmd.Argv[0], err)
	}
	return res, nil
}

// end ends the program's process group.
func end(ctx context.Context, cmd *exec.Cmd) error {
	endGroup(cmd, false)
	limit := time.NewTimer(graceful)
	defer limit.Stop()
	poll := time.NewTicker(leavePoll)
	defer poll.Stop()
	for !groupLeft(cmd) {
		select {
		case <-poll.C:
		case <-limit.C:
			endGroup(cmd, true)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// reason takes the innermost error of a failed start: those around it repeat the program's name
// and path.
func reason(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}
