package local

import (
	"context"
	"io"
	"os"
	"os/exec"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/launch"
)

// process is a started program with its three pipes: a launch.Process.
type process struct {
	cmd            *exec.Cmd
	stdin          *os.File
	stdout, stderr *os.File
	exited         chan struct{}
	code           int
	err            error
}

// start starts cmd, leading a process group of its own.
func start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	var theirs []*os.File
	var err error
	pipe := func(ours **os.File, write bool) *os.File {
		if err != nil {
			return nil
		}
		r, w, e := os.Pipe()
		if e != nil {
			err = e
			return nil
		}
		if write {
			r, w = w, r
		}
		*ours = r
		theirs = append(theirs, w)
		return w
	}
	stdin, stdout, stderr := pipe(&p.stdin, true), pipe(&p.stdout, false), pipe(&p.stderr, false)
	if err == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
		ownGroup(cmd)
		err = cmd.Start()
	}
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	go func() {
		defer close(p.exited)
		p.code, p.err = exitCode(cmd.Wait())
	}()
	return p, nil
}

// startShell implements launch.Starter, for sudo.
func startShell(_ context.Context, line string) (launch.Process, error) {
	p, err := start(exec.Command("sh", "-c", line))
	if err != nil {
		return nil, &transport.ConnectError{Host: hostName, Op: "session", Err: err}
	}
	return p, nil
}

// Stdin implements launch.Process.
func (p *process) Stdin() io.WriteCloser { return p.stdin }

// Stdout implements launch.Process.
func (p *process) Stdout() io.Reader { return p.stdout }

// Stderr implements launch.Process.
func (p *process) Stderr() io.Reader { return p.stderr }

// Exited implements launch.Process.
func (p *process) Exited() <-chan struct{} { return p.exited }

// Exit implements launch.Process.
func (p *process) Exit() (int, error) { return p.code, p.err }

// Settle implements launch.Process: what is in a pipe can be read at once.
func (p *process) Settle(context.Context) error { return nil }

// Close implements launch.Process.
func (p *process) Close() error {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			f.Close()
		}
	}
	return nil
}
