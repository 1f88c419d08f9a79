package ha

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/wait"
)

// planVerify looks, from every host that changed, at the cluster through the endpoint: the check that the how-to does from each master.
// Where a network plugin is installed nodes have to be Ready.
func (b *planner) planVerify() {
	var after []string
	for _, s := range b.steps {
		after = append(after, s.ID)
	}
	controlPlaneChanges := slices.ContainsFunc(b.steps, func(s step) bool {
		h, _ := b.spec.host(s.Host)
		return h.Role == RoleControlPlane
	})
	for _, h := range b.spec.nodes() {
		changed := len(b.allOf(h.Name)) > 0 || (controlPlaneChanges && h.Role == RoleControlPlane)
		if !changed && b.healthy(h) {
			continue
		}
		title := h.Name + " reaches the API through the endpoint"
		if h.Role == RoleControlPlane {
			title = h.Name + " sees every node through the endpoint"
		}
		if b.cni != nil {
			title += ", and is Ready"
		}
		waitFor := after
		if h.Role == RoleWorker {
			waitFor = append(b.allOf(h.Name), b.cniStep()...)
		}
		b.add(step{
			Step: Step{ID: stepID(h.Name, "verify"), Host: h.Name, Title: title, After: waitFor, Limit: limitVerify},
			done: func(ctx context.Context, r *stepRun) (bool, error) { return r.verified(ctx, h) == nil, ctx.Err() },
			do: func(ctx context.Context, r *stepRun) error {
				var last error
				err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
					err := r.verified(ctx, h)
					if err != nil && (last == nil || err.Error() != last.Error()) {
						r.report(oneLine(err.Error()))
					}
					if err != nil && ctx.Err() == nil {
						last = err
					}
					return err == nil, nil
				})
				if err != nil {
					return errors.Join(last, err)
				}
				return nil
			},
		})
	}
}

// cniStep is the step that installs the network plugin, where the plan has it.
func (b *planner) cniStep() []string {
	for _, s := range b.steps {
		if strings.HasSuffix(s.ID, "/cni") {
			return []string{s.ID}
		}
	}
	return nil
}

// healthy says whether a host was found as verification would leave it.
func (b *planner) healthy(h Host) bool {
	c := b.obs.cluster
	if c == nil || c.views[h.Name] != nil {
		return false
	}
	n, ok := c.nodes[h.Name]
	return ok && (n.ready || b.cni == nil) && (h.Role != RoleControlPlane || c.apiReady[h.Name])
}

// verified returns nil when the cluster looks right from h.
func (r *stepRun) verified(ctx context.Context, h Host) error {
	spec := r.cluster.spec
	if h.Role == RoleWorker {
		if err := r.endpointReady(ctx, h); err != nil {
			return err
		}
		via, err := r.controlPlane(ctx, h)
		if err != nil {
			return err
		}
		seen, err := r.nodesSeenFrom(ctx, via)
		if err != nil {
			return err
		}
		return spec.nodesAsExpected(via.Name, seen, []Host{h})
	}
	if err := r.apiReady(ctx, h); err != nil {
		return fmt.Errorf("%s: its apiserver: %w", h.Name, err)
	}
	seen, err := r.nodesSeenFrom(ctx, h)
	if err != nil {
		return err
	}
	return spec.nodesAsExpected(h.Name, seen, spec.nodes())
}

// nodesAsExpected compares the nodes that one host sees with the hosts that should be nodes.
func (s Spec) nodesAsExpected(from string, seen []string, want []Host) error {
	var wrong []string
	for _, h := range want {
		if slices.Contains(seen, h.Name+" Ready") || (s.CNI.Manifest == "" && slices.Contains(seen, h.Name+" NotReady")) {
			continue
		}
		state := "missing"
		if slices.Contains(seen, h.Name+" NotReady") {
			state = "NotReady"
		}
		wrong = append(wrong, h.Name+" is "+state)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("seen from %s: %s", from, strings.Join(wrong, ", "))
	}
	return nil
}
