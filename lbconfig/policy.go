package lbconfig

import (
	"net/netip"
	"time"
)

// Policy is what is done about a backend that does not accept.
type Policy string

// The policies.
const (
	// DeadHosts skips a backend that failed for 5 s, in all workers, which share a zone; then one
	// connection tries it again (max_fails=1 fail_timeout=5s). A host that is gone costs one connection
	// in 5 s the connect timeout. When every backend has failed, connections are refused until the
	// first one's 5 s are over. A single backend is never skipped. It is the zero Policy too.
	DeadHosts Policy = "dead-hosts"
	// FastRecovery skips nothing (max_fails=0): a backend that is back is used at once, also when all
	// were gone, and a host that is gone costs each connection that meets it the connect timeout.
	FastRecovery Policy = "fast-recovery"
)

// failTimeout is how long DeadHosts skips a backend.
const failTimeout = 5 * time.Second

// backends returns the apiservers in the order of their addresses, so that the order in which
// they are named does not change the file.
func (p Policy) backends(addrs []netip.AddrPort) []UpstreamServer {
	var out []UpstreamServer
	for _, a := range sortedUnique(addrs) {
		s := UpstreamServer{Address: a.String(), MaxFails: new(1), FailTimeout: new(failTimeout)}
		if p == FastRecovery {
			s.MaxFails, s.FailTimeout = new(0), nil
		}
		out = append(out, s)
	}
	return out
}
