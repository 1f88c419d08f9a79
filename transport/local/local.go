package local

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/launch"
)

// Config says with whose rights things are done. The zero value: with this process's.
type Config struct {
	// Sudo runs commands and file operations as root through sudo; nil: as this process's user.
	Sudo *Sudo
}

// Sudo says that everything runs through sudo(8) as root.
type Sudo struct {
	// Password gives the password when sudo asks; it is in no argument, environment or error.
	// nil: sudo must not ask (NOPASSWD, or this process is root).
	Password func() (string, error)
}

// Transport is a transport.Transport to this machine.
type Transport struct {
	runner *launch.Runner // nil without sudo

	life context.Context // ends with transport.ErrClosed
	end  context.CancelCauseFunc

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup
	conns  map[net.Conn]struct{}
}

var _ transport.Transport = (*Transport)(nil)

// hostName is this machine in errors.
const hostName = "localhost"

// New returns a Transport to this machine. With sudo, it proves that sudo lets us in: otherwise
// the error is a *transport.ConnectError with the Op "sudo".
func New(ctx context.Context, cfg Config) (*Transport, error) {
	t := &Transport{conns: map[net.Conn]struct{}{}}
	t.life, t.end = context.WithCancelCause(context.Background())
	if cfg.Sudo == nil {
		return t, nil
	}
	sudo := &launch.Sudo{}
	if cfg.Sudo.Password != nil {
		password, err := cfg.Sudo.Password()
		if err != nil {
			return nil, fmt.Errorf("local: password for sudo: %w", err)
		}
		sudo.Password = password
	}
	t.runner = &launch.Runner{Package: "local", Host: hostName, Start: startShell, StartKill: startShell, Sudo: sudo}
	if _, err := t.Run(ctx, transport.Command{Argv: []string{"true"}}); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Dialer returns a transport.Dialer that takes every host for this machine.
func Dialer(cfg Config) transport.Dialer {
	return func(ctx context.Context, _ string) (transport.Transport, error) {
		t, err := New(ctx, cfg)
		if err != nil {
			return nil, err
		}
		return t, nil
	}
}

// Run implements transport.Transport.
func (t *Transport) Run(ctx context.Context, cmd transport.Command) (transport.Result, error) {
	ctx, leave, err := t.enter(ctx, "run")
	if err != nil {
		return transport.Result{}, err
	}
	defer leave()
	if t.runner != nil {
		return t.runner.Run(ctx, cmd)
	}
	return run(ctx, cmd)
}

// ReadFile implements transport.Transport.
func (t *Transport) ReadFile(ctx context.Context, path string) ([]byte, error) {
	ctx, leave, err := t.enter(ctx, "read")
	if err != nil {
		return nil, err
	}
	defer leave()
	if t.runner != nil {
		return t.runner.ReadFile(ctx, path)
	}
	return readFile(ctx, path)
}

// WriteFile implements transport.Transport.
func (t *Transport) WriteFile(ctx context.Context, f transport.File) error {
	ctx, leave, err := t.enter(ctx, "write")
	if err != nil {
		return err
	}
	defer leave()
	if t.runner != nil {
		return t.runner.WriteFile(ctx, f)
	}
	return writeFile(ctx, f)
}

// Dial implements transport.Transport. It connects with this process's rights, also under sudo.
func (t *Transport) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, leave, err := t.enter(ctx, "dial")
	if err != nil {
		return nil, err
	}
	defer leave()
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return nil, fmt.Errorf("local: dial %s: %w", address, net.UnknownNetworkError(network))
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		if ctx.Err() != nil {
			err = launch.ContextError(ctx)
		}
		return nil, fmt.Errorf("local: dial %s: %w", address, err)
	}
	c := &tracked{Conn: conn, owner: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[c] = struct{}{}
	return c, nil
}

// Close implements transport.Transport.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.end(transport.ErrClosed)
	t.calls.Wait()
	t.mu.Lock()
	conns := t.conns
	t.conns = map[net.Conn]struct{}{}
	t.mu.Unlock()
	for c := range conns {
		c.Close()
	}
	return nil
}

// enter registers a call. Its context ends with transport.ErrClosed when the Transport is closed.
func (t *Transport) enter(ctx context.Context, op string) (context.Context, func(), error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, nil, fmt.Errorf("local: %s: %w", op, transport.ErrClosed)
	}
	t.calls.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(t.life, func() { cancel(transport.ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
		t.calls.Done()
	}, nil
}

// tracked is a connection that the Transport closes when it is closed.
type tracked struct {
	net.Conn
	owner *Transport
}

// Close implements net.Conn.
func (c *tracked) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.conns, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}
