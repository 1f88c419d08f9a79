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
	members  map[string]chan struct{} // closed when etcd has a join's member, or the join has ended
	slots    chan struct{}

	mu     sync.Mutex
	failed map[string]bool
	has    map[string]bool // the joins whose member etcd has
	errs   []*StepError
}

// perform runs steps in the order of their graph.
func (s *session) perform(ctx context.Context, steps []step) error {
	g := &graph{
		session:  s,
		finished: make(map[string]chan struct{}, len(steps)),
		members:  make(map[string]chan struct{}, len(steps)),
		slots:    make(chan struct{}, max(1, s.cluster.parallel)),
		failed:   map[string]bool{},
		has:      map[string]bool{},
	}
	for _, st := range steps {
		g.finished[st.ID], g.members[st.ID] = make(chan struct{}), make(chan struct{})
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
	announce := sync.OnceFunc(func() { close(g.members[st.ID]) })
	defer func() {
		announce()
		close(g.finished[st.ID])
	}()
	await(g.finished, st.After)
	await(g.members, st.AfterMember)
	g.slots <- struct{}{}
	defer func() { <-g.slots }()
	if ctx.Err() != nil || g.blocked(st) {
		g.fail(st.ID, nil)
		return
	}
	member := func() {
		g.mu.Lock()
		g.has[st.ID] = true
		g.mu.Unlock()
		announce()
	}
	if err := g.session.performStep(ctx, st, member); err != nil {
		g.fail(st.ID, err)
		return
	}
	member()
}

// await waits for the steps of ids as far as the plan has them.
func await(channels map[string]chan struct{}, ids []string) {
	for _, id := range ids {
		if c, ok := channels[id]; ok {
			<-c
		}
	}
}

// blocked says whether a step that st needs failed, or was itself blocked.
func (g *graph) blocked(st *step) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(st.After, func(id string) bool { return g.failed[id] }) ||
		slices.ContainsFunc(st.AfterMember, func(id string) bool { return g.failed[id] && !g.has[id] })
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
