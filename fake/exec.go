package fake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/quorate-dev/quorate/fake/internal/bin"
	"github.com/quorate-dev/quorate/fake/internal/kubeadm"
	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/proc"
	"github.com/quorate-dev/quorate/transport"
)

// Causes of a command's end that are not its own.
var (
	errHostDown = errors.New("the host went down")
	errKilled   = errors.New("killed")
)

// Run is transport.Transport's.
func (s *session) Run(ctx context.Context, cmd transport.Command) (transport.Result, error) {
	h := s.h
	fail := func(err error) (transport.Result, error) {
		what := ""
		if len(cmd.Argv) > 0 {
			what = " " + cmd.Argv[0]
		}
		return transport.Result{ExitCode: -1}, fmt.Errorf("fake: run %s%s: %w", h.Name(), what, err)
	}
	if err := cmd.Validate(); err != nil {
		return fail(err)
	}
	if err := s.check(ctx, "run"); err != nil {
		return fail(err)
	}
	program, ok := bin.Find(h.m, cmd.Argv[0])
	if !ok {
		return fail(transport.ErrNotStarted)
	}
	e := s.start(ctx, cmd, program)
	var err error
	select {
	case <-e.ended:
	case <-e.dropped:
		return fail(transport.ErrUnknownOutcome)
	case <-ctx.Done():
		e.kill(ctx.Err())
		<-e.ended
		err = ctx.Err()
	case <-s.done:
		e.kill(transport.ErrClosed)
		<-e.ended
		err = transport.ErrClosed
	}
	switch {
	case err != nil:
	case errors.Is(context.Cause(e.ctx), errHostDown):
		if err = h.c.world.Sleep(ctx, keepalive); err == nil {
			err = transport.ErrUnknownOutcome
		}
	case e.lost:
		err = transport.ErrUnknownOutcome
	default:
		err = e.streamError()
	}
	if err != nil {
		return fail(err)
	}
	return e.result, nil
}

// execution is a command under way.
type execution struct {
	h       *Host
	ctx     context.Context
	kill    context.CancelCauseFunc
	ended   chan struct{}
	dropped chan struct{}
	drop    func()
	lost    bool
	result  transport.Result
	in      *input
	out     [2]*output
}

// start runs the command in the background.
func (s *session) start(ctx context.Context, cmd transport.Command, program string) *execution {
	h, c := s.h, s.h.c
	e := &execution{h: h, ended: make(chan struct{}), dropped: make(chan struct{})}
	e.ctx, e.kill = context.WithCancelCause(context.WithoutCancel(ctx))
	e.drop = sync.OnceFunc(func() { close(e.dropped) })
	e.in = &input{r: cmd.Stdin, ctx: e.ctx}
	e.out = [2]*output{{w: cmd.Stdout, kill: e.kill}, {w: cmd.Stderr, kill: e.kill}}
	p := &proc.Proc{Ctx: e.ctx, Host: h.m, Argv: cmd.Argv, Env: environment(cmd.Env), Stdin: e.in, Stdout: e.out[0], Stderr: e.out[1]}
	p.OnPhase = func(p *proc.Proc, phase string) error { return e.phase(p, phase) }
	run := c.commands[path.Base(program)]
	var ps *machine.Process
	c.world.Do(func() {
		ps = h.m.StartProcess(cmd.Argv, func() {
			cause := errKilled
			if !h.m.Up {
				cause = errHostDown
			}
			e.kill(cause)
		})
	})
	begin := c.world.Now()
	argv := cmd.Argv
	if cmd.Sensitive {
		argv = []string{argv[0], "[redacted]"}
	}
	at := h.record(Action{Argv: argv, Start: begin, ExitCode: -1})
	c.world.Go(func() {
		defer close(e.ended)
		code := e.run(p, run)
		c.world.Do(func() { h.m.EndProcess(ps) })
		e.result = transport.Result{ExitCode: code, Stdout: e.out[0].collected(), Stderr: e.out[1].collected()}
		took := c.world.Now().Sub(begin)
		if !c.world.Virtual() {
			took = p.Charged
		}
		h.finish(at, func(a *Action) {
			a.Changing, a.Took, a.ExitCode, a.Phases = p.Changing, took, code, p.Phases
			if !cmd.Sensitive {
				a.Stderr = e.out[1].seen()
			}
		})
		e.kill(nil)
	})
	return e
}

// run is the command's life, faults included.
func (e *execution) run(p *proc.Proc, run bin.Command) int {
	if err := p.Sleep(execTime); err != nil {
		return proc.Killed
	}
	out := e.h.c.faults.command(e.h, p.Argv)
	if err := e.suffer(p, out); err != nil {
		var f *kubeadm.FaultError
		if errors.As(err, &f) {
			p.Errorf("%s", f.Stderr)
			return f.Code
		}
		return proc.Killed
	}
	if run == nil {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	code := run(p)
	if e.ctx.Err() != nil {
		return proc.Killed
	}
	return code
}

// phase is called at the start of each phase of the command.
func (e *execution) phase(p *proc.Proc, phase string) error {
	return e.suffer(p, e.h.c.faults.phase(e.h, p.Argv, phase))
}

// suffer does what a fault says.
func (e *execution) suffer(p *proc.Proc, o outcome) error {
	if o.drop {
		e.drop()
	}
	e.lost = e.lost || o.lose
	switch {
	case o.crash:
		e.h.Crash()
		return e.ctx.Err()
	case o.hang:
		<-e.ctx.Done()
		return e.ctx.Err()
	case o.exit != nil:
		return o.exit
	case o.slow > 0:
		return p.Sleep(o.slow)
	}
	return nil
}

func (e *execution) streamError() error {
	if err := e.in.failure(); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	for _, o := range e.out {
		if err := o.failure(); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	return nil
}

func environment(settings []string) map[string]string {
	env := map[string]string{"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash", "LANG": "C.UTF-8"}
	for _, s := range settings {
		k, v, _ := strings.Cut(s, "=")
		env[k] = v
	}
	return env
}

// record adds to the history and returns the entry's place.
func (h *Host) record(a Action) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history = append(h.history, a)
	return len(h.history) - 1
}

// finish completes an entry, unless the history was cleared meanwhile.
func (h *Host) finish(at int, f func(*Action)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at < len(h.history) && h.history[at].ExitCode == -1 {
		f(&h.history[at])
	}
}

// input is a command's standard input: reading ends when the command is killed, whatever the reader does.
type input struct {
	r   io.Reader
	ctx context.Context
	mu  sync.Mutex
	err error
}

// Read is io.Reader's.
func (i *input) Read(b []byte) (int, error) {
	switch r := i.r.(type) {
	case nil:
		return 0, io.EOF
	case *bytes.Reader, *strings.Reader, *bytes.Buffer:
		if err := i.ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	}
	type result struct {
		buf []byte
		err error
	}
	came := make(chan result, 1)
	go func() { // it may outlive the command: nothing ends a Read of somebody's reader
		buf := make([]byte, len(b))
		n, err := i.r.Read(buf)
		came <- result{buf[:n], err}
	}()
	select {
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	case res := <-came:
		if res.err != nil && res.err != io.EOF {
			i.mu.Lock()
			i.err = res.err
			i.mu.Unlock()
		}
		return copy(b, res.buf), res.err
	}
}

func (i *input) failure() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}

// output is one of a command's outputs: to a writer, or collected.
type output struct {
	w    io.Writer
	kill context.CancelCauseFunc
	mu   sync.Mutex
	buf  bytes.Buffer
	tail []byte // the beginning of what went to a writer
	err  error
}

// Write is io.Writer's.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w == nil {
		return o.buf.Write(b)
	}
	if len(o.tail) < 4096 {
		o.tail = append(o.tail, b[:min(len(b), 4096)]...)
	}
	n, err := o.w.Write(b)
	if err != nil && o.err == nil {
		o.err = err
		o.kill(errKilled) // SIGPIPE
	}
	return n, err
}

func (o *output) collected() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w != nil {
		return nil
	}
	return o.buf.Bytes()
}

func (o *output) seen() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w != nil {
		return string(o.tail)
	}
	return o.buf.String()
}

func (o *output) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
