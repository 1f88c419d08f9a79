package ha

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// graph is the steps of one Apply under way: each waits for those before it, and those that need a
// failed one are not begun.
type graph struct {
	session  *session
	finished map[string]chan struct{} // closed when a step has ended, begun or not
	slots    chan struct{}

	mu     sync.Mutex
	failed map[string]bool
	errs   []*StepError
}

// perform runs steps in the order of their graph.
func (s *session) perform(ctx context.Context, steps []step) error {
	g := &graph{
		session:  s,
		finished: make(map[string]chan struct{}, len(steps)),
		slots:    make(chan struct{}, max(1, s.cluster.parallel)),
		failed:   map[string]bool{},
	}
	for _, st := range steps {
		g.finished[st.ID] = make(chan struct{})
	}
	var wg sync.WaitGroup
	for i := range steps {
		wg.Go(func() { g.run(ctx, &steps[i]) })
	}
	wg.Wait()
	slices.SortFunc(g.errs, func(a, b *StepError) int { return compareText(a.Step, b.Step) })
	all := make([]error, 0, len(g.errs)+1)
	for _, err := range g.errs {
		all = append(all, err)
	}
	if len(g.errs) == 0 && ctx.Err() != nil {
		all = append(all, fmt.Errorf("ha: apply: %w", ctx.Err()))
	}
	return errors.Join(all...)
}

// run waits for its turn and performs one step.
func (g *graph) run(ctx context.Context, st *step) {
	defer close(g.finished[st.ID])
	for _, id := range st.After {
		if c, ok := g.finished[id]; ok {
			<-c
		}
	}
	g.slots <- struct{}{}
	defer func() { <-g.slots }()
	if ctx.Err() != nil || g.blocked(st) {
		g.fail(st.ID, nil)
		return
	}
	if err := g.session.performStep(ctx, st); err != nil {
		g.fail(st.ID, err)
	}
}

// blocked says whether a step that st needs failed, or was itself blocked.
func (g *graph) blocked(st *step) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(st.After, func(id string) bool { return g.failed[id] })
}

// fail remembers a step that failed; nil is one that was not begun.
func (g *graph) fail(id string, err *StepError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failed[id] = true
	if err != nil {
		g.errs = append(g.errs, err)
	}
}
