package fake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/bin"
	"github.com/quorate-dev/quorate/fake/internal/ctrl"
	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/sim"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

// outsideAddress is where Cluster.RESTConfig dials from.
const outsideAddress = "10.0.0.1"

// Cluster is a set of simulated hosts in one network. It is safe for concurrent use.
type Cluster struct {
	world    *sim.World
	net      *vnet.Net
	control  *ctrl.Control
	outside  *vnet.Host
	commands map[string]bin.Command
	hosts    map[string]*Host
	names    []string
	faults   faults

	permissive bool
	mu         sync.Mutex
	report     func(format string, args ...any) // fails the test; nil without one
	unhandled  []string
	closed     bool
}

// New makes the hosts and boots them. In a testing/synctest bubble time is virtual; see the package
// documentation. The caller closes it.
func New(opts ...Option) (*Cluster, error) {
	cfg := config{version: "v1.37.2"}
	for _, o := range opts {
		o.apply(&cfg)
	}
	specs, err := cfg.hosts()
	if err != nil {
		return nil, err
	}
	virtual := inBubble()
	w := sim.New(virtual)
	n := vnet.New(virtual)
	c := &Cluster{world: w, net: n, control: ctrl.New(w, n), hosts: map[string]*Host{}, permissive: cfg.permissive}
	c.faults.c = c
	c.outside = n.Host("outside", netip.MustParseAddr(outsideAddress))
	c.control.Unsupported = c.unsupported
	c.commands = bin.Commands(c.control)
	for _, s := range specs {
		m := machine.New(w, n, s.machine(cfg.version))
		c.control.Add(m)
		m.Unsupported = c.unsupported
		h := &Host{c: c, m: m}
		c.hosts[s.Name] = h
		c.names = append(c.names, s.Name)
	}
	w.Do(func() {
		for _, name := range c.names {
			c.hosts[name].m.Boot()
		}
	})
	return c, nil
}

// inBubble tells a synctest bubble by its clock, which starts at midnight UTC 2000-01-01.
func inBubble() bool { return time.Now().Year() < 2020 }

// Close switches everything off. Commands and connections under way end.
func (c *Cluster) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.report = nil
	c.mu.Unlock()
	c.world.Do(func() {
		for _, h := range c.hosts {
			h.m.Changed = func() {}
			h.m.Crash()
		}
	})
	c.world.Stop()
	c.net.Close()
	c.world.Wait()
	return nil
}

// unsupported notes what is not simulated and fails the test. It may be called with any lock held.
func (c *Cluster) unsupported(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unhandled = append(c.unhandled, what)
	if c.report != nil && !c.permissive {
		c.report("fake: not simulated: %s", what)
	}
}

// Unhandled lists what was asked of the simulator that it does not simulate, in order.
func (c *Cluster) Unhandled() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.unhandled)
}

// Host returns a host by its name in the simulation ("cp1"). It panics when there is none of that
// name, which is a mistake in the test.
func (c *Cluster) Host(name string) *Host {
	h := c.hosts[name]
	if h == nil {
		panic(fmt.Sprintf("fake: no host %q; there are %v", name, c.names))
	}
	return h
}

// Hosts returns all hosts, in the order they were asked for.
func (c *Cluster) Hosts() []*Host {
	out := make([]*Host, len(c.names))
	for i, n := range c.names {
		out[i] = c.hosts[n]
	}
	return out
}

// Now is the simulated time of day.
func (c *Cluster) Now() time.Time { return c.world.Now() }

// Advance lets time pass: in a bubble it sleeps, elsewhere it moves the clock, and every deadline on the
// way (a token that expires, a Node that is given up) happens in order.
func (c *Cluster) Advance(d time.Duration) { c.world.Advance(d) }

// Settle lets what is going to happen within d happen, in a bubble; elsewhere it has happened already.
func (c *Cluster) Settle(d time.Duration) {
	if c.world.Virtual() {
		time.Sleep(d)
	}
}

// DialContext connects from outside of the hosts, to addresses.
func (c *Cluster) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if network != "tcp" && network != "tcp4" {
		return nil, errors.New("fake: only tcp reaches hosts from outside")
	}
	return c.outside.Dial(ctx, "tcp", address)
}
