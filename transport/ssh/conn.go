package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/launch"
)

// Conn is a transport.Transport over one SSH connection that all its commands share. When the
// connection is lost, the calls under way fail and the next call dials again.
type Conn struct {
	host     string
	path     []hop // the last one is the host, those before it are jumps
	sessions int
	runner   *launch.Runner

	life context.Context // ends with transport.ErrClosed
	end  context.CancelCauseFunc

	mu      sync.Mutex
	closed  bool
	calls   sync.WaitGroup
	link    *link    // nil before the first and after a lost connection
	attempt *attempt // a dial under way
}

var _ transport.Transport = (*Conn)(nil)

// attempt is one dial that several calls wait for.
type attempt struct {
	done chan struct{}
	link *link
	err  error
}

// Dial connects to the host of cfg, logs in and proves that commands can be run there, under sudo
// where cfg says so. The error is a *transport.ConnectError unless cfg itself is wrong or ctx ended.
func Dial(ctx context.Context, cfg Config) (*Conn, error) {
	path, err := resolve(cfg)
	if err != nil {
		return nil, fmt.Errorf("ssh: configuration of %s: %w", cfg.Host, err)
	}
	c := &Conn{host: path[len(path)-1].name, path: path, sessions: cfg.MaxSessions}
	if c.sessions <= 0 {
		c.sessions = defaultMaxSessions
	}
	c.life, c.end = context.WithCancelCause(context.Background())
	c.runner = &launch.Runner{Package: "ssh", Host: c.host, Start: c.start, StartKill: c.startKill}
	if cfg.Sudo != nil {
		c.runner.Sudo = &launch.Sudo{Password: string(cfg.Sudo.Password)}
	}
	if _, err := c.Run(ctx, transport.Command{Argv: []string{"true"}}); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Dialer returns a transport.Dialer that connects to each host as config says.
func Dialer(config func(host string) (Config, error)) transport.Dialer {
	return func(ctx context.Context, host string) (transport.Transport, error) {
		cfg, err := config(host)
		if err != nil {
			return nil, fmt.Errorf("ssh: configuration of %s: %w", host, err)
		}
		c, err := Dial(ctx, cfg)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// Run implements transport.Transport.
func (c *Conn) Run(ctx context.Context, cmd transport.Command) (transport.Result, error) {
	ctx, leave, err := c.enter(ctx, "run")
	if err != nil {
		return transport.Result{}, err
	}
	defer leave()
	return c.runner.Run(ctx, cmd)
}

// ReadFile implements transport.Transport. It needs nothing on the host but a shell and cat.
func (c *Conn) ReadFile(ctx context.Context, path string) ([]byte, error) {
	ctx, leave, err := c.enter(ctx, "read")
	if err != nil {
		return nil, err
	}
	defer leave()
	return c.runner.ReadFile(ctx, path)
}

// WriteFile implements transport.Transport. The host's shell counts what arrived before it
// renames: when the connection is lost on the way, the old file stays whole.
func (c *Conn) WriteFile(ctx context.Context, f transport.File) error {
	ctx, leave, err := c.enter(ctx, "write")
	if err != nil {
		return err
	}
	defer leave()
	return c.runner.WriteFile(ctx, f)
}

// Dial implements transport.Transport, through the server's port and socket forwarding
// (AllowTcpForwarding, AllowStreamLocalForwarding; both are on by default). The server connects
// with the rights of the login user, also under sudo.
func (c *Conn) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, leave, err := c.enter(ctx, "dial")
	if err != nil {
		return nil, err
	}
	defer leave()
	conn, err := c.forward(ctx, network, address)
	if err != nil {
		if _, ok := errors.AsType[*transport.ConnectError](err); ok {
			return nil, err
		}
		return nil, fmt.Errorf("ssh: dial from %s: %s %s: %w", c.host, network, address, err)
	}
	return conn, nil
}

// Close implements transport.Transport. Commands under way are ended on the host first.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end(transport.ErrClosed)
	c.calls.Wait()
	c.mu.Lock()
	l := c.link
	c.link = nil
	c.mu.Unlock()
	if l != nil {
		l.close()
	}
	return nil
}

// enter registers a call. Its context ends with transport.ErrClosed when the Conn is closed.
func (c *Conn) enter(ctx context.Context, op string) (context.Context, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, fmt.Errorf("ssh: %s %s: %w", op, c.host, transport.ErrClosed)
	}
	c.calls.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(transport.ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
		c.calls.Done()
	}, nil
}

// connected returns the live connection, dialling when there is none. Calls that come while one
// dials share its outcome.
func (c *Conn) connected(ctx context.Context) (*link, error) {
	for {
		c.mu.Lock()
		if c.link != nil && c.link.alive() {
			defer c.mu.Unlock()
			return c.link, nil
		}
		if a := c.attempt; a != nil {
			c.mu.Unlock()
			select {
			case <-a.done:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if a.err == nil {
				return a.link, nil
			}
			if errors.Is(a.err, context.Canceled) || errors.Is(a.err, errCallerGone) {
				continue // the call that dialled gave up; this one has not
			}
			return nil, a.err
		}
		a := &attempt{done: make(chan struct{})}
		c.attempt = a
		old := c.link
		c.mu.Unlock()

		if old != nil {
			old.close()
		}
		a.link, a.err = dialPath(ctx, c.path, c.sessions)
		if a.err != nil && ctx.Err() != nil {
			a.err = fmt.Errorf("%w: %w", errCallerGone, ctx.Err())
		}
		c.mu.Lock()
		c.link, c.attempt = a.link, nil
		c.mu.Unlock()
		close(a.done)
		return a.link, a.err
	}
}

// errCallerGone marks a dial that ended because the context of the call that made it ended.
var errCallerGone = errors.New("gave up dialling")

// start implements launch.Starter for commands.
func (c *Conn) start(ctx context.Context, line string) (launch.Process, error) {
	for again := true; ; again = false {
		l, err := c.connected(ctx)
		if err != nil {
			return nil, err
		}
		s, err := l.start(ctx, line)
		if err == nil {
			return s, nil
		}
		if l.alive() || !again || ctx.Err() != nil {
			return nil, err
		}
		// The connection was lost while nothing ran over it, which nobody could notice: dial again.
	}
}

// startKill implements launch.Starter for ending another command. A server that gives no further
// session on this connection gives one on another.
func (c *Conn) startKill(ctx context.Context, line string) (launch.Process, error) {
	c.mu.Lock()
	l := c.link
	c.mu.Unlock()
	if l != nil && l.alive() {
		s, err := l.startNow(ctx, line, func() {})
		if err == nil || !isRefused(err) {
			return s, err
		}
	}
	extra, err := dialPath(ctx, c.path, 1)
	if err != nil {
		return nil, err
	}
	s, err := extra.startNow(ctx, line, func() {})
	if err != nil {
		extra.close()
		return nil, err
	}
	s.closeLink = extra
	return s, nil
}
