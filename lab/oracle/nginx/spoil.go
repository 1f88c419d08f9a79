package nginx

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/lbconfig"
)

// fault makes one thing in a configuration odd. Some are wrong only together with others.
type fault func(t *rapid.T, c *lbconfig.Config)

var oddWords = []string{"", "x", "$", "${", "$nope", "${pid", "0", "-1", "a b", "a;b", "{", "}", `"`, "'", "#", "unix:", "unix:x", "*:1", "127.0.0.1", "127.0.0.1:0",
	"127.0.0.1:70000", "::1", "[::1]", "[::1]:1", "1.2.3.4/33", "10.0.0.0/8", "all", "off", "on", "auto", "$remote_addr", "default", "\\", "é", strings.Repeat("a", 120)}

func oddWord(t *rapid.T) string { return rapid.SampledFrom(oddWords).Draw(t, "odd word") }

func oddNumber(t *rapid.T) int {
	return rapid.SampledFrom([]int{-1, 0, 1, 65535, 65536, 1 << 31}).Draw(t, "odd number")
}

func oddTime(t *rapid.T) time.Duration {
	return rapid.SampledFrom([]time.Duration{-time.Second, time.Nanosecond, time.Millisecond, 1500 * time.Millisecond, 100 * 365 * 24 * time.Hour}).Draw(t, "odd time")
}

func oddSize(t *rapid.T) lbconfig.Size {
	return rapid.SampledFrom([]lbconfig.Size{-1, 1, 100, 4096, 32767, 1 << 26}).Draw(t, "odd size")
}

// pick draws one item of a list and hands a pointer to it to f, if there is any.
func pick[T any](t *rapid.T, list []T, f func(*T)) {
	if len(list) > 0 {
		f(&list[rapid.IntRange(0, len(list)-1).Draw(t, "which")])
	}
}

// oddSettings returns the settings of the stream or of one of its servers.
func oddSettings(t *rapid.T, c *lbconfig.Config) *lbconfig.ProxySettings {
	if rapid.Bool().Draw(t, "in stream") {
		return &c.Stream.ProxySettings
	}
	out := &c.Stream.ProxySettings
	pick(t, c.Stream.Servers, func(s *lbconfig.Server) { out = &s.ProxySettings })
	return out
}

func backend(t *rapid.T, c *lbconfig.Config, f func(*lbconfig.UpstreamServer)) {
	pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { pick(t, u.Servers, f) })
}

func listener(t *rapid.T, c *lbconfig.Config, f func(*lbconfig.Listen)) {
	pick(t, c.Stream.Servers, func(s *lbconfig.Server) { pick(t, s.Listen, f) })
}

func on(t *rapid.T) *bool { return new(rapid.Bool().Draw(t, "on")) }

// samePort makes two listeners have one port, each with another address.
func samePort(t *rapid.T, c *lbconfig.Config) {
	listener(t, c, func(l *lbconfig.Listen) {
		l.Address = rapid.SampledFrom([]string{"20001", "127.0.0.1:20001", "10.99.0.1:20001", "[::]:20001", "[::1]:20001"}).Draw(t, "same port")
		if strings.HasPrefix(l.Address, "[") {
			l.IPv6Only = on(t)
		}
	})
}

var faults = []fault{
	// Main and events.
	func(t *rapid.T, c *lbconfig.Config) { c.Main.LoadModules = nil },
	func(t *rapid.T, c *lbconfig.Config) {
		c.Main.LoadModules = append(c.Main.LoadModules, string(lbconfig.ModuleDebian))
	},
	func(t *rapid.T, c *lbconfig.Config) { c.Main.LoadModules = append(c.Main.LoadModules, oddWord(t)) },
	func(t *rapid.T, c *lbconfig.Config) { c.Main.User, c.Main.Group = "", "adm" },
	func(t *rapid.T, c *lbconfig.Config) { c.Main.WorkerProcesses = oddWord(t) },
	func(t *rapid.T, c *lbconfig.Config) { c.Main.WorkerRlimitNofile = oddNumber(t) },
	func(t *rapid.T, c *lbconfig.Config) { c.Main.WorkerShutdownTimeout = oddTime(t) },
	func(t *rapid.T, c *lbconfig.Config) { c.Main.ErrorLogs[0].Level = oddWord(t) },
	func(t *rapid.T, c *lbconfig.Config) { c.Events = nil },
	func(t *rapid.T, c *lbconfig.Config) { c.Events = &lbconfig.Events{Use: oddWord(t)} },
	func(t *rapid.T, c *lbconfig.Config) { c.Events = &lbconfig.Events{AcceptMutexDelay: oddTime(t)} },
	// Logs.
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LogFormats, func(f *lbconfig.LogFormat) { f.Name = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LogFormats, func(f *lbconfig.LogFormat) { f.Escape = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LogFormats, func(f *lbconfig.LogFormat) { f.Format = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		c.Stream.LogFormats = append(c.Stream.LogFormats, c.Stream.LogFormats...)
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).AccessLogs, func(l *lbconfig.AccessLog) { l.Path = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).AccessLogs, func(l *lbconfig.AccessLog) { l.Format = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).AccessLogs, func(l *lbconfig.AccessLog) { l.Buffer = oddSize(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).AccessLogs, func(l *lbconfig.AccessLog) { l.Flush = oddTime(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).AccessLogs, func(l *lbconfig.AccessLog) { l.Gzip = oddNumber(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).AccessLogs, func(l *lbconfig.AccessLog) { l.If = oddWord(t) })
	},
	// Settings.
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyConnectTimeout = oddTime(t) },
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyTimeout = oddTime(t) },
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyNextUpstreamTries = oddNumber(t) },
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyBufferSize = oddSize(t) },
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).PrereadBufferSize = oddSize(t) },
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyDownloadRate = oddSize(t) },
	func(t *rapid.T, c *lbconfig.Config) {
		oddSettings(t, c).ProxyBind = lbconfig.ProxyBind{Address: oddWord(t), Transparent: *on(t)}
	},
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyRequests = oddNumber(t) },
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).ProxyResponses = new(oddNumber(t)) },
	func(t *rapid.T, c *lbconfig.Config) {
		s := oddSettings(t, c)
		s.SetRealIPFrom = append(s.SetRealIPFrom, oddWord(t))
	},
	func(t *rapid.T, c *lbconfig.Config) {
		s := oddSettings(t, c)
		s.Resolver.Addresses = append(s.Resolver.Addresses, oddWord(t))
	},
	func(t *rapid.T, c *lbconfig.Config) {
		oddSettings(t, c).Resolver = lbconfig.Resolver{Valid: oddTime(t)}
	},
	func(t *rapid.T, c *lbconfig.Config) {
		oddSettings(t, c).Resolver = lbconfig.Resolver{Addresses: []string{"127.0.0.1"}, IPv4: on(t), IPv6: on(t)}
	},
	func(t *rapid.T, c *lbconfig.Config) {
		s := oddSettings(t, c)
		s.LimitConns = append(s.LimitConns, lbconfig.LimitConn{Zone: oddWord(t), Limit: 3})
	},
	func(t *rapid.T, c *lbconfig.Config) {
		s := oddSettings(t, c)
		s.LimitConns = append(s.LimitConns, s.LimitConns...)
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, oddSettings(t, c).LimitConns, func(l *lbconfig.LimitConn) { l.Limit = oddNumber(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) { oddSettings(t, c).LimitConnLogLevel = oddWord(t) },
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LimitConnZones, func(z *lbconfig.LimitConnZone) { z.Key = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LimitConnZones, func(z *lbconfig.LimitConnZone) { z.Zone.Name = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LimitConnZones, func(z *lbconfig.LimitConnZone) { z.Zone.Size = oddSize(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.LimitConnZones, func(z *lbconfig.LimitConnZone) { z.Zone.Name = "u0" })
	},
	// Upstreams.
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Name = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Name = "u0" })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Servers = nil })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Servers = append(u.Servers, u.Servers...) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Zone = lbconfig.Zone{Name: "u0", Size: oddSize(t)} })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Zone = lbconfig.Zone{Name: oddWord(t)} })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Balance = lbconfig.Balance{Method: lbconfig.Hash, Key: oddWord(t)} })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Balance = lbconfig.Balance{Method: "least_time"} })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.Address = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.Backup = true })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.Weight = oddNumber(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.MaxConns = oddNumber(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.MaxFails = new(oddNumber(t)) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.FailTimeout = new(oddTime(t)) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.Resolve = true })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		backend(t, c, func(s *lbconfig.UpstreamServer) { s.Service = "http" })
	},
	// Servers.
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Servers, func(s *lbconfig.Server) { s.Listen = nil })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Servers, func(s *lbconfig.Server) { s.Listen = append(s.Listen, s.Listen...) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Servers, func(s *lbconfig.Server) { s.ProxyPass = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Servers, func(s *lbconfig.Server) { s.Return = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Servers, func(s *lbconfig.Server) { s.Access = append(s.Access, lbconfig.AccessRule{From: oddWord(t)}) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		listener(t, c, func(l *lbconfig.Listen) { l.Address = oddWord(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) { listener(t, c, func(l *lbconfig.Listen) { l.Address = "20001" }) },
	samePort, samePort, samePort,
	func(t *rapid.T, c *lbconfig.Config) { listener(t, c, func(l *lbconfig.Listen) { l.UDP = true }) },
	func(t *rapid.T, c *lbconfig.Config) { listener(t, c, func(l *lbconfig.Listen) { l.IPv6Only = on(t) }) },
	func(t *rapid.T, c *lbconfig.Config) {
		listener(t, c, func(l *lbconfig.Listen) { l.Backlog = oddNumber(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		listener(t, c, func(l *lbconfig.Listen) { l.Fastopen = oddNumber(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		listener(t, c, func(l *lbconfig.Listen) { l.Rcvbuf = oddSize(t) })
	},
	func(t *rapid.T, c *lbconfig.Config) { listener(t, c, func(l *lbconfig.Listen) { l.Deferred = true }) },
	func(t *rapid.T, c *lbconfig.Config) {
		listener(t, c, func(l *lbconfig.Listen) { l.DefaultServer = true })
	},
	func(t *rapid.T, c *lbconfig.Config) { listener(t, c, func(l *lbconfig.Listen) { l.Multipath = true }) },
	func(t *rapid.T, c *lbconfig.Config) { listener(t, c, func(l *lbconfig.Listen) { l.SSL = true }) },
	func(t *rapid.T, c *lbconfig.Config) {
		listener(t, c, func(l *lbconfig.Listen) { l.SoKeepalive = lbconfig.Keepalive{Idle: oddTime(t), Count: oddNumber(t)} })
	},
	// Directives without a type.
	func(t *rapid.T, c *lbconfig.Config) { c.Kept.Directives = append(c.Kept.Directives, oddDirective(t)) },
	func(t *rapid.T, c *lbconfig.Config) {
		c.Events = &lbconfig.Events{Kept: lbconfig.Kept{Directives: []lbconfig.Directive{oddDirective(t)}}}
	},
	func(t *rapid.T, c *lbconfig.Config) {
		c.Stream.Kept.Directives = append(c.Stream.Kept.Directives, oddDirective(t))
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Servers, func(s *lbconfig.Server) { s.Kept.Directives = append(s.Kept.Directives, oddDirective(t)) })
	},
	func(t *rapid.T, c *lbconfig.Config) {
		pick(t, c.Stream.Upstreams, func(u *lbconfig.Upstream) { u.Kept.Directives = append(u.Kept.Directives, oddDirective(t)) })
	},
}

func oddDirective(t *rapid.T) lbconfig.Directive {
	name := rapid.SampledFrom([]string{"foo", "pcre_jit", "env", "timer_resolution", "worker_priority", "variables_hash_max_size", "map_hash_bucket_size", "error_log", "http", "geo",
		"ssl_preread", "zone_sync", "server_name", "least_time", "listen", "health_check", "worker_aio_requests", "lock_file", "worker_rlimit_core", "debug_points"}).Draw(t, "directive")
	d := lbconfig.Directive{Name: name, HasBlock: rapid.IntRange(0, 5).Draw(t, "block") == 0}
	for range rapid.IntRange(0, 2).Draw(t, "words") {
		d.Args = append(d.Args, rapid.SampledFrom(append(oddWords, "64", "1024", "100ms", "1k", "-5", "stop")).Draw(t, "word"))
	}
	return d
}
