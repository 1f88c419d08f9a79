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

// job is a script and what it reads and writes.
type job struct {
	nonce, script  string
	undo           string // a shell command that clears up after a script that was killed
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
	c := &call{host: r.Host, sudo: r.Sudo, p: p, job: j, events: make(chan event, 8), over: make(chan struct{})}
	c.kill = func(ctx context.Context, h header) error { return r.kill(ctx, h, j.undo) }
	c.out = &stream{mark: j.nonce + ":", ready: readyWord(j.nonce) + "\n", failed: notStartedMark(j.nonce), sink: j.stdout, notify: c.notify}
	c.err = &stream{mark: j.nonce + ":", sink: j.stderr, notify: c.notifyStderr}
	if r.Sudo != nil && r.Sudo.Password != "" {
		c.err.prompt = promptWord(j.nonce)
	}
	c.begin()
	defer c.finish()
	return c.loop(ctx)
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
