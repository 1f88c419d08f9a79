package lbconfig_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// changes returns Diff's lines without the generation's, which changes whenever anything does.
func changes(a, b lbconfig.Config) []string {
	var out []string
	for _, c := range lbconfig.Diff(a, b) {
		if c.Path != "stream/server unix:/run/quorate-lb/generation.sock/return" {
			out = append(out, c.String())
		}
	}
	return out
}

func TestDiffOfMembership(t *testing.T) {
	t.Parallel()
	three := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
	two := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()[1:]})
	const path = "stream/upstream kube_apiserver/server 10.0.0.11:6443: "
	const line = "server 10.0.0.11:6443 max_fails=1 fail_timeout=5s"
	assert.Equal(t, []string{"add " + path + line}, changes(two, three))
	assert.Equal(t, []string{"remove " + path + line}, changes(three, two))
	assert.Empty(t, lbconfig.Diff(three, three))

	drained := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
	drained.Stream.Upstreams[0].Servers[0].Down = true
	assert.Equal(t, []string{"change " + path + line + " -> " + line + " down"}, changes(three, drained))
	assert.Len(t, lbconfig.Diff(three, two), 2, "the generation differs too")
}

func TestDiffSeesEveryPart(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*lbconfig.Config)
		want   []string
	}{
		"main": {
			func(c *lbconfig.Config) { c.Main.WorkerProcesses = "auto"; c.Main.PID = "" },
			[]string{"change worker_processes: worker_processes 2 -> worker_processes auto", "remove pid: pid /run/quorate-lb/nginx.pid"},
		},
		"module": {
			func(c *lbconfig.Config) { c.Main.LoadModules = []string{"m.so"} },
			[]string{"add load_module m.so: load_module m.so", "remove load_module /usr/lib/nginx/modules/ngx_stream_module.so: load_module /usr/lib/nginx/modules/ngx_stream_module.so"},
		},
		"events": {
			func(c *lbconfig.Config) { c.Events = nil },
			[]string{"remove events: events {...}"},
		},
		"log format": {
			func(c *lbconfig.Config) { c.Stream.LogFormats[0].Format = "$pid x" },
			[]string{`change stream/log_format sessions: log_format sessions "$time_iso8601 $remote_addr:$remote_port $status $bytes_received $bytes_sent $session_time \"$upstream_addr\" \"$upstream_connect_time\"" -> log_format sessions "$pid x"`},
		},
		"listener": {
			func(c *lbconfig.Config) {
				c.Stream.Servers[0].Listen = append(c.Stream.Servers[0].Listen, lbconfig.Listen{Address: "[::1]:16443"})
			},
			[]string{"add stream/server 127.0.0.1:16443/listen [::1]:16443: listen [::1]:16443"},
		},
		"rules": {
			func(c *lbconfig.Config) {
				c.Stream.Servers[0].Access = []lbconfig.AccessRule{{From: "10.0.0.0/8"}, {Deny: true, From: "all"}}
			},
			[]string{"add stream/server 127.0.0.1:16443/allow: allow 10.0.0.0/8", "add stream/server 127.0.0.1:16443/deny: deny all"},
		},
		"server": {
			func(c *lbconfig.Config) { c.Stream.Servers = c.Stream.Servers[1:] },
			[]string{"remove stream/server 127.0.0.1:16443: server {...}"},
		},
		"order of backends": {
			func(c *lbconfig.Config) {
				s := c.Stream.Upstreams[0].Servers
				s[0], s[1] = s[1], s[0]
			},
			nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
			b := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
			c.change(&b)
			assert.Equal(t, c.want, changes(a, b))
		})
	}
}

func TestDiffNamesTwinsApart(t *testing.T) {
	t.Parallel()
	a := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:6443")}})
	b := a
	b.Stream.Servers = append([]lbconfig.Server{a.Stream.Servers[0]}, a.Stream.Servers...)
	assert.Equal(t, []string{"add stream/server 127.0.0.1:16443#2: server {...}"}, changes(a, b))
}

func TestDiffIsByMeaning(t *testing.T) {
	t.Parallel()
	parse := func(text string) lbconfig.Config {
		cfg, err := lbconfig.Parse([]byte(text))
		require.NoError(t, err)
		return cfg
	}
	a := parse(`events {} stream { proxy_timeout 1h;
	upstream u { server a:1; server b:1; } upstream v { server c:1; }
	server { listen 16443; proxy_pass u; proxy_connect_timeout 60s; } server { listen 1; proxy_pass v; } }`)
	b := parse(
		`daemon on; worker_processes 1; events { worker_connections 512; multi_accept off; use epoll; }
	stream { tcp_nodelay on; proxy_timeout 60m; proxy_buffer_size 16k; limit_conn_log_level error;
	upstream v { server c:1 weight=1; }
	upstream u { server b:1 max_fails=1 fail_timeout=10; server a:1 fail_timeout=10s; }
	server { listen *:1 so_keepalive=off backlog=511; proxy_pass v; proxy_timeout 3600; }
	server { listen 0.0.0.0:16443; proxy_pass u; proxy_socket_keepalive off; proxy_connect_timeout 1m; proxy_next_upstream_tries 0; } }`)
	assert.Empty(t, lbconfig.Diff(a, b))
	assert.Empty(t, lbconfig.Diff(b, a))

	// A default that is spelled out against what the stream says is a difference.
	c := parse(`events {} stream { proxy_timeout 1h;
	upstream u { server a:1; server b:1; } upstream v { server c:1; }
	server { listen 16443; proxy_pass u; proxy_timeout 10m; } server { listen 1; proxy_pass v; } }`)
	assert.Equal(t, []lbconfig.Change{{Path: "stream/server 0.0.0.0:16443/proxy_timeout", Op: lbconfig.Added, New: "proxy_timeout 10m"}}, lbconfig.Diff(a, c))
}

func TestMembershipChangesAreOneChangeEach(t *testing.T) {
	t.Parallel()
	const up = "kube_apiserver"
	cfg := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
	before, err := cfg.Render()
	require.NoError(t, err)
	one := func(c lbconfig.Config, err error) lbconfig.Change {
		require.NoError(t, err)
		d := lbconfig.Diff(cfg, c)
		require.Len(t, d, 1)
		return d[0]
	}
	const path = "stream/upstream kube_apiserver/server "
	assert.Equal(t, lbconfig.Change{Path: path + "10.0.0.14:6443", Op: lbconfig.Added, New: "server 10.0.0.14:6443 max_fails=1 fail_timeout=5s"}, one(cfg.AddBackend(up, "10.0.0.14:6443")))
	assert.Equal(t, lbconfig.Removed, one(cfg.RemoveBackend(up, "10.0.0.11:6443")).Op)
	assert.Equal(t, "server 10.0.0.11:6443 max_fails=1 fail_timeout=5s down", one(cfg.SetDown(up, "10.0.0.11:6443", true)).New)
	assert.Equal(t, "server 10.0.0.11:6443 weight=3 max_fails=1 fail_timeout=5s", one(cfg.SetWeight(up, "10.0.0.11:6443", 3)).New)
	for _, same := range []func() (lbconfig.Config, error){
		func() (lbconfig.Config, error) { return cfg.AddBackend(up, "10.0.0.11:6443") },
		func() (lbconfig.Config, error) { return cfg.RemoveBackend(up, "10.0.0.99:6443") },
		func() (lbconfig.Config, error) { return cfg.SetDown(up, "10.0.0.11:6443", false) },
	} {
		got, err := same()
		require.NoError(t, err)
		assert.Empty(t, lbconfig.Diff(cfg, got))
	}
	after, err := cfg.Render()
	require.NoError(t, err)
	assert.Equal(t, before, after, "the original is as it was")

	last := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()[:1]})
	_, err = last.RemoveBackend(up, "10.0.0.11:6443")
	assert.EqualError(t, err, "lbconfig: upstream kube_apiserver: 10.0.0.11:6443 is the last backend")
	_, err = cfg.SetDown(up, "10.0.0.99:6443", true)
	assert.EqualError(t, err, "lbconfig: upstream kube_apiserver: no backend 10.0.0.99:6443")
	_, err = cfg.AddBackend("nope", "a:1")
	assert.EqualError(t, err, "lbconfig: no upstream nope")
}
