package lbconfig

import "time"

// Upstream is a named group of backends.
type Upstream struct {
	// Name that ProxyPass refers to.
	Name string
	// Zone is memory in which workers share what they know of the backends. Zero: each worker finds
	// out for itself that one is dead.
	Zone Zone
	// Balance is how a backend is chosen. Zero: in turn, by weight.
	Balance Balance
	// Servers are the backends, in the order of the file.
	Servers []UpstreamServer
	// Kept is the block's other directives.
	Kept Kept
}

// Zone is shared memory.
type Zone struct {
	// Name is unique among zones.
	Name string
	// Size is at least 32 KiB: eight pages.
	Size Size
}

// Method is a way of choosing a backend.
type Method string

// The methods of the free nginx.
const (
	// RoundRobin takes backends in turn.
	RoundRobin Method = ""
	// LeastConn takes the one with the fewest sessions.
	LeastConn Method = "least_conn"
	// Hash takes the one that a key leads to.
	Hash Method = "hash"
	// Random takes any. Since nginx 1.15.1.
	Random Method = "random"
)

// Balance is how a backend is chosen.
type Balance struct {
	// Method of choosing.
	Method Method
	// Key of Hash, such as $remote_addr.
	Key string
	// Consistent makes Hash keep most keys where they are when backends change.
	Consistent bool
	// Two makes Random take the one with fewer sessions of two.
	Two bool
}

// UpstreamServer is one backend.
type UpstreamServer struct {
	// Address is host:port, [IPv6]:port or unix:/path. A name is looked up once, at start.
	Address string
	// Weight against the others. Unset: 1.
	Weight int
	// MaxConns is how many sessions it gets at most. Unset: no limit.
	MaxConns int
	// MaxFails is after how many failures to connect within FailTimeout it is skipped, for
	// FailTimeout. Nil: 1; zero: never.
	MaxFails *int
	// FailTimeout, in whole seconds. Nil: 10 s.
	FailTimeout *time.Duration
	// Backup is used only when no other is left.
	Backup bool
	// Down is not used.
	Down bool
	// Resolve looks its name up again when the answer is over. Needs a zone and a resolver. Since
	// nginx 1.27.3.
	Resolve bool
	// Service is the name of an SRV record that has ports and weights. Needs Resolve.
	Service string
}
