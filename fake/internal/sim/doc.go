// Package sim is the core of the simulator: one lock over all state, one clock, and the events
// that happen by themselves.
//
// Time has two modes. In a testing/synctest bubble the time package is virtual, so the World uses
// it as it is: Sleep sleeps, events are timers. Outside a bubble nothing waits: Sleep returns at
// once (the caller charges the duration to itself), events that are progress (a container starts)
// happen as soon as the lock is released, and events that are deadlines (a token expires) wait
// for Advance.
//
//	w := sim.New(true)
//	w.Lock()
//	w.Soon(2*time.Second, func() { running = true }) // called with the lock held
//	w.Unlock()
package sim
