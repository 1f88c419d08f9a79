package main

import (
	"context"
	"errors"
	"time"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/transport"
)

// target is the cluster that a verb works on: what it should be, and the way to its hosts.
type target struct {
	spec ha.Spec
	dial transport.Dialer
	// hosts are the simulated hosts; nil for real ones.
	hosts *fake.Cluster
	// close lets go of simulated hosts.
	close func()
}

// open returns the cluster of the command line. built says that the verb needs one that stands: simulated hosts, which
// begin bare, are then made into a cluster first, without a word of how.
func (c *cli) open(ctx context.Context, built bool) (*target, error) {
	if !c.simulate {
		spec, err := ha.LoadSpec(c.file)
		if err != nil {
			var specErr *ha.SpecError
			if !errors.As(err, &specErr) {
				err = badInput(err.Error()) // the file cannot be read
			}
			return nil, err
		}
		return &target{spec: spec, dial: c.dial(spec), close: func() {}}, nil
	}
	t, err := c.simulated()
	if err != nil {
		return nil, err
	}
	if built {
		if err := c.build(ctx, t); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

// build makes simulated hosts into a cluster.
func (c *cli) build(ctx context.Context, t *target) error {
	begin := time.Now()
	cluster, err := ha.New(t.spec, t.dial)
	if err != nil {
		return err
	}
	plan, err := cluster.Plan(ctx)
	if err != nil {
		return err
	}
	if err := cluster.Apply(ctx, plan); err != nil {
		return err
	}
	c.note("simulation: a cluster was built first, in %s; it lives as long as this process", time.Since(begin).Round(100*time.Millisecond))
	return nil
}

// cluster gives the target its events.
func (t *target) cluster(events func(ha.Event)) (*ha.Cluster, error) {
	return ha.New(t.spec, t.dial, ha.WithEvents(events))
}
