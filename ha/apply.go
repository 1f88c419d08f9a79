package ha

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/quorate-dev/quorate/transport"
)

// Plan looks at every host and at the cluster and returns the steps from there to the Spec. Nothing is changed. A host in
// the Spec that is not part of the cluster joins; a node that the Spec does not name is noted and left alone.
//
// What stands in the way (a host that cannot be reached, the wrong operating system, clocks that differ) is
// a *HostsError that names all of it.
func (c *Cluster) Plan(ctx context.Context) (*Plan, error) {
	return c.planOf(ctx, Operation{Kind: OperationApply})
}

func (c *Cluster) planOf(ctx context.Context, op Operation) (*Plan, error) {
	s := c.open()
	defer s.close()
	b, err := s.plan(ctx, op)
	if err != nil {
		return nil, err
	}
	return b.plan(op), nil
}

// plan observes and plans one operation.
func (s *session) plan(ctx context.Context, op Operation) (*planner, error) {
	c := s.cluster
	switch op.Kind {
	case OperationApply:
		cni, err := c.loadManifest(ctx)
		if err != nil {
			return nil, err
		}
		obs, err := s.observe(ctx, "")
		if err != nil {
			return nil, err
		}
		if cni != nil && obs.cluster != nil {
			kube, err := s.kubeAt(ctx, obs.cluster.via)
			if err != nil {
				return nil, err
			}
			if obs.cluster.cniMissing, err = cni.missing(ctx, kube); err != nil {
				return nil, fmt.Errorf("ha: network plugin: %w", err)
			}
		}
		b := c.newPlanner(obs, cni)
		b.planApply()
		return b, nil
	case OperationRemove:
		return s.planRemove(ctx, op.Host)
	case OperationReset:
		return s.planReset(ctx)
	}
	return nil, fmt.Errorf("ha: plan: %q is not an operation", op.Kind)
}

// Apply performs the steps of p, and no others: it looks at the hosts again, and where the steps would no longer be the same it
// returns a *PlanChangedError and changes nothing. p may have gone through JSON.
//
// Steps run side by side as far as their order allows. When one fails, those that need it are not begun, the others go on,
// and all failures are returned, each a *StepError. Calling Plan and Apply again goes on where this call
// ended. When ctx ends, running commands are ended on their hosts.
func (c *Cluster) Apply(ctx context.Context, p *Plan) error {
	s := c.open()
	defer s.close()
	b, err := s.plan(ctx, p.Operation)
	if err != nil {
		return err
	}
	if fresh := b.plan(p.Operation); fresh.Hash() != p.Hash() {
		return p.changedSince(fresh)
	}
	err = s.perform(ctx, b.steps)
	revokeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	return errors.Join(err, s.revokeToken(revokeCtx))
}

// performStep is the one loop: check, do, check. An outcome that is unknown because the connection was lost is
// checked again once the host answers.
func (s *session) performStep(ctx context.Context, st *step) *StepError {
	start := time.Now()
	event := Event{Host: st.Host, Step: st.ID, Title: st.Title}
	send := func(kind EventKind, err error) {
		e := event
		e.Kind, e.Err, e.Elapsed = kind, err, time.Since(start)
		if err != nil {
			e.Message = err.Error()
		}
		s.cluster.emit(e)
	}
	send(StepStarted, nil)
	stepCtx, cancel := context.WithTimeout(ctx, st.Limit)
	defer cancel()
	r := &stepRun{session: s, step: st, conn: s.host(st.Host)}
	worked, err := r.checkDoCheck(stepCtx, func(err error) { send(StepRetried, err) })
	if err != nil {
		if stepCtx.Err() != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(err, stepCtx.Err())
		}
		err = &StepError{Step: st.ID, Title: st.Title, Host: st.Host, After: time.Since(start), Limit: st.Limit, Err: s.redactError(err)}
		send(StepFailed, err)
		return err.(*StepError)
	}
	if worked {
		send(StepDone, nil)
	} else {
		send(StepSkipped, nil)
	}
	return nil
}

// errNotTrue says that a step did its work and the check still says no.
var errNotTrue = errors.New("the step's work went through, and what it is for is still not true")

const (
	// reconnectPause is the pause before a host whose connection was lost is asked again.
	reconnectPause = 2 * time.Second
	// reconnectPatience is how long a host may stay away in the middle of a step: long enough for a
	// network that hiccups or a quick reboot, and no longer than one likes to wait for a dead host, since apply
	// can always be called again.
	reconnectPatience = time.Minute
)

// checkDoCheck returns whether work was needed.
func (r *stepRun) checkDoCheck(ctx context.Context, retrying func(error)) (worked bool, err error) {
	var lost time.Time // since when the host has been away
	for {
		ok, err := r.step.done(ctx, r)
		if !connectionLost(err) {
			lost = time.Time{}
		}
		if err == nil && ok {
			return worked, nil
		}
		if err == nil && !worked {
			worked = true
			if err = r.step.do(ctx, r); err == nil {
				ok, err = r.step.done(ctx, r)
				if err == nil && ok {
					return true, nil
				}
				if err == nil {
					return true, errNotTrue
				}
			}
		} else if err == nil {
			// The connection broke in the middle of the work, and the check says that it was not done.
			worked = false
			continue
		}
		if !connectionLost(err) || ctx.Err() != nil {
			return worked, err
		}
		if lost.IsZero() {
			lost = time.Now()
			retrying(err)
		} else if time.Since(lost) > reconnectPatience {
			return worked, fmt.Errorf("the host stayed away for %s: %w", reconnectPatience, err)
		}
		if pauseErr := pause(ctx, reconnectPause); pauseErr != nil {
			return worked, err
		}
	}
}

// pause waits for d, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// insist calls f until it succeeds, for as long as patience lasts, and returns its last error.
func insist(ctx context.Context, patience time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil || pause(ctx, pollInterval) != nil {
			return err
		}
	}
}

// broken says whether err is that a connection which had been there broke.
func broken(err error) bool {
	return errors.Is(err, transport.ErrUnknownOutcome) || errors.Is(err, io.ErrUnexpectedEOF)
}

// connectionLost says whether err is about reaching a host rather than about what was asked of it.
func connectionLost(err error) bool {
	var connect *transport.ConnectError
	return broken(err) || (errors.As(err, &connect) && connect.Temporary)
}
