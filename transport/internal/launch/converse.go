package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
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

// job is a script and what it reads and writes.
type job struct {
	nonce, script  string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// call is a job under way.
type call struct {
	host     string
	sudo     *Sudo
	kill     func(context.Context, header) error
	p        Process
	job      job
	in       *input
	out, err *stream
	events   chan event
	over     chan struct{}

	eofs       int
	prompts    int
	header     header
	ready      bool // the script has begun
	sent       bool // the script is on its way: from now on nobody can say that it did not run
	notStarted string
}

// converse starts a shell, hands it the job and returns the exit code.
func (r *Runner) converse(ctx context.Context, j job, start Starter) (int, error) {
	if ctx.Err() != nil {
		return 0, ContextError(ctx)
	}
	// A program's input is held back until the script has begun: some head(1), busybox's for one,
	// read more than they were asked for, as long as there is more.
	j.script = "{ echo " + readyWord(j.nonce) + "\n" + j.script + "\n}"
	p, err := start(ctx, line(j.nonce, len(j.script), r.Sudo))
	if err != nil {
		if ctx.Err() != nil {
			return 0, ContextError(ctx)
		}
		return 0, err
	}
	c := &call{host: r.Host, sudo: r.Sudo, kill: r.kill, p: p, job: j, events: make(chan event, 8), over: make(chan struct{})}
	c.out = &stream{mark: j.nonce + ":", ready: readyWord(j.nonce) + "\n", failed: notStartedMark(j.nonce), sink: j.stdout, notify: c.notify}
	c.err = &stream{mark: j.nonce + ":", sink: j.stderr, notify: c.notifyStderr}
	if r.Sudo != nil && r.Sudo.Password != "" {
		c.err.prompt = promptWord(j.nonce)
	}
	c.begin()
	defer c.finish()
	return c.loop(ctx)
}

// Drive feeds a program that was started without a shell, takes its output and returns its exit
// code, in the same manner as Run. kill ends its process group when ctx ends or a stream fails.
func Drive(ctx context.Context, p Process, cmd transport.Command, kill func(context.Context) error) (transport.Result, error) {
	var out, errs collector
	j := job{stdin: cmd.Stdin, stdout: cmd.Stdout, stderr: cmd.Stderr}
	j.collect(&out, &errs)
	c := &call{
		kill: func(ctx context.Context, _ header) error { return kill(ctx) },
		p:    p, job: j, sent: true, ready: true, events: make(chan event, 8), over: make(chan struct{}),
	}
	c.out = &stream{started: true, open: true, sink: j.stdout, notify: c.notify}
	c.err = &stream{started: true, open: true, sink: j.stderr, notify: c.notify}
	c.begin()
	c.in.orders <- order{rest: j.stdin, last: true}
	defer c.finish()
	code, err := c.loop(ctx)
	if err != nil {
		return transport.Result{}, err
	}
	return transport.Result{ExitCode: code, Stdout: out.take(), Stderr: errs.take()}, nil
}

// collect names out and errs for the outputs that the caller takes from the Result.
func (j *job) collect(out, errs *collector) {
	if j.stdout == nil {
		j.stdout = out
	}
	if j.stderr == nil {
		j.stderr = errs
	}
}

// begin starts the goroutines of the three streams.
func (c *call) begin() {
	c.in = newInput(c.p.Stdin(), c.notify)
	c.out.done, c.err.done = make(chan struct{}), make(chan struct{})
	go c.out.run(c.p.Stdout())
	go c.err.run(c.p.Stderr())
}

func (c *call) notify(e event) {
	select {
	case c.events <- e:
	case <-c.over:
	}
}

// notifyStderr drops the header of standard error, which only marks where noise ends.
func (c *call) notifyStderr(e event) {
	if e.kind != eventHeader {
		c.notify(e)
	}
}

// loop drives the call until there is an exit code or an error.
func (c *call) loop(ctx context.Context) (int, error) {
	for {
		select {
		case <-ctx.Done():
			return 0, c.abort(ctx, ContextError(ctx))
		case e := <-c.events:
			if err := c.handle(e); err != nil {
				return 0, c.abort(ctx, err)
			}
		case <-c.p.Exited():
			return c.exited(ctx)
		}
	}
}

// handle answers one event. An error ends the call.
func (c *call) handle(e event) error {
	switch e.kind {
	case eventEOF:
		c.eofs++
	case eventNotStarted:
		c.notStarted = e.text
	case eventSinkError:
		return fmt.Errorf("writing its output: %w", e.err)
	case eventInputError:
		return fmt.Errorf("reading its input: %w", e.err)
	case eventPrompt:
		c.prompts++
		if c.prompts > 1 {
			return c.connectError("sudo", false, errors.New("sudo did not accept the password"))
		}
		c.in.orders <- order{data: []byte(c.sudo.Password + "\n")}
	case eventHeader:
		c.header, c.sent = e.header, true
		c.in.orders <- order{data: []byte(c.job.script), last: c.job.stdin == nil}
	case eventReady:
		c.ready = true
		if c.job.stdin != nil {
			c.in.orders <- order{rest: c.job.stdin, last: true}
		}
	}
	return nil
}

// exited collects the rest of the output and says how the call ended.
func (c *call) exited(ctx context.Context) (int, error) {
	code, err := c.p.Exit()
	if err != nil {
		return 0, c.lost(err)
	}
	if err := c.drain(ctx); err != nil {
		return 0, err
	}
	switch {
	case c.notStarted != "":
		return 0, fmt.Errorf("%w: %s", transport.ErrNotStarted, strings.ReplaceAll(c.notStarted, "-", " "))
	case c.ready:
		return code, nil
	}
	return 0, c.neverReady(code)
}

// drain handles events until both outputs have ended, or stay silent while a child that was left
// behind holds them open.
func (c *call) drain(ctx context.Context) error {
	tick := time.NewTicker(heldInterval)
	defer tick.Stop()
	last, settled := int64(-1), false
	for c.eofs < 2 {
		select {
		case <-ctx.Done():
			return ContextError(ctx)
		case e := <-c.events:
			switch e.kind {
			case eventHeader, eventPrompt: // of a shell that ended at once: nobody is there to answer
			case eventReady:
				c.ready = true
			default:
				if err := c.handle(e); err != nil {
					return err
				}
			}
		case <-tick.C:
			now := c.out.activity.Load() + c.err.activity.Load()
			switch {
			case c.out.writing.Load() || c.err.writing.Load() || now != last:
				last, settled = now, false
			case settled:
				return nil
			default:
				settled = true
				sctx, cancel := context.WithTimeout(ctx, settleLimit)
				err := c.p.Settle(sctx)
				cancel()
				if err != nil && ctx.Err() == nil {
					return c.lost(err)
				}
			}
		}
	}
	return nil
}

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

// lost says what is known when the connection ended before an exit code came.
func (c *call) lost(cause error) error {
	if c.sent {
		return fmt.Errorf("%w: %w", transport.ErrUnknownOutcome, cause)
	}
	return c.connectError("session", true, cause)
}

// neverReady explains a shell that ended before it was ready for the script.
func (c *call) neverReady(code int) error {
	op, what := "session", "the login shell"
	if c.sudo != nil {
		op, what = "sudo", "sudo"
	}
	text := c.err.heard()
	if text == "" {
		text = c.out.heard()
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	lines = lines[max(0, len(lines)-3):]
	return c.connectError(op, false, fmt.Errorf("%s ended with code %d: %s", what, code, strings.Join(lines, " | ")))
}

func (c *call) connectError(op string, temporary bool, err error) error {
	return &transport.ConnectError{Host: c.host, Op: op, Temporary: temporary, Err: err}
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
