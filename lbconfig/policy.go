package lbconfig

import (
	"net/netip"
	"time"
)

// Policy is what is done about a backend that does not accept.
//
// Measured with nginx 1.22.1 and lab/balance: three backends, 200 new connections a second, each with
// a TLS handshake and one request, limit 2 s, a fault of 12 s (about 2300 connections; all stopped: 3 s).
// Failed, and slowest of the others:
//
//	                           nginx's defaults   DeadHosts       FastRecovery
//	apiserver stopped          0, 0.08 s          0, 0.06 s       0, 0.09 s
//	apiserver hung             783, 0.09 s        11, 0.13 s      11, 0.05 s
//	packets dropped            723, 0.75 s        0, 0.51 s       0, 0.54 s
//	 delayed over 100 ms       all that met it    3               28
//	all stopped, back after    7.9 s              2.2 s           0.0 s
//
// The machine had two cores and other work; of several runs these are the ones that it disturbed
// least. None failed when a backend was removed or added by a reload. The fewer connections there are,
// the larger the part of them that FastRecovery delays: with 200 a second those that wait for the dead
// host count as its sessions, so that others avoid it; with 20 a second a third of them met it.
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
