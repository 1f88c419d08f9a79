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
	// Kept is the file's other directives outside of all blocks: http, include, pcre_jit.
	Kept Kept
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
	// Use is the way of waiting: epoll. Unset: the best there is, which on Linux is epoll.
	Use string
	// AcceptMutex lets one worker at a time accept. Nil: off.
	AcceptMutex *bool
	// AcceptMutexDelay is how long another waits for its turn. Unset: 500 ms.
	AcceptMutexDelay time.Duration
	// Kept is the block's other directives.
	Kept Kept
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
	// LimitConnZones are where connections are counted.
	LimitConnZones []LimitConnZone
	ProxySettings
	// Access allows and denies clients of the servers that have no rules of their own.
	Access []AccessRule
	// Upstreams are named groups of backends.
	Upstreams []Upstream
	// Servers are what is listened on.
	Servers []Server
	// Kept is the block's other directives: map, geo, include.
	Kept Kept
}

// Size is a number of bytes.
type Size int64

// Sizes as nginx counts them.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
)
