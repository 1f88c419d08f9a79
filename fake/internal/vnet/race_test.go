package vnet_test

import (
	"sync"
	"testing"
)

// A connection may be read, written and reset at the same time: run with -race.
func TestResetWhileReadingAndWriting(t *testing.T) {
	t.Parallel()
	for range 50 {
		_, a, b := two(true)
		c, _ := pipe(t, a, b)
		b.Down()
		b.Up()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _, _ = c.Write([]byte("x")) })
			wg.Go(func() { _, _ = c.Read(make([]byte, 1)) })
		}
		wg.Wait()
	}
}
