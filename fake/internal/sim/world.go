package sim

import (
	"container/heap"
	"context"
	"runtime"
	"sync"
	"time"
)

// World is the shared state's lock, clock and event list. All methods are safe for concurrent use,
// except those that say that the lock must be held.
type World struct {
	mu      sync.Mutex
	virtual bool
	done    chan struct{}
	closed  bool
	wg      sync.WaitGroup

	offset time.Duration // what Advance added, outside a bubble
	ready  []func()      // progress waiting for Unlock, outside a bubble
	later  deadlines     // deadlines waiting for Advance, outside a bubble
	seq    int
	timers map[*time.Timer]struct{} // pending events in a bubble
	serial map[string]int           // counters by purpose
}

// New returns a World. virtual says that the caller runs in a synctest bubble.
func New(virtual bool) *World {
	return &World{virtual: virtual, done: make(chan struct{}), timers: map[*time.Timer]struct{}{}, serial: map[string]int{}}
}

// Virtual says whether time is that of a synctest bubble.
func (w *World) Virtual() bool { return w.virtual }

// Lock takes the lock over all simulated state.
func (w *World) Lock() { w.mu.Lock() }

// Unlock lets go of the lock, after the progress that the holder caused has happened (outside a bubble).
func (w *World) Unlock() {
	for len(w.ready) > 0 && !w.closed {
		f := w.ready[0]
		w.ready = w.ready[1:]
		f()
	}
	w.mu.Unlock()
}

// Do runs f with the lock held.
func (w *World) Do(f func()) {
	w.Lock()
	defer w.Unlock()
	f()
}

// Now is the simulated time of day.
func (w *World) Now() time.Time {
	if w.virtual {
		return time.Now()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.NowLocked()
}

// NowLocked is Now for holders of the lock.
func (w *World) NowLocked() time.Time {
	if w.virtual {
		return time.Now()
	}
	return time.Now().Add(w.offset)
}

// Soon makes f happen after d, with the lock held: the progress of something that was started.
// Outside a bubble it happens as soon as the lock is released. The lock must be held.
func (w *World) Soon(d time.Duration, f func()) {
	if w.closed {
		return
	}
	if !w.virtual {
		w.ready = append(w.ready, f)
		return
	}
	w.timer(d, f)
}

// Later makes f happen after d, with the lock held: a deadline. Outside a bubble it happens when
// the clock passes it, which only Advance makes it do at once. The lock must be held, also by cancel's caller.
func (w *World) Later(d time.Duration, f func()) (cancel func()) {
	if w.closed {
		return func() {}
	}
	if w.virtual {
		return w.timer(d, f)
	}
	w.seq++
	e := &deadline{at: w.NowLocked().Add(d), seq: w.seq, f: f}
	heap.Push(&w.later, e)
	return func() { e.f = nil }
}

func (w *World) timer(d time.Duration, f func()) (cancel func()) {
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		w.Lock()
		defer w.Unlock()
		if _, pending := w.timers[t]; !pending || w.closed {
			return
		}
		delete(w.timers, t)
		f()
	})
	w.timers[t] = struct{}{}
	return func() {
		t.Stop()
		delete(w.timers, t)
	}
}

// Settle lets deadlines that have passed happen. In a bubble they happen by themselves.
// The lock must be held.
func (w *World) Settle() {
	for !w.virtual && len(w.later) > 0 && !w.later[0].at.After(w.NowLocked()) {
		if e := heap.Pop(&w.later).(*deadline); e.f != nil {
			e.f()
		}
	}
}

// Advance moves the clock by d. In a bubble it sleeps; outside, every deadline on the way happens in order.
func (w *World) Advance(d time.Duration) {
	if w.virtual {
		time.Sleep(d)
		return
	}
	w.Lock()
	end := w.offset + d
	real := time.Now()
	for len(w.later) > 0 && !w.closed {
		next := w.later[0]
		if next.at.After(real.Add(end)) {
			break
		}
		w.offset = max(w.offset, next.at.Sub(real))
		w.Settle()
		w.Unlock() // progress caused by the deadline
		w.Lock()
	}
	w.offset = max(w.offset, end)
	w.Unlock()
}

// Sleep waits for d in a bubble. Outside it returns at once: the caller charges d to itself.
// It returns early with the context's error. The lock must not be held.
func (w *World) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !w.virtual {
		runtime.Gosched() // others that run at the same time get their turn, as a sleeper would let them
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Serial counts purposes up from 1: names and ids that are equal in equal runs. The lock must be held.
func (w *World) Serial(purpose string) int {
	w.serial[purpose]++
	return w.serial[purpose]
}

// Go runs f in a goroutine that Close waits for.
func (w *World) Go(f func()) {
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		f()
	}()
}

// Done is closed by Close.
func (w *World) Done() <-chan struct{} { return w.done }

// Stop ends all events. Wait then waits for goroutines started by Go.
func (w *World) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	close(w.done)
	for t := range w.timers {
		t.Stop()
	}
	w.timers, w.ready, w.later = map[*time.Timer]struct{}{}, nil, nil
}

// Wait waits for the goroutines that Go started.
func (w *World) Wait() { w.wg.Wait() }
