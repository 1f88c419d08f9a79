package lbconfig

import (
	"net/netip"
	"slices"
	"time"
)

// Where the balancer's own files are unless Options or UnitOptions say otherwise. Their
// directories must exist before `nginx -t` is run by hand; the unit makes them itself.
const (
	// DefaultConfigPath is the rendered file.
	DefaultConfigPath = "/etc/quorate/nginx.conf"
	// DefaultPID is the pid file.
	DefaultPID = "/run/quorate-lb/nginx.pid"
	// DefaultGenerationSocket answers with the hash of the file that nginx runs with.
	DefaultGenerationSocket = "/run/quorate-lb/generation.sock"
	// DefaultErrorLog is where nginx complains.
	DefaultErrorLog = "/var/log/quorate/nginx-error.log"
	// DefaultAccessLog has one line per session.
	DefaultAccessLog = "/var/log/quorate/nginx-access.log"
	// DefaultPort is the port that hosts reach the API at. It is not 6443, which every apiserver on
	// the same host binds on all addresses.
	DefaultPort = 16443
)

// Module is where nginx has its stream module: a path, an include, or nowhere.
type Module string

// The places of the stream module in common packages.
const (
	// ModuleDebian is Debian's and Ubuntu's package libnginx-mod-stream. It is the zero Module too.
	ModuleDebian Module = "/usr/lib/nginx/modules/ngx_stream_module.so"
	// ModuleRHEL is the package nginx-mod-stream of Fedora and the RHEL family, on 64-bit machines.
	ModuleRHEL Module = "/usr/lib64/nginx/modules/ngx_stream_module.so"
	// ModuleBuiltIn is for an nginx with stream compiled in, as nginx.org's packages and images have it.
	ModuleBuiltIn Module = "built-in"
	// ModuleIncludeDebian includes the files by which Debian's packages load their modules. It loads all
	// that are enabled, those of http too.
	ModuleIncludeDebian Module = "/etc/nginx/modules-enabled/*.conf"
	// ModuleIncludeRHEL is the same for Fedora and the RHEL family.
	ModuleIncludeRHEL Module = "/usr/share/nginx/modules/*.conf"
)

// isModuleInclude says whether a glob is that of files that load modules.
func isModuleInclude(glob string) bool {
	return Module(glob) == ModuleIncludeDebian || Module(glob) == ModuleIncludeRHEL
}

// load makes c load m, by its path or by an include before everything else.
func (c *Config) load(m Module) {
	switch {
	case m == ModuleBuiltIn:
	case isModuleInclude(string(m)):
		c.Kept = Kept{Directives: []Directive{{Name: "include", Args: []string{string(m)}, Line: 1, Col: 1}}, Order: []string{""}}
		for _, d := range mainSchema().typed(c) {
			c.Kept.Order = append(c.Kept.Order, d.name)
		}
	default:
		c.Main.LoadModules = []string{string(m)}
	}
}

// Options is what APIServer builds from. The zero value lacks only backends.
type Options struct {
	// Listen is where clients connect. None: 127.0.0.1:16443.
	Listen []netip.AddrPort
	// Backends are the apiservers, in any order; one that is named twice counts once.
	Backends []netip.AddrPort
	// Module is where the stream module is. Unset: ModuleDebian.
	Module Module
	// Policy is what is done about a backend that does not accept. Unset: DeadHosts.
	Policy Policy
	// ConnectTimeout is how long an apiserver may take to accept before the next one is tried. It is
	// what a connection costs that meets a dead host. Unset: 500 ms.
	ConnectTimeout time.Duration
	// IdleTimeout ends sessions without data. Unset: 1 h.
	IdleTimeout time.Duration
	// WorkerProcesses, a number or auto. Unset: 2.
	WorkerProcesses string
	// WorkerConnections is twice the sessions that one worker can carry. Unset: 4096; a balancer for
	// a whole cluster wants about ten for each node.
	WorkerConnections int
	// PID is the pid file's path. Unset: DefaultPID.
	PID string
	// ErrorLog and AccessLog are paths. Unset: DefaultErrorLog and DefaultAccessLog.
	ErrorLog, AccessLog string
	// Generation is the path of the socket that proves a reload. Unset: DefaultGenerationSocket.
	Generation string
}

const (
	upstreamName = "kube_apiserver"
	formatName   = "sessions"
	// sessionFormat has one space between fields, and nothing in a field that could hold one but the
	// lists of tried backends, which are comma and space; they are last.
	sessionFormat = "$time_iso8601 $remote_addr:$remote_port $status $bytes_received $bytes_sent $session_time " +
		`"$upstream_addr" "$upstream_connect_time"`
	defaultConnectTimeout    = 500 * time.Millisecond
	defaultIdleTimeout       = time.Hour
	defaultShutdownTimeout   = 10 * time.Second
	defaultWorkerProcesses   = "2"
	defaultWorkerConnections = 4096
	zoneSize                 = 64 * KiB
)

// APIServer returns a configuration for traffic to kube-apiservers, with a server that proves
// reloads (see Config.Generation).
//
// A backend that does not accept within ConnectTimeout costs the connection that meets it that
// long, once: the next backend is tried at once. What happens then is the Policy's. The backend with
// the fewest sessions is taken: those of a hung apiserver do not end, so that nearly all new ones go
// elsewhere, though nginx, which only sees whether a backend accepts, never takes it out.
func APIServer(o Options) Config {
	c := Config{
		Main: Main{
			PID:                   orDefault(o.PID, DefaultPID),
			ErrorLogs:             []ErrorLog{{Path: orDefault(o.ErrorLog, DefaultErrorLog), Level: "warn"}},
			WorkerProcesses:       orDefault(o.WorkerProcesses, defaultWorkerProcesses),
			WorkerShutdownTimeout: defaultShutdownTimeout,
		},
		Events: &Events{WorkerConnections: orDefault(o.WorkerConnections, defaultWorkerConnections)},
		Stream: Stream{
			LogFormats: []LogFormat{SessionFormat()},
			Upstreams: []Upstream{{
				Name:    upstreamName,
				Zone:    Zone{Name: upstreamName, Size: zoneSize},
				Balance: Balance{Method: LeastConn},
				Servers: o.Policy.backends(o.Backends),
			}},
			Servers: []Server{{
				Listen: listeners(o.Listen),
				ProxySettings: ProxySettings{
					AccessLogs:           []AccessLog{{Path: orDefault(o.AccessLog, DefaultAccessLog), Format: formatName}},
					ProxyConnectTimeout:  orDefault(o.ConnectTimeout, defaultConnectTimeout),
					ProxyTimeout:         orDefault(o.IdleTimeout, defaultIdleTimeout),
					ProxySocketKeepalive: new(true),
				},
				ProxyPass: upstreamName,
			}},
		},
	}
	c.Main.WorkerRlimitNofile = 2 * c.Events.WorkerConnections
	c.load(orDefault(o.Module, ModuleDebian))
	return c.withGeneration(orDefault(o.Generation, DefaultGenerationSocket))
}

func listeners(addrs []netip.AddrPort) []Listen {
	if len(addrs) == 0 {
		addrs = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), DefaultPort)}
	}
	var out []Listen
	for _, a := range sortedUnique(addrs) {
		out = append(out, Listen{
			Address:     a.String(),
			SoKeepalive: Keepalive{Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3},
		})
	}
	return out
}

func sortedUnique(addrs []netip.AddrPort) []netip.AddrPort {
	out := slices.Clone(addrs)
	slices.SortFunc(out, netip.AddrPort.Compare)
	return slices.Compact(out)
}

func orDefault[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
