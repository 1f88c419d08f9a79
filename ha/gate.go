package ha

import "context"

// gate lets one at a time through. Unlike a mutex it can be held while something is waited for: those who wait for it end
// with their context, and in a testing/synctest bubble time goes on meanwhile.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

// enter waits for the gate; the function that it returns opens it for the next.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	select {
	case g <- struct{}{}:
		return func() { <-g }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
