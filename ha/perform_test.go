package ha

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/transport"
)

// performance records what steps did, in virtual time.
type performance struct {
	mu     sync.Mutex
	events []Event
	spans  map[string][2]time.Time // when a step's work began and ended
	now    map[string]bool         // steps at work
	most   int                     // the most at once
}

func (p *performance) session(t require.TestingT, opts ...Option) *session {
	p.spans, p.now = map[string][2]time.Time{}, map[string]bool{}
	c, err := New(validSpec(), unreachable, append(opts, WithEvents(func(e Event) { p.events = append(p.events, e) }))...)
	require.NoError(t, err)
	return c.open()
}

// work is a step that takes d and ends in err. What it is for is true once it has ended well.
func (p *performance) work(id string, d time.Duration, err error, after ...string) step {
	done := false
	return step{
		Step: Step{ID: id, Host: "cp1", Title: "does " + id, After: after, Limit: time.Hour},
		done: func(context.Context, *stepRun) (bool, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return done, nil
		},
		do: func(ctx context.Context, _ *stepRun) error {
			start := p.begin(id)
			defer p.end(id, start)
			if err := pause(ctx, d); err != nil {
				return err
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			done = err == nil
			return err
		},
	}
}

func (p *performance) begin(id string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now[id] = true
	p.most = max(p.most, len(p.now))
	return time.Now()
}

func (p *performance) end(id string, start time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.now, id)
	p.spans[id] = [2]time.Time{start, time.Now()}
}

// kinds returns the kinds of a step's events, in order.
func (p *performance) kinds(id string) []EventKind {
	var kinds []EventKind
	for _, e := range p.events {
		if e.Step == id {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

var errBroken = errors.New("broken")

func TestPerformFollowsTheGraph(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		start := time.Now()
		require.NoError(t, s.perform(t.Context(), []step{
			p.work("cp1/prepare", 3*time.Second, nil),
			p.work("cp2/prepare", 5*time.Second, nil),
			p.work("cp1/init", 10*time.Second, nil, "cp1/prepare"),
			p.work("cp2/join", 10*time.Second, nil, "cp2/prepare", "cp1/init"),
			p.work("cp3/join", 10*time.Second, nil, "cp2/join"),
			p.work("w1/join", time.Second, nil, "cp1/init"),
		}))
		assert.Equal(t, 33*time.Second, time.Since(start), "the longest way through the graph, and no longer")
		assert.Equal(t, 13*time.Second, p.spans["w1/join"][0].Sub(start), "a worker does not wait for the other control planes")
		assert.Equal(t, 0*time.Second, p.spans["cp2/prepare"][0].Sub(start))
		for _, id := range []string{"cp1/prepare", "cp3/join"} {
			assert.Equal(t, []EventKind{StepStarted, StepDone}, p.kinds(id))
		}
		last := p.events[len(p.events)-1]
		assert.Equal(t, 10*time.Second, last.Elapsed)
		assert.Equal(t, "does cp3/join", last.Title)
	})
}

func TestPerformOfNothing(t *testing.T) {
	t.Parallel()
	p := &performance{}
	s := p.session(t)
	require.NoError(t, s.perform(t.Context(), nil))
	assert.Empty(t, p.events)
}

// A step that is named in After and is not in the plan is done already: it is not waited for.
func TestPerformDoesNotWaitForStepsThatAreNotPlanned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		require.NoError(t, s.perform(t.Context(), []step{p.work("w1/join", time.Second, nil, "cp1/init")}))
	})
}

func TestPerformStopsOnlyWhatDepends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		err := s.perform(t.Context(), []step{
			p.work("cp1/init", time.Second, nil),
			p.work("cp2/join", time.Second, errBroken, "cp1/init"),
			p.work("cp3/join", time.Second, nil, "cp2/join"),
			p.work("cp3/verify", time.Second, nil, "cp3/join"),
			p.work("w1/join", 5*time.Second, nil, "cp1/init"),
			p.work("w1/verify", time.Second, nil, "w1/join"),
			p.work("w2/join", time.Second, errors.New("no disk"), "cp1/init"),
		})
		require.ErrorIs(t, err, errBroken)
		assert.EqualError(t, err, "ha: step cp2/join on cp1 (does cp2/join): broken\nha: step w2/join on cp1 (does w2/join): no disk", "in the order of the steps' names")
		var se *StepError
		require.ErrorAs(t, err, &se)
		assert.Equal(t, &StepError{Step: "cp2/join", Host: "cp1", Title: "does cp2/join", After: time.Second, Limit: time.Hour, Err: errBroken}, se)
		assert.Empty(t, p.kinds("cp3/join"), "what depends on a failed step never begins")
		assert.Empty(t, p.kinds("cp3/verify"), "nor what depends on that")
		assert.Equal(t, []EventKind{StepStarted, StepDone}, p.kinds("w1/verify"), "everything else goes on")
		assert.Equal(t, []EventKind{StepStarted, StepFailed}, p.kinds("cp2/join"))
	})
}

func TestPerformSkipsWhatIsTrue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		st := p.work("cp1/swap", time.Second, nil)
		st.done = func(context.Context, *stepRun) (bool, error) { return true, nil }
		require.NoError(t, s.perform(t.Context(), []step{st}))
		assert.Equal(t, []EventKind{StepStarted, StepSkipped}, p.kinds("cp1/swap"))
		assert.Empty(t, p.spans, "no work was done")
	})
}

func TestPerformFailsWhenTheWorkDoesNotShow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		st := p.work("cp1/swap", time.Second, nil)
		st.done = func(context.Context, *stepRun) (bool, error) { return false, nil }
		require.ErrorIs(t, s.perform(t.Context(), []step{st}), errNotTrue)
		assert.Len(t, p.spans, 1, "the work was done once")
	})
}

func TestPerformEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		err := s.perform(ctx, []step{
			p.work("cp1/init", time.Minute, nil),
			p.work("cp2/join", time.Hour, nil, "cp1/init"),
			p.work("cp3/join", time.Second, nil, "cp2/join"),
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 90*time.Second, time.Since(start))
		assert.Equal(t, []EventKind{StepStarted, StepDone}, p.kinds("cp1/init"))
		assert.Empty(t, p.kinds("cp3/join"))
	})
}

func TestPerformBeforeItsContextEndedBeginsNothing(t *testing.T) {
	t.Parallel()
	p := &performance{}
	s := p.session(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.perform(ctx, []step{p.work("cp1/init", time.Second, nil)})
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualError(t, err, "ha: apply: context canceled")
	assert.Empty(t, p.events)
}

// A step that waits for its turn while the context ends has not begun: nobody is told that it failed.
func TestPerformCancelledWhileWaitingForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t, WithParallelism(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := s.perform(ctx, []step{p.work("a", time.Hour, nil), p.work("b", time.Hour, nil)})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Len(t, p.events, 2, "one step started and failed, the other never began: %v", p.events)
	})
}

func TestPerformKeepsToItsParallelism(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 0} {
		synctest.Test(t, func(t *testing.T) {
			p := &performance{}
			s := p.session(t, WithParallelism(n))
			var steps []step
			for i := range 12 {
				steps = append(steps, p.work(fmt.Sprintf("h%d/work", i), time.Second, nil))
			}
			start := time.Now()
			require.NoError(t, s.perform(t.Context(), steps))
			atOnce := max(1, n)
			assert.Equal(t, atOnce, p.most)
			assert.Equal(t, time.Duration(12/atOnce)*time.Second, time.Since(start))
		})
	}
}

// A step ends within its limit, and its error says so, while its caller's context goes on.
func TestPerformKeepsToALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		st := p.work("cp1/init", time.Hour, nil)
		st.Limit = 15 * time.Minute
		start := time.Now()
		err := s.perform(t.Context(), []step{st})
		var se *StepError
		require.ErrorAs(t, err, &se)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 15*time.Minute, time.Since(start))
		assert.Equal(t, 15*time.Minute, se.After)
		assert.Equal(t, 15*time.Minute, se.Limit)
	})
}

// The limit shows even when the work hides that it ran out of time.
func TestPerformNamesTheLimitBehindAnotherError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &performance{}
		s := p.session(t)
		st := p.work("cp1/init", 0, nil)
		st.Limit = time.Minute
		st.do = func(ctx context.Context, _ *stepRun) error {
			<-ctx.Done()
			return errBroken
		}
		err := s.perform(t.Context(), []step{st})
		require.ErrorIs(t, err, errBroken)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Whatever the graph and whichever steps fail: no step begins before those it waits for have ended well, every other
// one runs once, and the error names exactly those that failed.
func TestPerformAnyGraph(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(rt, "steps")
		parallel := rapid.IntRange(1, 4).Draw(rt, "parallelism")
		type plan struct {
			after []int
			fails bool
			takes int
		}
		plans := make([]plan, n)
		for i := range plans {
			if i > 0 {
				plans[i].after = rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 0, 3, rapid.ID[int]).Draw(rt, "after")
			}
			plans[i].fails = rapid.IntRange(0, 4).Draw(rt, "fails") == 0
			plans[i].takes = rapid.IntRange(0, 5).Draw(rt, "seconds")
		}
		runs := make([]bool, n)
		var wantFailed []string
		for i, pl := range plans {
			runs[i] = !slices.ContainsFunc(pl.after, func(j int) bool { return !runs[j] || plans[j].fails })
			if runs[i] && pl.fails {
				wantFailed = append(wantFailed, fmt.Sprintf("s%02d", i))
			}
		}
		p := &performance{}
		var err error
		synctest.Test(t, func(t *testing.T) {
			s := p.session(t, WithParallelism(parallel))
			var steps []step
			for i, pl := range plans {
				var after []string
				for _, j := range pl.after {
					after = append(after, fmt.Sprintf("s%02d", j))
				}
				var cause error
				if pl.fails {
					cause = errBroken
				}
				steps = append(steps, p.work(fmt.Sprintf("s%02d", i), time.Duration(pl.takes)*time.Second, cause, after...))
			}
			err = s.perform(t.Context(), steps)
		})
		var failed []string
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				var se *StepError
				require.ErrorAs(rt, e, &se)
				failed = append(failed, se.Step)
			}
		}
		assert.Equal(rt, wantFailed, failed)
		assert.LessOrEqual(rt, p.most, parallel)
		for i, pl := range plans {
			span, ran := p.spans[fmt.Sprintf("s%02d", i)]
			assert.Equal(rt, runs[i], ran)
			for _, j := range pl.after {
				if ran {
					assert.False(rt, span[0].Before(p.spans[fmt.Sprintf("s%02d", j)][1]), "s%02d began before s%02d ended", i, j)
				}
			}
		}
	})
}

var (
	errUnknown  = fmt.Errorf("cp1: kubeadm init: %w", transport.ErrUnknownOutcome)
	errTempDial = &transport.ConnectError{Host: "cp1", Op: "dial", Temporary: true, Err: errUnreachable}
	errForever  = &transport.ConnectError{Host: "cp1", Op: "handshake", Err: errors.New("wrong host key")}
)

func TestCheckDoCheck(t *testing.T) {
	t.Parallel()
	type answer struct {
		ok  bool
		err error
	}
	no, yes := answer{}, answer{ok: true}
	tests := []struct {
		name    string
		checks  []answer // what done says, one after the other
		works   []error  // what do returns
		worked  bool
		err     error
		retries int
		takes   time.Duration
	}{
		{name: "true already", checks: []answer{yes}},
		{name: "done and proven", checks: []answer{no, yes}, works: []error{nil}, worked: true},
		{name: "the work fails", checks: []answer{no}, works: []error{errBroken}, worked: true, err: errBroken},
		{name: "the work does not show", checks: []answer{no, no}, works: []error{nil}, worked: true, err: errNotTrue},
		{name: "the check fails", checks: []answer{{err: errBroken}}, err: errBroken},
		{name: "the outcome is unknown, and it was done", checks: []answer{no, yes}, works: []error{errUnknown}, worked: true, retries: 1, takes: reconnectPause},
		{name: "the outcome is unknown, and it was not done", checks: []answer{no, no, no, yes}, works: []error{errUnknown, nil}, worked: true, retries: 1, takes: reconnectPause},
		{name: "the host goes away and comes back before the work", checks: []answer{{err: errTempDial}, {err: errTempDial}, no, yes}, works: []error{nil}, worked: true, retries: 1, takes: 2 * reconnectPause},
		{name: "the host goes away at the proof", checks: []answer{no, {err: errTempDial}, yes}, works: []error{nil}, worked: true, retries: 1, takes: reconnectPause},
		{name: "twice unknown", checks: []answer{no, no, no, no, no, yes}, works: []error{errUnknown, errUnknown, nil}, worked: true, retries: 2, takes: 2 * reconnectPause},
		{name: "a wrong host key does not get right by waiting", checks: []answer{{err: errForever}}, err: errForever},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				checks, works, retries := tt.checks, tt.works, 0
				st := &step{
					done: func(context.Context, *stepRun) (bool, error) {
						require.NotEmpty(t, checks, "one check too many")
						a := checks[0]
						checks = checks[1:]
						return a.ok, a.err
					},
					do: func(context.Context, *stepRun) error {
						require.NotEmpty(t, works, "one attempt too many")
						err := works[0]
						works = works[1:]
						return err
					},
				}
				start := time.Now()
				worked, err := (&stepRun{step: st}).checkDoCheck(t.Context(), func(error) { retries++ })
				assert.Equal(t, tt.worked, worked)
				assert.ErrorIs(t, err, tt.err)
				assert.Empty(t, checks, "checks left over")
				assert.Empty(t, works, "attempts left over")
				assert.Equal(t, tt.retries, retries)
				assert.Equal(t, tt.takes, time.Since(start))
			})
		})
	}
}

// A host that stays away ends the step after a while with what it was, long before the step's own limit.
func TestCheckDoCheckGivesUpOnAHostThatStaysAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &step{done: func(context.Context, *stepRun) (bool, error) { return false, errTempDial }}
		start := time.Now()
		_, err := (&stepRun{step: st}).checkDoCheck(t.Context(), func(error) {})
		require.ErrorIs(t, err, errUnreachable)
		assert.ErrorContains(t, err, "stayed away")
		assert.InDelta(t, reconnectPatience, time.Since(start), float64(2*reconnectPause))
	})
}

func TestCheckDoCheckEndsWithItsContextWhileTheHostIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		st := &step{done: func(context.Context, *stepRun) (bool, error) { return false, errTempDial }}
		start := time.Now()
		_, err := (&stepRun{step: st}).checkDoCheck(ctx, func(error) {})
		require.ErrorIs(t, err, errUnreachable)
		assert.Equal(t, 5*time.Second, time.Since(start))
	})
}

func TestConnectionLost(t *testing.T) {
	t.Parallel()
	assert.True(t, connectionLost(errUnknown))
	assert.True(t, connectionLost(fmt.Errorf("read: %w", errTempDial)))
	assert.False(t, connectionLost(errForever))
	assert.False(t, connectionLost(errBroken))
	assert.False(t, connectionLost(&transport.ExitError{ExitCode: 255}))
	assert.False(t, connectionLost(nil))
}

func TestEventsComeOneAtATime(t *testing.T) {
	t.Parallel()
	inside, events := 0, 0
	c, err := New(validSpec(), unreachable, WithEvents(func(e Event) {
		inside++
		defer func() { inside-- }()
		assert.Equal(t, 1, inside)
		assert.False(t, e.Time.IsZero())
		events++
	}))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { c.emit(Event{Kind: StepOutput}) })
	}
	wg.Wait()
	assert.Equal(t, 50, events)
	testCluster(t, validSpec()).emit(Event{}) // nobody listens
}
