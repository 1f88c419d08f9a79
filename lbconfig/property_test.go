package lbconfig_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/lbconfig"
)

// text is any word that a file can hold, quotes, marks and line ends among them.
func text() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z/._$-]{1,12}`),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab \t\n\r;{}\"'\\#$ü")), 1, 8, -1),
	).Filter(func(s string) bool { return s != "off" })
}

func maybe[T any](t *rapid.T, g *rapid.Generator[T], label string) T {
	var zero T
	return rapid.OneOf(rapid.Just(zero), g).Draw(t, label)
}

func maybePointer[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	if rapid.Bool().Draw(t, label+" set") {
		return new(g.Draw(t, label))
	}
	return nil
}

func seconds() *rapid.Generator[time.Duration] {
	return rapid.Map(rapid.Int64Range(1, 1e6), func(n int64) time.Duration { return time.Duration(n) * time.Second })
}

func millis() *rapid.Generator[time.Duration] {
	return rapid.Map(rapid.Int64Range(1, 1e9), func(n int64) time.Duration { return time.Duration(n) * time.Millisecond })
}

func sizes() *rapid.Generator[lbconfig.Size] {
	return rapid.Map(rapid.Int64Range(1, 1<<30), func(n int64) lbconfig.Size { return lbconfig.Size(n) })
}

func several[T any](t *rapid.T, label string, one func(*rapid.T) T) []T {
	var out []T
	for range rapid.IntRange(0, 3).Draw(t, label) {
		out = append(out, one(t))
	}
	return out
}

func count() *rapid.Generator[int] { return rapid.IntRange(1, 1e6) }

func settings(t *rapid.T) lbconfig.ProxySettings {
	return lbconfig.ProxySettings{
		AccessLogs: several(t, "access logs", func(t *rapid.T) lbconfig.AccessLog {
			if rapid.Bool().Draw(t, "log off") {
				return lbconfig.AccessLog{Off: true}
			}
			return lbconfig.AccessLog{Path: text().Draw(t, "path"), Format: text().Draw(t, "format"),
				Buffer: maybe(t, sizes(), "buffer"), Flush: maybe(t, millis(), "flush"),
				Gzip: maybe(t, rapid.IntRange(1, 9), "gzip"), If: maybe(t, text(), "if")}
		}),
		TCPNodelay:               maybePointer(t, rapid.Bool(), "nodelay"),
		ProxyConnectTimeout:      maybe(t, millis(), "connect"),
		ProxyTimeout:             maybe(t, millis(), "idle"),
		ProxySocketKeepalive:     maybePointer(t, rapid.Bool(), "keepalive"),
		ProxyNextUpstream:        maybePointer(t, rapid.Bool(), "next"),
		ProxyNextUpstreamTimeout: maybe(t, millis(), "next timeout"),
		ProxyNextUpstreamTries:   maybe(t, count(), "tries"),
		ProxyBufferSize:          maybe(t, sizes(), "buffer size"),
		ProxyHalfClose:           maybePointer(t, rapid.Bool(), "half close"),
		ProxyDownloadRate:        maybe(t, sizes(), "download"),
		ProxyUploadRate:          maybe(t, sizes(), "upload"),
		ProxyBind:                bind(t),
		ProxyProtocol:            maybePointer(t, rapid.Bool(), "send proxy protocol"),
		ProxyRequests:            maybe(t, count(), "requests"),
		ProxyResponses:           maybePointer(t, rapid.IntRange(0, 9), "responses"),
		ProxyProtocolTimeout:     maybe(t, millis(), "proxy protocol timeout"),
		SSLPreread:               maybePointer(t, rapid.Bool(), "preread"),
		PrereadBufferSize:        maybe(t, sizes(), "preread buffer"),
		PrereadTimeout:           maybe(t, millis(), "preread timeout"),
		SetRealIPFrom:            several(t, "real", func(t *rapid.T) string { return text().Draw(t, "real from") }),
		Resolver: lbconfig.Resolver{
			Addresses: several(t, "resolvers", func(t *rapid.T) string { return "r" + text().Draw(t, "resolver") }),
			Valid:     maybe(t, seconds(), "valid"), IPv4: maybePointer(t, rapid.Bool(), "v4"), IPv6: maybePointer(t, rapid.Bool(), "v6"),
		},
		ResolverTimeout: maybe(t, millis(), "resolver timeout"),
		LimitConns: several(t, "limits", func(t *rapid.T) lbconfig.LimitConn {
			return lbconfig.LimitConn{Zone: text().Draw(t, "limit zone"), Limit: rapid.IntRange(1, 65535).Draw(t, "limit")}
		}),
		LimitConnLogLevel: maybe(t, text(), "limit level"),
		LimitConnDryRun:   maybePointer(t, rapid.Bool(), "dry run"),
	}
}

func bind(t *rapid.T) lbconfig.ProxyBind {
	if rapid.Bool().Draw(t, "bind") {
		return lbconfig.ProxyBind{Address: text().Draw(t, "bind address"), Transparent: rapid.Bool().Draw(t, "transparent")}
	}
	return lbconfig.ProxyBind{}
}

func rules(t *rapid.T) []lbconfig.AccessRule {
	return several(t, "rules", func(t *rapid.T) lbconfig.AccessRule {
		return lbconfig.AccessRule{Deny: rapid.Bool().Draw(t, "deny"), From: text().Draw(t, "from")}
	})
}

func upstream(t *rapid.T) lbconfig.Upstream {
	u := lbconfig.Upstream{Name: text().Draw(t, "upstream")}
	if rapid.Bool().Draw(t, "has zone") {
		u.Zone = lbconfig.Zone{Name: text().Draw(t, "zone"), Size: maybe(t, sizes(), "zone size")}
	}
	u.Balance = rapid.SampledFrom([]lbconfig.Balance{
		{}, {Method: lbconfig.LeastConn}, {Method: lbconfig.Random}, {Method: lbconfig.Random, Two: true},
		{Method: lbconfig.Hash, Key: "$remote_addr"}, {Method: lbconfig.Hash, Key: "$pid x", Consistent: true},
	}).Draw(t, "balance")
	u.Servers = several(t, "backends", func(t *rapid.T) lbconfig.UpstreamServer {
		return lbconfig.UpstreamServer{
			Address: text().Draw(t, "address"), Weight: maybe(t, count(), "weight"), MaxConns: maybe(t, count(), "conns"),
			MaxFails: maybePointer(t, rapid.IntRange(0, 9), "fails"), FailTimeout: maybePointer(t, rapid.OneOf(rapid.Just(time.Duration(0)), seconds()), "fail timeout"),
			Backup: rapid.Bool().Draw(t, "backup"), Down: rapid.Bool().Draw(t, "down"),
			Resolve: rapid.Bool().Draw(t, "resolve"), Service: maybe(t, text(), "service"),
		}
	})
	return u
}

func keepalive(t *rapid.T) lbconfig.Keepalive {
	switch rapid.IntRange(0, 3).Draw(t, "keepalive") {
	case 0:
		return lbconfig.Keepalive{On: true}
	case 1:
		return lbconfig.Keepalive{Off: true}
	case 2:
		return lbconfig.Keepalive{Idle: maybe(t, seconds(), "idle"), Interval: maybe(t, seconds(), "interval"), Count: maybe(t, count(), "count")}
	default:
		return lbconfig.Keepalive{}
	}
}

func server(t *rapid.T) lbconfig.Server {
	return lbconfig.Server{
		Listen: several(t, "listeners", func(t *rapid.T) lbconfig.Listen {
			return lbconfig.Listen{
				Address: text().Draw(t, "listen"), Backlog: maybe(t, count(), "backlog"), Reuseport: rapid.Bool().Draw(t, "reuseport"),
				IPv6Only: maybePointer(t, rapid.Bool(), "v6only"), SoKeepalive: keepalive(t), ProxyProtocol: rapid.Bool().Draw(t, "proxy protocol"),
				UDP: rapid.Bool().Draw(t, "udp"), Rcvbuf: maybe(t, sizes(), "rcvbuf"), Sndbuf: maybe(t, sizes(), "sndbuf"), Fastopen: maybe(t, count(), "fastopen"),
				Bind: rapid.Bool().Draw(t, "bound"), Deferred: rapid.Bool().Draw(t, "deferred"), DefaultServer: rapid.Bool().Draw(t, "default"),
				Multipath: rapid.Bool().Draw(t, "multipath"), SSL: rapid.Bool().Draw(t, "ssl"),
			}
		}),
		ProxySettings: settings(t),
		Access:        rules(t),
		ProxyPass:     maybe(t, text(), "pass"),
		Return:        maybe(t, text(), "return"),
	}
}

func config(t *rapid.T) lbconfig.Config {
	c := lbconfig.Config{
		Main: lbconfig.Main{
			LoadModules: several(t, "modules", func(t *rapid.T) string { return text().Draw(t, "module") }),
			User:        maybe(t, text(), "user"), Daemon: maybePointer(t, rapid.Bool(), "daemon"), PID: maybe(t, text(), "pid"),
			ErrorLogs: several(t, "error logs", func(t *rapid.T) lbconfig.ErrorLog {
				return lbconfig.ErrorLog{Path: text().Draw(t, "error log"), Level: rapid.SampledFrom([]string{"", "warn", "emerg"}).Draw(t, "level")}
			}),
			WorkerProcesses: maybe(t, text(), "workers"), WorkerRlimitNofile: maybe(t, count(), "nofile"), WorkerShutdownTimeout: maybe(t, millis(), "shutdown"),
		},
		Stream: lbconfig.Stream{
			LogFormats: several(t, "formats", func(t *rapid.T) lbconfig.LogFormat {
				return lbconfig.LogFormat{Name: text().Draw(t, "format"), Escape: rapid.SampledFrom([]string{"", "json", "none"}).Draw(t, "escape"),
					Format: text().Draw(t, "text")}
			}),
			LimitConnZones: several(t, "zones", func(t *rapid.T) lbconfig.LimitConnZone {
				return lbconfig.LimitConnZone{Key: text().Draw(t, "key"),
					Zone: lbconfig.Zone{Name: rapid.StringMatching(`[a-z]+`).Draw(t, "zone"), Size: sizes().Draw(t, "zone size")}}
			}),
			ProxySettings: settings(t),
			Access:        rules(t),
			Upstreams:     several(t, "upstreams", upstream),
			Servers:       several(t, "servers", server),
		},
	}
	if c.Main.User != "" {
		c.Main.Group = maybe(t, text(), "group")
	}
	if rapid.Bool().Draw(t, "events") {
		c.Events = &lbconfig.Events{WorkerConnections: maybe(t, count(), "connections"), MultiAccept: maybePointer(t, rapid.Bool(), "multi"),
			Use: maybe(t, text(), "use"), AcceptMutex: maybePointer(t, rapid.Bool(), "mutex"), AcceptMutexDelay: maybe(t, millis(), "mutex delay")}
	}
	return c
}

func TestParseIsTheInverseOfRender(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := config(t)
		file, err := want.Render()
		require.NoError(t, err)
		again, err := want.Render()
		require.NoError(t, err)
		require.Equal(t, file, again)
		got, err := lbconfig.ParseStrict(file)
		require.NoError(t, err, "%s", file)
		require.Equal(t, want, got, "%s", file)
		require.Empty(t, lbconfig.Diff(want, got))
	})
}

func TestAPIServerIsAlwaysValidWithBackends(t *testing.T) {
	t.Parallel()
	address := rapid.Custom(func(t *rapid.T) netip.AddrPort {
		if rapid.Bool().Draw(t, "v6") {
			return netip.AddrPortFrom(netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6 address"))), 6443)
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4 address"))), 6443)
	})
	rapid.Check(t, func(t *rapid.T) {
		cfg := lbconfig.APIServer(lbconfig.Options{Backends: rapid.SliceOfN(address, 1, 7).Draw(t, "backends")})
		require.NoError(t, cfg.ValidateOn(lbconfig.DebianBuild()))
	})
}
