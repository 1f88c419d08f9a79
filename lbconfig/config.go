package lbconfig

import "time"

// Config is a whole nginx main file with one stream block.
type Config struct {
	// Main is the directives outside of all blocks.
	Main Main
	// Events is the block of that name; nil: absent, which nginx refuses in a main file.
	Events *Events
	// Stream is the TCP proxy.
	Stream Stream
}

// Main is the directives outside of all blocks.
type Main struct {
	// LoadModules are paths of dynamic modules; loading one that is compiled in or loaded already is an error.
	LoadModules []string
	// User and Group that workers run as. Unset: what nginx was built with.
	User, Group string
	// Daemon puts nginx into the background. Nil: it does.
	Daemon *bool
	// PID is the path of the file with the master's process id.
	PID string
	// ErrorLogs are where nginx complains.
	ErrorLogs []ErrorLog
	// WorkerProcesses is a number or auto. Unset: 1.
	WorkerProcesses string
	// WorkerRlimitNofile is how many files a worker may have open. A session takes two.
	WorkerRlimitNofile int
	// WorkerShutdownTimeout is how long the workers of an old configuration keep their sessions.
	// Unset: for ever, and watches end only when they must, so that each reload leaves workers behind.
	WorkerShutdownTimeout time.Duration
}

// Events is how a worker waits for connections.
type Events struct {
	// WorkerConnections is how many connections a worker has at most, two to a session. Unset: 512.
	WorkerConnections int
	// MultiAccept takes all waiting connections at once. Nil: off.
	MultiAccept *bool
}

// ErrorLog is where nginx complains, from a level on.
type ErrorLog struct {
	// Path of the file, stderr, or syslog:....
	Path string
	// Level is debug, info, notice, warn, error, crit, alert or emerg. Unset: error.
	Level string
}

// Stream is the TCP proxy. Its ProxySettings and logs are the defaults of its servers.
type Stream struct {
	// LogFormats are named formats for access logs.
	LogFormats []LogFormat
	ProxySettings
	// Upstreams are named groups of backends.
	Upstreams []Upstream
	// Servers are what is listened on.
	Servers []Server
}

// ProxySettings is how sessions are carried; in a Stream for all servers, in a Server for itself.
type ProxySettings struct {
	// AccessLogs are written when a session ends. A Server with any has none of its Stream's.
	AccessLogs []AccessLog
	// TCPNodelay sends small packets at once. Nil: on.
	TCPNodelay *bool
	// ProxyConnectTimeout is how long one backend may take to accept. Unset: 60 s.
	ProxyConnectTimeout time.Duration
	// ProxyTimeout ends a session after this long without data. Unset: 10 m.
	ProxyTimeout time.Duration
	// ProxySocketKeepalive probes idle connections to backends. Nil: off. Since nginx 1.15.6.
	ProxySocketKeepalive *bool
	// ProxyNextUpstream tries another backend when one does not accept. Nil: on.
	ProxyNextUpstream *bool
	// ProxyNextUpstreamTimeout limits the time for that. Unset: no limit.
	ProxyNextUpstreamTimeout time.Duration
	// ProxyNextUpstreamTries limits the backends tried. Unset: all, each once.
	ProxyNextUpstreamTries int
	// ProxyBufferSize is the buffer of each direction. Unset: 16 KiB.
	ProxyBufferSize Size
	// ProxyHalfClose keeps the other direction when one is closed. Nil: off. Since nginx 1.21.4.
	ProxyHalfClose *bool
}

// LogFormat is the form of an access log's lines. stream has none predefined.
type LogFormat struct {
	// Name that AccessLog refers to.
	Name string
	// Escape is default, json or none. Unset: default.
	Escape string
	// Format has variables such as $remote_addr. In a file it may be several quoted strings, which
	// nginx joins without a space.
	Format string
}

// AccessLog is one log of sessions.
type AccessLog struct {
	// Off is no log at all; nothing else is set then.
	Off bool
	// Path of the file, or syslog:....
	Path string
	// Format is a LogFormat's name. Required in stream.
	Format string
	// Buffer collects lines up to that size. Unset: each is written at once.
	Buffer Size
	// Flush writes the buffer at the latest after this long. Unset: when it is full.
	Flush time.Duration
}

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
}

// Server is what is listened on and where it leads.
type Server struct {
	// Listen is the addresses; at least one.
	Listen []Listen
	ProxySettings
	// Access allows and denies clients; the first rule that matches counts.
	Access []AccessRule
	// ProxyPass is an upstream's name, host:port or unix:/path. Exactly one of it and Return is set.
	ProxyPass string
	// Return is sent to who connects, and the connection closed. It may have variables.
	Return string
}

// AccessRule allows or denies clients.
type AccessRule struct {
	// Deny or allow.
	Deny bool
	// From is an address, a CIDR, unix: or all.
	From string
}

// Listen is one address that is listened on.
type Listen struct {
	// Address is host:port, [IPv6]:port, a port alone (of all IPv4 addresses) or unix:/path.
	Address string
	// Backlog is how many connections may wait to be taken. Unset: 511.
	Backlog int
	// Reuseport gives each worker a socket of its own.
	Reuseport bool
	// IPv6Only keeps an [::] listener from IPv4. Nil: on.
	IPv6Only *bool
	// SoKeepalive probes idle clients. Zero: as the system does, which is off.
	SoKeepalive Keepalive
	// ProxyProtocol takes the client's address from a PROXY header. Since nginx 1.11.4.
	ProxyProtocol bool
}

// Keepalive is TCP's probing of an idle connection.
type Keepalive struct {
	// On probes with the system's times, Off does not; the other fields are zero then.
	On, Off bool
	// Idle is how long nothing may come before the first probe, Interval the time between probes,
	// whole seconds; Count is how many may go unanswered. A zero one is the system's.
	Idle, Interval time.Duration
	Count          int
}

// Size is a number of bytes.
type Size int64

// Sizes as nginx counts them.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
)
