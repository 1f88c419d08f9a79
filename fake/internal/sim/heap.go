package sim

import "time"

// deadline is an event that waits for its time.
type deadline struct {
	at  time.Time
	seq int
	f   func()
}

// deadlines is a heap of deadlines, earliest first, and in the order they were made.
type deadlines []*deadline

func (h deadlines) Len() int { return len(h) }

func (h deadlines) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}

func (h deadlines) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push is heap.Interface's.
func (h *deadlines) Push(x any) { *h = append(*h, x.(*deadline)) }

// Pop is heap.Interface's.
func (h *deadlines) Pop() any {
	old := *h
	e := old[len(old)-1]
	*h = old[:len(old)-1]
	return e
}
