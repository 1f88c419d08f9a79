package launch

import (
	"context"

	"github.com/quorate-dev/quorate/transport"
)

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
