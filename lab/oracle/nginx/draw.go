package nginx

import (
	"fmt"
	"math/rand/v2"
	"time"

	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/lbconfig"
)

// draw returns one configuration: half of them are meant to be right, the others have one to
// three faults each.
func draw(seed int) lbconfig.Config {
	// Which faults is drawn evenly, which rapid does not: it prefers the first.
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	return rapid.Custom(func(t *rapid.T) lbconfig.Config {
		cfg := valid(t)
		if random.IntN(2) == 0 {
			for range 1 + random.IntN(3) {
				faults[random.IntN(len(faults))](t, &cfg)
			}
		}
		return cfg
	}).Example(seed)
}

// drawValid returns a configuration that is meant to be right.
func drawValid(seed int) lbconfig.Config { return rapid.Custom(valid).Example(seed) }

// some draws a value of several, or the zero value.
func some[T any](t *rapid.T, label string, values ...T) T {
	var zero T
	if rapid.IntRange(0, 2).Draw(t, label+" set") > 0 {
		return zero
	}
	return rapid.SampledFrom(values).Draw(t, label)
}

// pointer draws a pointer to one of several values, or nil.
func pointer[T any](t *rapid.T, label string, values ...T) *T {
	if rapid.IntRange(0, 2).Draw(t, label+" set") > 0 {
		return nil
	}
	return new(rapid.SampledFrom(values).Draw(t, label))
}

func few[T any](t *rapid.T, label string, least, most int, one func(t *rapid.T, i int) T) []T {
	var out []T
	for i := range rapid.IntRange(least, most).Draw(t, label) {
		out = append(out, one(t, i))
	}
	return out
}

func times(t *rapid.T, label string) time.Duration {
	return some(t, label, time.Millisecond, 1500*time.Millisecond, time.Second, 90*time.Second, time.Hour, 36*time.Hour)
}

func sizes(t *rapid.T, label string) lbconfig.Size {
	return some(t, label, 1000, lbconfig.KiB, 16*lbconfig.KiB, lbconfig.MiB)
}

// valid draws a configuration that nginx takes.
func valid(t *rapid.T) lbconfig.Config {
	cfg := lbconfig.Config{
		Main: lbconfig.Main{
			LoadModules: []string{string(lbconfig.ModuleDebian)},
			User:        some(t, "user", "root", "www-data"), Daemon: pointer(t, "daemon", true, false), PID: dirMark + "/pid",
			ErrorLogs: few(t, "error logs", 1, 2, func(t *rapid.T, i int) lbconfig.ErrorLog {
				return lbconfig.ErrorLog{Path: dirMark + fmt.Sprintf("/error%d.log", i), Level: some(t, "level", "info", "warn", "crit")}
			}),
			WorkerProcesses: some(t, "workers", "1", "2", "auto"), WorkerRlimitNofile: some(t, "nofile", 1024, 8192),
			WorkerShutdownTimeout: times(t, "shutdown"),
		},
		Events: &lbconfig.Events{WorkerConnections: some(t, "connections", 64, 4096), MultiAccept: pointer(t, "multi", true, false), Use: some(t, "use", "epoll"),
			AcceptMutex: pointer(t, "mutex", true, false), AcceptMutexDelay: times(t, "mutex delay")},
	}
	if cfg.Main.User != "" {
		cfg.Main.Group = some(t, "group", "root", "adm")
	}
	if rapid.IntRange(0, 9).Draw(t, "include") == 0 {
		cfg.Main.LoadModules = nil
		cfg.Kept.Directives = []lbconfig.Directive{{Name: "include", Args: []string{string(lbconfig.ModuleIncludeDebian)}}}
		cfg.Kept.Order = []string{""}
		cfg.Kept.Order = append(cfg.Kept.Order, "user", "daemon", "pid", "error_log", "error_log", "worker_processes", "worker_rlimit_nofile", "worker_shutdown_timeout")
	}
	cfg.Kept.Directives = append(cfg.Kept.Directives, keptMain(t)...)
	cfg.Stream = stream(t)
	return cfg
}

// keptMain draws directives that have no type in lbconfig and that it can judge.
func keptMain(t *rapid.T) []lbconfig.Directive {
	d := func(name string, args ...string) lbconfig.Directive {
		return lbconfig.Directive{Name: name, Args: args}
	}
	all := []lbconfig.Directive{d("pcre_jit", "on"), d("worker_priority", "-1"), d("env", "TZ"), d("lock_file", dirMark+"/lock"),
		d("timer_resolution", "100ms"), d("worker_rlimit_core", "1m"), d("master_process", "on")}
	var out []lbconfig.Directive
	for _, d := range all {
		if rapid.IntRange(0, 9).Draw(t, d.Name) == 0 {
			out = append(out, d)
		}
	}
	return out
}

func stream(t *rapid.T) lbconfig.Stream {
	s := lbconfig.Stream{
		LogFormats: few(t, "formats", 1, 2, func(t *rapid.T, i int) lbconfig.LogFormat {
			return lbconfig.LogFormat{Name: fmt.Sprintf("f%d", i), Escape: some(t, "escape", "default", "json", "none"),
				Format: rapid.SampledFrom([]string{"$remote_addr $status", `{"a":"$upstream_addr"}`, "${protocol}x\t$msec;", "plain"}).Draw(t, "format")}
		}),
		LimitConnZones: few(t, "zones", 0, 2, func(t *rapid.T, i int) lbconfig.LimitConnZone {
			return lbconfig.LimitConnZone{Key: rapid.SampledFrom([]string{"$binary_remote_addr", "$server_port", "one"}).Draw(t, "key"),
				Zone: lbconfig.Zone{Name: fmt.Sprintf("limit%d", i), Size: rapid.SampledFrom([]lbconfig.Size{32 * lbconfig.KiB, lbconfig.MiB}).Draw(t, "zone size")}}
		}),
		Access: access(t),
	}
	s.ProxySettings = settings(t, len(s.LimitConnZones))
	s.Upstreams = few(t, "upstreams", 0, 3, upstream)
	sockets := 0
	s.Servers = few(t, "servers", 1, 3, func(t *rapid.T, i int) lbconfig.Server {
		v := lbconfig.Server{ProxySettings: settings(t, len(s.LimitConnZones)), Access: access(t)}
		v.Listen = few(t, "listeners", 1, 3, func(t *rapid.T, k int) lbconfig.Listen {
			sockets++
			return listen(t, 20000+sockets)
		})
		switch pass := rapid.IntRange(0, 3).Draw(t, "pass"); {
		case pass == 0:
			v.Return = rapid.SampledFrom([]string{"x", "$remote_addr\n", "a b;"}).Draw(t, "return")
		case pass < 3 && len(s.Upstreams) > 0:
			v.ProxyPass = s.Upstreams[rapid.IntRange(0, len(s.Upstreams)-1).Draw(t, "to")].Name
		default:
			v.ProxyPass = rapid.SampledFrom([]string{"127.0.0.1:6443", "[::1]:6443", "localhost:6443", "unix:" + dirMark + "/to.sock"}).Draw(t, "to address")
		}
		return v
	})
	return s
}

func access(t *rapid.T) []lbconfig.AccessRule {
	return few(t, "rules", 0, 2, func(t *rapid.T, _ int) lbconfig.AccessRule {
		return lbconfig.AccessRule{Deny: rapid.Bool().Draw(t, "deny"),
			From: rapid.SampledFrom([]string{"all", "unix:", "10.0.0.0/8", "10.1.2.3", "fd00::/8", "::1", "10.1.2.3/8"}).Draw(t, "from")}
	})
}

func upstream(t *rapid.T, i int) lbconfig.Upstream {
	u := lbconfig.Upstream{Name: fmt.Sprintf("u%d", i)}
	if rapid.Bool().Draw(t, "zone") {
		u.Zone = lbconfig.Zone{Name: u.Name, Size: rapid.SampledFrom([]lbconfig.Size{32 * lbconfig.KiB, 64 * lbconfig.KiB}).Draw(t, "zone size")}
	}
	u.Balance = rapid.SampledFrom([]lbconfig.Balance{{}, {Method: lbconfig.LeastConn}, {Method: lbconfig.Random}, {Method: lbconfig.Random, Two: true},
		{Method: lbconfig.Hash, Key: "$remote_addr"}, {Method: lbconfig.Hash, Key: "k$server_port", Consistent: true}}).Draw(t, "balance")
	backup := u.Balance.Method == lbconfig.RoundRobin || u.Balance.Method == lbconfig.LeastConn
	u.Servers = few(t, "backends", 1, 4, func(t *rapid.T, k int) lbconfig.UpstreamServer {
		address := []string{fmt.Sprintf("127.0.0.1:%d", 6443+k), fmt.Sprintf("[fd99::1]:%d", 6443+k), fmt.Sprintf("localhost:%d", 6443+k), fmt.Sprintf("unix:%s/b%d.sock", dirMark, k)}
		return lbconfig.UpstreamServer{
			Address: rapid.SampledFrom(address).Draw(t, "address"),
			Weight:  some(t, "weight", 1, 2, 100), MaxConns: some(t, "max conns", 1, 1000), MaxFails: pointer(t, "fails", 0, 1, 7),
			FailTimeout: pointer(t, "fail timeout", 0, time.Second, time.Hour),
			Backup:      backup && k > 0 && rapid.Bool().Draw(t, "backup"), Down: rapid.IntRange(0, 3).Draw(t, "down") == 0,
		}
	})
	return u
}

func listen(t *rapid.T, port int) lbconfig.Listen {
	host := rapid.SampledFrom([]string{"", "*:", "127.0.0.1:", "0.0.0.0:", "10.99.0.1:", "[::1]:", "[::]:", "[fd99::1]:", "localhost:"}).Draw(t, "host")
	l := lbconfig.Listen{Address: fmt.Sprintf("%s%d", host, port), Reuseport: rapid.IntRange(0, 3).Draw(t, "reuseport") == 0,
		Rcvbuf: sizes(t, "rcvbuf"), Sndbuf: sizes(t, "sndbuf"), Bind: rapid.IntRange(0, 3).Draw(t, "bind") == 0}
	if host == "" || host == "127.0.0.1:" {
		if rapid.IntRange(0, 5).Draw(t, "unix") == 0 {
			return lbconfig.Listen{Address: fmt.Sprintf("unix:%s/l%d.sock", dirMark, port), Backlog: some(t, "backlog", 5)}
		}
	}
	if host == "[::]:" || host == "[::1]:" {
		l.IPv6Only = pointer(t, "v6only", true, false)
	}
	if l.UDP = rapid.IntRange(0, 4).Draw(t, "udp") == 0; l.UDP {
		return l
	}
	l.Backlog = some(t, "backlog", 1, 511, 4096)
	l.Fastopen = some(t, "fastopen", 5)
	l.ProxyProtocol = rapid.IntRange(0, 4).Draw(t, "proxy protocol") == 0
	l.SoKeepalive = some(t, "keepalive", lbconfig.Keepalive{On: true}, lbconfig.Keepalive{Off: true},
		lbconfig.Keepalive{Idle: 30 * time.Second}, lbconfig.Keepalive{Idle: time.Minute, Interval: 5 * time.Second, Count: 3}, lbconfig.Keepalive{Count: 9})
	return l
}
