package lbconfig_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

func TestParseReadsTheArticle(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/article.conf")
	require.NoError(t, err)
	got, err := lbconfig.Parse(file)
	require.NoError(t, err)
	assert.Equal(t, lbconfig.Config{Stream: lbconfig.Stream{
		LogFormats: []lbconfig.LogFormat{{
			Name:   "main",
			Format: "$remote_addr [$time_local]$protocol $status $bytes_sent $bytes_received$session_time",
		}},
		Upstreams: []lbconfig.Upstream{{Name: "kubeapi", Servers: []lbconfig.UpstreamServer{
			{Address: "192.168.1.109:6443"}, {Address: "192.168.1.217:6443"},
		}}},
		Servers: []lbconfig.Server{{
			Listen:        []lbconfig.Listen{{Address: "16443"}},
			ProxyPass:     "kubeapi",
			ProxySettings: lbconfig.ProxySettings{AccessLogs: []lbconfig.AccessLog{{Path: "/var/log/nginx/access.log", Format: "main"}}},
		}},
	}}, got)

	// Alone it is not a main file, and on Debian nothing loads its module.
	var invalid *lbconfig.ValidationError
	require.ErrorAs(t, got.ValidateOn(lbconfig.DebianBuild()), &invalid)
	assert.Equal(t, []string{"no-events", "module-missing"}, codes(invalid))
	got.Events = &lbconfig.Events{}
	assert.NoError(t, got.ValidateOn(lbconfig.Build{StreamBuiltIn: true}))
}

func codes(err *lbconfig.ValidationError) []string {
	out := make([]string, len(err.Problems))
	for i, p := range err.Problems {
		out[i] = p.Code
	}
	return out
}

func TestParseUnderstandsNginxsForms(t *testing.T) {
	t.Parallel()
	got, err := lbconfig.Parse([]byte("# a comment; with { marks\nuser www-data adm;events{worker_connections 1k_;}"))
	require.Error(t, err, "a number is digits")
	assert.Empty(t, got)

	got, err = lbconfig.Parse([]byte(`
user www-data adm;worker_shutdown_timeout 1m30s;
events{multi_accept ON;}
stream{
	log_format f escape=json "a\"b" 'c\'d' ${remote_addr};
	upstream "u" { hash $remote_addr consistent; server h.example:1 weight=2 max_fails=0 fail_timeout=3 max_conns=7 down; }
	server { listen [::1]:99 so_keepalive=30m::10 ipv6only=off backlog=7 reuseport; deny 10.0.0.0/8; allow all; proxy_pass u;
		proxy_timeout "1h 30m"; access_log off; proxy_next_upstream off; proxy_buffer_size 8K; }
	server { listen 98; return "x y"; }
}`))
	require.NoError(t, err)
	assert.Equal(t, lbconfig.Main{User: "www-data", Group: "adm", WorkerShutdownTimeout: 90 * time.Second}, got.Main)
	assert.Equal(t, &lbconfig.Events{MultiAccept: new(true)}, got.Events)
	assert.Equal(t, []lbconfig.LogFormat{{Name: "f", Escape: "json", Format: `a"bc'd${remote_addr}`}}, got.Stream.LogFormats)
	assert.Equal(t, lbconfig.Upstream{
		Name:    "u",
		Balance: lbconfig.Balance{Method: lbconfig.Hash, Key: "$remote_addr", Consistent: true},
		Servers: []lbconfig.UpstreamServer{{Address: "h.example:1", Weight: 2, MaxFails: new(0), FailTimeout: new(3 * time.Second), MaxConns: 7, Down: true}},
	}, got.Stream.Upstreams[0])
	assert.Equal(t, []lbconfig.Server{
		{
			Listen: []lbconfig.Listen{{
				Address: "[::1]:99", Backlog: 7, Reuseport: true, IPv6Only: new(false),
				SoKeepalive: lbconfig.Keepalive{Idle: 30 * time.Minute, Count: 10},
			}},
			Access:    []lbconfig.AccessRule{{Deny: true, From: "10.0.0.0/8"}, {From: "all"}},
			ProxyPass: "u",
			ProxySettings: lbconfig.ProxySettings{
				AccessLogs: []lbconfig.AccessLog{{Off: true}}, ProxyTimeout: 90 * time.Minute,
				ProxyNextUpstream: new(false), ProxyBufferSize: 8 * lbconfig.KiB,
			},
		},
		{Listen: []lbconfig.Listen{{Address: "98"}}, Return: "x y"},
	}, got.Stream.Servers)
	require.NoError(t, got.Validate())
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, file string
		line, col  int
		msg        string
	}{
		{"unknown directive", "events {}\nstreem {}\n", 2, 1, `unknown directive "streem"`},
		{"wrong block", "events {\n  listen 1;\n}", 2, 3, `"listen" directive is not allowed here, in events`},
		{"http", "http {}", 1, 1, `"http" directive has no type here`},
		{"include", "include /etc/nginx/modules-enabled/*.conf;", 1, 1, `"include" is not followed: give the text of "/etc/nginx/modules-enabled/*.conf" in its place`},
		{"commercial", "stream { upstream u { server a:1; state /x; } }", 1, 35, `unknown directive "state"`},
		{"commercial parameter", "stream { upstream u { server a:1 slow_start=1s; } }", 1, 23, `invalid parameter "slow_start=1s"`},
		{"module too late", "events {}\nload_module x.so;", 2, 1, `"load_module" directive is specified too late`},
		{"twice", "pid a;\npid b;", 2, 1, `"pid" directive is duplicate`},
		{"two methods", "stream { upstream u { least_conn; random; } }", 1, 35, "load balancing method redefined"},
		{"no semicolon", "pid a\nevents {}", 1, 1, `directive "pid" is not terminated by ";"`},
		{"no block", "events;", 1, 1, `directive "events" has no opening "{"`},
		{"open block", "events {", 1, 9, `unexpected end of file, expecting "}"`},
		{"cut off", "pid a", 1, 6, `unexpected end of file, expecting ";" or "}"`},
		{"stray brace", "}", 1, 1, `unexpected "}"`},
		{"stray semicolon", ";", 1, 1, `unexpected ";"`},
		{"brace in directive", "events { worker_connections 1 }", 1, 31, `unexpected "}"`},
		{"quote not closed", "pid \"a;", 1, 5, "unexpected end of file: a quote is not closed"},
		{"after a quote", `pid "a"b;`, 1, 8, `unexpected "b" after a quoted word`},
		{"too many words", "pid a b;", 1, 1, `invalid number of arguments in "pid" directive`},
		{"no words", "pid;", 1, 1, `invalid number of arguments in "pid" directive`},
		{"not a number", "worker_rlimit_nofile -1;", 1, 1, `invalid number in "worker_rlimit_nofile" directive`},
		{"not a time", "worker_shutdown_timeout 5h30x;", 1, 1, `"worker_shutdown_timeout" directive invalid value`},
		{"units out of order", "worker_shutdown_timeout 1m1h;", 1, 1, `"worker_shutdown_timeout" directive invalid value`},
		{"no time", "stream { server { proxy_timeout 0; } }", 1, 19, `"proxy_timeout" directive invalid value`},
		{"milliseconds where seconds", "stream { upstream u { server a:1 fail_timeout=500ms; } }", 1, 23, `invalid parameter "fail_timeout=500ms"`},
		{"weight 0", "stream { upstream u { server a:1 weight=0; } }", 1, 23, `invalid parameter "weight=0"`},
		{"switch", "daemon yes;", 1, 1, `invalid value "yes" in "daemon" directive, it must be "on" or "off"`},
		{"log without format", "stream { access_log /x; }", 1, 10, "log format is not specified"},
		{"keepalive of nothing", "stream { server { listen 1 so_keepalive=::; } }", 1, 19, `invalid parameter "so_keepalive=::"`},
		{"long word", "pid " + strings.Repeat("x", 5000) + ";", 1, 5, "too long parameter"},
		{"format too late", "stream { access_log /x f; log_format f x; }", 1, 10, `unknown log format "f"`},
		{"format too late for a server", "stream { server { access_log /x f; } log_format f x; }", 1, 19, `unknown log format "f"`},
		{"limit of nothing", "stream { limit_conn a 0; }", 1, 10, `invalid number of connections "0"`},
		{"limit too high", "stream { limit_conn a 65536; }", 1, 10, "connection limit must be less 65536"},
		{"limit zone without size", "stream { limit_conn_zone $pid zone=a; }", 1, 10, `invalid parameter "zone=a"`},
		{"bind to something", "stream { proxy_bind 127.0.0.1 opaque; }", 1, 10, `invalid parameter "opaque"`},
		{"compression", "stream { access_log /x f gzip=10; }", 1, 10, `invalid parameter "gzip=10"`},
		{"deep", strings.Repeat("a{", 100), 1, 34, "blocks are nested too deeply"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := lbconfig.ParseStrict([]byte(c.file))
			var parse *lbconfig.ParseError
			require.ErrorAs(t, err, &parse)
			assert.Equal(t, lbconfig.ParseError{Line: c.line, Col: c.col, Msg: c.msg}, *parse)
		})
	}
}
