package vnet_test

import (
	"net"
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

// A connection may be closed while the host loses its power: neither waits for the other for ever.
func TestCloseWhileGoingDown(t *testing.T) {
	t.Parallel()
	for range 300 {
		_, a, b := two(true)
		conns := make([]net.Conn, 0, 8)
		for range 8 {
			c, _ := pipe(t, a, b)
			conns = append(conns, c)
		}
		var wg sync.WaitGroup
		for _, c := range conns {
			wg.Go(func() { _ = c.Close() })
		}
		wg.Go(a.Down)
		wg.Wait()
	}
}
