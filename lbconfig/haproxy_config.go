package lbconfig

import (
	"net/netip"
	"time"
)

// HAProxyConfig is a whole HAProxy configuration for TCP, as HAProxy 2.6 and later read it. Zero fields are
// unset, that is HAProxy's default.
type HAProxyConfig struct {
	// Global is the section of that name: the process.
	Global HAProxyGlobal
	// Defaults is the one section of that name; it holds for all frontends and backends.
	Defaults HAProxyDefaults
	// Frontends are what is listened on.
	Frontends []HAProxyFrontend
	// Backends are the named groups of servers.
	Backends []HAProxyBackend
}

// HAProxyGlobal is the section global.
type HAProxyGlobal struct {
	// Description is a word that `show info` repeats. HAProxy and HAProxyConfig.Generation keep a hash in it.
	Description string
	// Log is where events and sessions are told.
	Log HAProxyLog
	// User and Group that workers run as. Unset: those of who starts it.
	User, Group string
	// MaxConn is how many clients there may be at once. Each takes two files. Unset: from the limit of open files.
	MaxConn int
	// Threads is nbthread, 1 to 64. Unset: one for each CPU.
	Threads int
	// HardStopAfter ends what an old worker still carries after a reload. Unset: never, and watches keep it.
	HardStopAfter time.Duration
	// StatsSocket is where the running process is asked.
	StatsSocket HAProxyStatsSocket
	// ServerStateFile is what `show servers state` said before a reload, for LoadServerState. A file that
	// is not there is a warning to HAProxy.
	ServerStateFile string
}

// HAProxyLog is a log target.
type HAProxyLog struct {
	// Target is stdout, stderr or the path of a unix socket. Unset: no log.
	Target string
	// Format is raw, short, timed, iso, rfc3164 or rfc5424. Unset: rfc3164. short suits the journal.
	Format string
	// Facility is one of syslog's. Required.
	Facility string
	// Level is the least that is told: emerg to debug. Unset: debug.
	Level string
}

// HAProxyStatsSocket is the unix socket for commands.
type HAProxyStatsSocket struct {
	// Path of the socket, at most 97 bytes: HAProxy makes it under a longer name first. Unset: no socket.
	Path string
	// Mode is its permissions in octal. Unset: by the umask.
	Mode string
	// Level is user, operator or admin. Unset: operator.
	Level string
	// ExposeFDListeners gives the listening sockets to the process that takes over in a reload.
	ExposeFDListeners bool
}

// HAProxyDefaults is the section defaults. The mode is always tcp.
type HAProxyDefaults struct {
	// LogGlobal logs where Global.Log says.
	LogGlobal bool
	// TCPLog has a line for each session, DontLogNormal only for those that did not end well.
	TCPLog, DontLogNormal bool
	// ClientKeepalive and ServerKeepalive probe idle connections (TCP keepalive, by the system's times).
	ClientKeepalive, ServerKeepalive bool
	// Redispatch takes another server when one does not accept, from the first retry on.
	Redispatch bool
	// Retries is how often a connection to a server is tried again. Unset: 3.
	Retries int
	// ConnectTimeout, ClientTimeout and ServerTimeout are for one attempt to connect, and for a client and a
	// server that send nothing. Unset: for ever, of which HAProxy warns.
	ConnectTimeout, ClientTimeout, ServerTimeout time.Duration
	// TunnelTimeout replaces the two once both sides are connected.
	TunnelTimeout time.Duration
	// CheckTimeout is how long a check may take once it is connected. Unset: as long as its interval.
	CheckTimeout time.Duration
	// LoadServerState takes the states of servers from Global.ServerStateFile at start.
	LoadServerState bool
}

// HAProxyFrontend is what is listened on.
type HAProxyFrontend struct {
	// Name is unique among frontends.
	Name string
	// Binds are the addresses; at least one.
	Binds []netip.AddrPort
	// DefaultBackend is where connections go.
	DefaultBackend string
}

// HAProxyBalance is a way of choosing a server.
type HAProxyBalance string

// The ways without parameters that suit TCP.
const (
	HAProxyRoundRobin HAProxyBalance = "roundrobin"
	HAProxyLeastConn  HAProxyBalance = "leastconn"
	HAProxySource     HAProxyBalance = "source"
	HAProxyFirst      HAProxyBalance = "first"
	HAProxyRandom     HAProxyBalance = "random"
)

// HAProxyBackend is a named group of servers.
type HAProxyBackend struct {
	// Name is unique among backends.
	Name string
	// Balance is how a server is chosen. Unset: roundrobin (before HAProxy 3.3, which takes random).
	Balance HAProxyBalance
	// AllBackups uses all backup servers when no other is left. False: the first only.
	AllBackups bool
	// HTTPCheck is asked by checks. Nil: checks only connect.
	HTTPCheck *HAProxyHTTPCheck
	// DefaultServer holds for all servers.
	DefaultServer HAProxyServerSettings
	// Servers in the order of the file; at least one.
	Servers []HAProxyServer
}

// HAProxyHTTPCheck is an HTTP request and what its answer must be.
type HAProxyHTTPCheck struct {
	// Method and Path of the request.
	Method, Path string
	// Status that the answer must have. Unset: 2xx and 3xx.
	Status int
}

// HAProxyServer is one server.
type HAProxyServer struct {
	// Name is unique in the backend.
	Name string
	// Address to connect to.
	Address netip.AddrPort
	HAProxyServerSettings
}

// HAProxyServerSettings is what default-server and server lines have in common.
type HAProxyServerSettings struct {
	// Check has the server checked, NoCheck takes back what default-server says.
	Check, NoCheck bool
	// Backup is used only when no other is left.
	Backup bool
	// CheckSSL has checks use TLS, though sessions are passed on as they are.
	CheckSSL bool
	// CheckSNI is the name that checks ask for.
	CheckSNI string
	// Verify is required or none. Required with CheckSSL.
	Verify string
	// CAFile is what Verify required trusts; VerifyHost is the name that the certificate must hold.
	CAFile, VerifyHost string
	// Inter is the time between checks, FastInter while the state is about to change, DownInter while it is
	// down. Unset: 2 s; Inter; Inter.
	Inter, FastInter, DownInter time.Duration
	// Fall is after how many failed checks a server is down, Rise after how many good ones it is up. Unset: 3; 2.
	Fall, Rise int
	// ShutdownWhenDown ends the sessions of a server that goes down.
	ShutdownWhenDown bool
	// Weight against the others, 1 to 256. Unset: 1.
	Weight int
	// MaxConn is how many sessions it gets at most. Unset: no limit.
	MaxConn int
}
