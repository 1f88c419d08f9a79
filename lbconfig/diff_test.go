package lbconfig_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

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
