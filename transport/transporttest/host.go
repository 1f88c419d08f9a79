package transporttest

import (
	"context"
	"testing"

	"github.com/quorate-dev/quorate/transport"
)

// Host is one host under test and what may be done with it.
type Host struct {
	// Connect opens a new Transport to the host. The suite closes it.
	Connect func(ctx context.Context) (transport.Transport, error)
	// Dir is an existing empty directory on the host that the Transport may write to.
	Dir string
	// Listen starts an echo server that the host can reach ("tcp" or "unix"), and returns its
	// address there. It sends back what it reads until that ends, then closes. It is stopped when
	// the test ends. ListenHere does so where the host is this machine.
	Listen func(t testing.TB, network string) (address string)
	// Large is the size in bytes of what the Large cases move; 1 MiB by default. Use 100 MiB at
	// least once.
	Large int64
	// Owner is a "user:group" that WriteFile may give files to, not the one that it writes as.
	// Empty: the case is skipped.
	Owner string
	// Forbidden is an existing file that the Transport may not read. Empty (root may read
	// everything): the case is skipped.
	Forbidden string
	// Lacks names what this host does not have, and why; the cases that need it are skipped.
	Lacks map[Feature]string
}

// Feature is something that some hosts under test do not have.
type Feature string

const (
	// Shell is a real POSIX shell with real processes: cases about process trees and signals.
	Shell Feature = "shell"
	// Stat is a stat(1) with -c.
	Stat Feature = "stat"
	// Unix is connecting to unix sockets.
	Unix Feature = "unix sockets"
)

// defaultLarge is large enough for every buffer and window on the way to fill up.
const defaultLarge = 1 << 20

func (h Host) large() int64 {
	if h.Large > 0 {
		return h.Large
	}
	return defaultLarge
}

// needs skips the case where the host lacks a feature.
func (h Host) needs(t *testing.T, features ...Feature) {
	t.Helper()
	for _, f := range features {
		if why, lacks := h.Lacks[f]; lacks {
			t.Skipf("the host lacks %s: %s", f, why)
		}
	}
}
