package balance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/quorate-dev/quorate/lab/namespace"
)

// bench is an engine with clients and backends, each with a cable to one switch.
type bench struct {
	engine   Engine
	dir      string
	net      *namespace.Switch
	balancer *namespace.Port
	client   *namespace.Port
	backends []*backend
	listen   netip.AddrPort
	process  *exec.Cmd
	ended    chan error
}

func newBench(ctx context.Context, e Engine) (*bench, error) {
	dir, err := os.MkdirTemp("", "balance-")
	if err != nil {
		return nil, err
	}
	b := &bench{engine: e, dir: dir, listen: netip.MustParseAddrPort("10.98.0.1:16443")}
	if err := errors.Join(b.connect(ctx), ctx.Err()); err != nil {
		return nil, errors.Join(err, b.close())
	}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// connect makes the network and the backends.
func (b *bench) connect(ctx context.Context) error {
	name := filepath.Base(b.dir)
	var err error
	if b.net, err = namespace.NewSwitch(ctx, name); err != nil {
		return err
	}
	if b.balancer, err = b.net.Plug(ctx, name+"-lb", "10.98.0.1/24"); err != nil {
		return err
	}
	if b.client, err = b.net.Plug(ctx, name+"-client", "10.98.0.2/24"); err != nil {
		return err
	}
	certificate, err := newCertificate()
	if err != nil {
		return err
	}
	for i := range 4 {
		address := netip.AddrFrom4([4]byte{10, 98, 0, byte(11 + i)})
		port, err := b.net.Plug(ctx, fmt.Sprintf("%s-b%d", name, i), address.String()+"/24")
		if err != nil {
			return err
		}
		one := &backend{port: port, address: netip.AddrPortFrom(address, 6443), certificate: certificate}
		b.backends = append(b.backends, one)
		if err := one.start(); err != nil {
			return err
		}
	}
	return nil
}

// write writes the file for some of the backends.
func (b *bench) write(backends []*backend) error {
	var addresses []netip.AddrPort
	for _, x := range backends {
		addresses = append(addresses, x.address)
	}
	text, err := b.engine.Config(b.listen, addresses, b.dir)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.dir, "balancer.conf"), text, 0o644)
}

// start starts the engine with three backends and waits until it listens.
func (b *bench) start(ctx context.Context) error {
	if err := b.write(b.backends[:3]); err != nil {
		return err
	}
	argv := b.engine.Argv(b.dir)
	b.process = exec.Command(argv[0], argv[1:]...)
	log, err := os.Create(filepath.Join(b.dir, "output.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	b.process.Stdout, b.process.Stderr = log, log
	b.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.balancer.Do(b.process.Start); err != nil {
		return err
	}
	b.ended = make(chan error, 1)
	go func() { b.ended <- b.process.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if _, err := b.connectOnce(b.listen, time.Second); err == nil {
			tick.Stop()
			return nil
		}
		select {
		case err := <-b.ended:
			b.ended <- err
			out, _ := os.ReadFile(log.Name())
			return fmt.Errorf("it ended: %w: %s", err, out)
		case <-ctx.Done():
			return errors.New("it does not listen")
		case <-tick.C:
		}
	}
}

func (b *bench) reload(ctx context.Context, backends []*backend) error {
	if err := b.write(backends); err != nil {
		return err
	}
	return b.engine.Reload(ctx, b.process.Process, b.dir)
}

func (b *bench) all(f func(*backend) error) error {
	var errs []error
	for _, x := range b.backends[:3] {
		errs = append(errs, f(x))
	}
	return errors.Join(errs...)
}

func (b *bench) close() error {
	var errs []error
	if b.ended != nil {
		errs = append(errs, b.process.Process.Signal(syscall.SIGTERM))
		select {
		case <-b.ended:
		case <-time.After(5 * time.Second):
			errs = append(errs, syscall.Kill(-b.process.Process.Pid, syscall.SIGKILL))
		}
	}
	if b.engine.Check != nil && b.ended != nil {
		errs = append(errs, b.engine.Check(b.dir))
	}
	for _, x := range b.backends {
		x.hang(false)
		_ = x.stop() // it may be stopped
	}
	if b.net != nil {
		errs = append(errs, b.net.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}
