package ssh

import (
	"context"
	"sync"
)

// slots hands out at most limit sessions at a time, first come first served. The limit shrinks
// when the server refuses one and grows back slowly, one for every growAfter sessions opened.
type slots struct {
	mu      sync.Mutex
	most    int
	limit   int
	used    int
	opened  int
	waiters []chan struct{}
}

const growAfter = 16

func newSlots(n int) *slots { return &slots{most: n, limit: n} }

// acquire waits for a slot.
func (s *slots) acquire(ctx context.Context) error {
	s.mu.Lock()
	if s.used < s.limit && len(s.waiters) == 0 {
		s.used++
		s.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	s.waiters = append(s.waiters, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, w := range s.waiters {
		if w == turn {
			s.waiters = append(s.waiters[:i], s.waiters[i+1:]...)
			return ctx.Err()
		}
	}
	s.used-- // the turn came at the same moment: pass it on
	s.wake()
	return ctx.Err()
}

// release gives a slot back.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.wake()
}

// refused gives a slot back that the server had no session for, and reports whether others are in
// use: then one of them has to end first.
func (s *slots) refused() (others bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used--
	s.limit, s.opened = max(1, s.used), 0
	others = s.used > 0
	s.wake()
	return others
}

// accepted counts a session that the server gave.
func (s *slots) accepted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened++; s.opened >= growAfter && s.limit < s.most {
		s.limit++
		s.opened = 0
		s.wake()
	}
}

func (s *slots) wake() {
	for s.used < s.limit && len(s.waiters) > 0 {
		close(s.waiters[0])
		s.waiters = s.waiters[1:]
		s.used++
	}
}
