package fake

import (
	"testing"
	"testing/synctest"
)

// TB is what Run needs of a test. *testing.T and *testing.B meet it, and *rapid.T and ginkgo's GinkgoT().
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Run is New for a test: the cluster is closed with it, and what is not simulated fails it.
func Run(tb TB, opts ...Option) *Cluster {
	tb.Helper()
	c, err := New(opts...)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	c.mu.Lock()
	c.report = tb.Errorf
	c.mu.Unlock()
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Errorf("fake: Close: %v", err)
		}
	})
	return c
}

// Test runs f in a testing/synctest bubble with a new cluster: all time is virtual, for f, for what it
// calls and for the simulator. The rules of bubbles hold: no t.Run and t.Parallel inside, and
// goroutines that f starts must end.
func Test(t *testing.T, f func(t *testing.T, c *Cluster), opts ...Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t, Run(t, opts...))
	})
}
