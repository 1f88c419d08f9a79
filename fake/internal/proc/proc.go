package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
)

// Killed is the exit code of a command that got SIGKILL.
const Killed = 137

// ErrTimeout is returned by Poll when its time is over.
var ErrTimeout = errors.New("timed out waiting for the condition")

// Proc is a running command.
type Proc struct {
	Ctx            context.Context
	Host           *machine.Host
	Argv           []string
	Env            map[string]string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Changing is set by commands that may change the host or the cluster.
	Changing bool
	// OnPhase, when set, is called at the start of each phase; an error ends the command.
	OnPhase func(p *Proc, phase string) error
	// Phases are those that began.
	Phases []string
	// Charged is the time that it took outside a bubble.
	Charged time.Duration
}

// Printf writes to standard output. A reader that is gone is not the command's problem.
func (p *Proc) Printf(format string, a ...any) { _, _ = fmt.Fprintf(p.Stdout, format, a...) }

// Errorf writes to standard error.
func (p *Proc) Errorf(format string, a ...any) { _, _ = fmt.Fprintf(p.Stderr, format, a...) }

// Sleep takes d of the command's time.
func (p *Proc) Sleep(d time.Duration) error {
	if !p.Host.World.Virtual() {
		p.Charged += d
	}
	return p.Host.World.Sleep(p.Ctx, d)
}

// Now is the time of day as the command lives it, by the simulated world's clock.
func (p *Proc) Now() time.Time { return p.Host.World.Now().Add(p.Charged) }

// Do runs f with the world's lock held, unless the command was killed.
func (p *Proc) Do(f func()) error {
	p.Host.World.Lock()
	defer p.Host.World.Unlock()
	if err := p.Ctx.Err(); err != nil {
		return err
	}
	f()
	return nil
}

// Poll calls try at once and then every interval until it says done, for timeout at most. The error
// that ends it is try's last one, or ErrTimeout. An error of try does not end it.
func (p *Proc) Poll(timeout, interval time.Duration, try func(ctx context.Context) (done bool, err error)) error {
	end := p.Now().Add(timeout)
	for {
		done, err := try(p.Ctx)
		if done {
			return err
		}
		if cerr := p.Ctx.Err(); cerr != nil {
			return cerr
		}
		if !p.Now().Before(end) {
			if err == nil {
				err = ErrTimeout
			}
			return err
		}
		if err := p.Sleep(interval); err != nil {
			return err
		}
	}
}

// Phase begins a part of the command that can be named by a fault, and takes its time.
func (p *Proc) Phase(name string, takes time.Duration) error {
	p.Phases = append(p.Phases, name)
	if p.OnPhase != nil {
		if err := p.OnPhase(p, name); err != nil {
			return err
		}
	}
	return p.Sleep(takes)
}

// Dial connects as the host does.
func (p *Proc) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return Dial(ctx, p.Host, network, address)
}

// Dial connects from a host, its own resolver used.
func Dial(ctx context.Context, h *machine.Host, network, address string) (net.Conn, error) {
	if network == "tcp" || network == "tcp4" {
		var err error
		if address, err = h.ResolveAddress(address); err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
	}
	return h.NIC.Dial(ctx, map[bool]string{true: "unix", false: "tcp"}[network == "unix"], address)
}

// Unsupported says that the simulator does not do what was asked, and returns the exit code of a
// program that was not found.
func (p *Proc) Unsupported(format string, a ...any) int {
	what := fmt.Sprintf(format, a...)
	p.Host.Unsupported(what)
	p.Errorf("fake: not simulated: %s\n", what)
	return 127
}
