package transporttest

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// ListenHere is Host.Listen for a host that is this machine, or reaches its loopback addresses.
func ListenHere(t testing.TB, network string) string {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		// Not t.TempDir: a socket's path may have 107 bytes, and the test's name is in there.
		dir, err := os.MkdirTemp("", "echo")
		require.NoError(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		address = filepath.Join(dir, "s")
	}
	l, err := net.Listen(network, address)
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		conns = nil
		mu.Unlock()
		wg.Wait()
	})
	serve := func(c net.Conn) {
		defer c.Close()
		mu.Lock()
		if conns == nil {
			mu.Unlock()
			return
		}
		conns[c] = true
		mu.Unlock()
		io.Copy(c, c)
	}
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(c) })
		}
	})
	return l.Addr().String()
}
