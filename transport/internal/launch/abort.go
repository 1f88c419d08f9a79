package launch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/quorate-dev/quorate/transport"
)

const (
	// killLimit is how long ending a remote process group may take: TERM, two seconds, KILL, and
	// the way there, twice.
	killLimit = 5 * time.Second
	// sudoLimit is added for sudo, which looks up the host's own name: where no server answers for
	// it, that takes its time.
	sudoLimit = 10 * time.Second
	// leaveLimit is how long the exit code is waited for after the group was ended.
	leaveLimit = 2 * time.Second
	// heldInterval is how long output must be silent after the program's exit before it counts as
	// held open by a child that was left behind.
	heldInterval = 200 * time.Millisecond
	// closeLimit is how long the other end may take to agree that a channel is closed.
	closeLimit = time.Second
	// settleLimit is how long the other end may take to prove that no output is on its way.
	settleLimit = 10 * time.Second
)

// abort ends the program because of cause, and says so when it may have survived.
func (c *call) abort(ctx context.Context, cause error) error {
	if !c.sent {
		return cause
	}
	allowed := killLimit
	if c.sudo != nil {
		allowed += sudoLimit
	}
	kctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), allowed)
	defer cancel()
	err := c.kill(kctx, c.header)
	if err == nil {
		err = c.gone(kctx)
	}
	if err != nil {
		return fmt.Errorf("%w (%w: %v)", cause, transport.ErrUnknownOutcome, err)
	}
	return cause
}

// gone waits for the exit of a program that was just ended. Its output still has to be taken.
func (c *call) gone(ctx context.Context) error {
	limit := time.NewTimer(leaveLimit)
	defer limit.Stop()
	for {
		select {
		case <-c.p.Exited():
			_, err := c.p.Exit()
			return err
		case <-c.events:
		case <-limit.C:
			return errors.New("it has not left")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// finish lets go of the process and waits for the goroutines, except for one that is in a Read or
// Write of the caller's that does not return, and for those that a silent peer holds up: they end
// when that does or the connection is given up, and touch nothing of the caller's any more.
func (c *call) finish() {
	c.out.shut.Store(true)
	c.err.shut.Store(true)
	close(c.over)
	c.p.Close()
	limit, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	c.in.stop(limit.Done())
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, s := range []*stream{c.out, c.err} {
		for waiting := true; waiting; {
			select {
			case <-s.done:
				waiting = false
			case <-tick.C:
				waiting = !s.writing.Load()
			case <-limit.Done():
				return
			}
		}
	}
}

// ContextError returns the error for a ctx that ended: that it did, and why when it was given a cause. Of a closed Transport only
// that it was closed: the caller's own context has not ended.
func ContextError(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, transport.ErrClosed):
		return transport.ErrClosed
	case errors.Is(cause, ctx.Err()):
		return cause
	}
	return fmt.Errorf("%w: %w", ctx.Err(), cause)
}
