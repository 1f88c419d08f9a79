package balancer

import (
	"strings"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/lbconfig"
)

// upstream is a group of backends of one loaded configuration.
type upstream struct {
	now     func() time.Time
	least   bool
	mu      sync.Mutex
	servers []*backend
}

type backend struct {
	network, address string
	weight, current  int
	maxFails         int
	failTimeout      time.Duration
	backup           bool
	sessions         int
	fails            int
	failed           time.Time // of the last failure that counts
}

func newUpstream(h *machine.Host, u lbconfig.Upstream) *upstream {
	up := &upstream{now: h.World.Now, least: u.Balance.Method == lbconfig.LeastConn}
	for _, s := range u.Servers {
		if s.Down {
			continue
		}
		b := &backend{network: "tcp", address: s.Address, weight: max(1, s.Weight), maxFails: 1, failTimeout: 10 * time.Second, backup: s.Backup}
		if path, ok := strings.CutPrefix(s.Address, "unix:"); ok {
			b.network, b.address = "unix", path
		} else if a, err := h.ResolveAddress(s.Address); err == nil {
			b.address = a // names are looked up once, when the file is loaded
		}
		if s.MaxFails != nil {
			b.maxFails = *s.MaxFails
		}
		if s.FailTimeout != nil {
			b.failTimeout = *s.FailTimeout
		}
		up.servers = append(up.servers, b)
	}
	return up
}

func (u *upstream) addresses() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []string
	for _, b := range u.servers {
		if b.network == "tcp" {
			out = append(out, b.address)
		}
	}
	return out
}

// pick chooses a backend that was not tried and that is not taken for dead; nil when there is none.
func (u *upstream) pick(tried map[*backend]bool) *backend {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, backup := range []bool{false, true} {
		var best *backend
		total := 0
		for _, b := range u.servers {
			dead := len(u.servers) > 1 && b.maxFails > 0 && b.fails >= b.maxFails && now.Sub(b.failed) < b.failTimeout
			if b.backup != backup || tried[b] || dead {
				continue
			}
			b.current += b.weight
			total += b.weight
			switch {
			case best == nil:
				best = b
			case u.least && b.sessions*best.weight != best.sessions*b.weight:
				if b.sessions*best.weight < best.sessions*b.weight {
					best = b
				}
			case b.current > best.current:
				best = b
			}
		}
		if best != nil {
			best.current -= total
			best.sessions++
			return best
		}
	}
	return nil
}

// done ends a use of a backend; ok says whether it accepted the connection.
func (u *upstream) done(b *backend) {
	u.mu.Lock()
	b.sessions--
	u.mu.Unlock()
}

func (u *upstream) result(b *backend, ok bool) {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case ok:
		b.fails = 0
	case now.Sub(b.failed) > b.failTimeout:
		b.fails, b.failed = 1, now
	default:
		b.fails++
		b.failed = now
	}
}
