package lbconfig_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/lbconfig"
)

// handWritten is a file as people have it: the distribution's main file with a stream block added.
const handWritten = `user www-data;
worker_processes auto;
include /etc/nginx/modules-enabled/*.conf; # loads stream
events { worker_connections 768; debug_connection 127.0.0.1; }
http {
	include mime.types;
	map $http_upgrade $connection_upgrade { default upgrade; "" close; "~*a;b" x; }
	server { listen 80; location / { return 200 "a b"; } }
}
stream {
	map $ssl_preread_server_name $name { hostnames; default u; }
	log_format f "$remote_addr";
	upstream u { least_time connect; server 127.0.0.1:6443; }
	server {
		allow 10.0.0.0/8;
		include denied.conf;
		deny all;
		listen 127.0.0.1:16443;
		proxy_download_rate $rate;
		proxy_pass u;
	}
}
`

func TestParseKeepsWhatHasNoType(t *testing.T) {
	t.Parallel()
	cfg, err := lbconfig.Parse([]byte(handWritten))
	require.NoError(t, err)
	assert.Equal(t, []string{"user", "worker_processes", "", "events", "", "stream"}, cfg.Kept.Order)
	require.Len(t, cfg.Kept.Directives, 2)
	assert.Equal(t, lbconfig.Directive{Name: "include", Args: []string{"/etc/nginx/modules-enabled/*.conf"}, Line: 3, Col: 1}, cfg.Kept.Directives[0])
	assert.Equal(t, []lbconfig.Include{
		{Glob: "/etc/nginx/modules-enabled/*.conf", Place: lbconfig.Place{Block: "the main file", Line: 3, Col: 1}},
		{Glob: "mime.types", Place: lbconfig.Place{Block: "http", Line: 6, Col: 2}},
		{Glob: "denied.conf", Place: lbconfig.Place{Block: "server", Line: 16, Col: 3}},
	}, cfg.Includes())
	assert.Equal(t, []string{"allow", "", "deny", "listen", "", "proxy_pass"}, cfg.Stream.Servers[0].Kept.Order)

	file, err := cfg.Render()
	require.NoError(t, err)
	assert.Equal(t, strings.Join(strings.Fields(withoutComments(handWritten)), " "), strings.Join(strings.Fields(relaxed(string(file))), " "))
	again, err := lbconfig.Parse(file)
	require.NoError(t, err)
	assert.Equal(t, unplaced(cfg), unplaced(again))

	var invalid *lbconfig.ValidationError
	require.ErrorAs(t, cfg.ValidateOn(lbconfig.DebianBuild()), &invalid)
	assert.Equal(t, []lbconfig.Problem{
		{Path: "Kept.Directives[1]", Code: "unchecked", Message: `only nginx can judge "http"`},
		{Path: "Events.Kept.Directives[0]", Code: "unchecked", Message: `only nginx can judge "debug_connection"`},
		{Path: "Stream.Kept.Directives[0]", Code: "unchecked", Message: `only nginx can judge "map"`},
		{Path: "Stream.Upstreams[0].Kept.Directives[0]", Code: "unchecked", Message: `only nginx can judge "least_time"`},
		{Path: "Stream.Servers[0].Kept.Directives[0]", Code: "unchecked", Message: `only nginx can judge "include"`},
		{Path: "Stream.Servers[0].Kept.Directives[1]", Code: "unchecked", Message: `only nginx can judge "proxy_download_rate"`},
		{Path: "stream/upstream[0]/least_time", Code: "too-new", Message: `"least_time" needs nginx 1.31.0, this is 1.22.1`},
	}, invalid.Problems)
	assert.NoError(t, lbconfig.Ignore(cfg.Validate(), "unchecked"))
}

// A variable that a kept directive defines is none that nginx does not know.
func TestKeptDirectivesDefineVariables(t *testing.T) {
	t.Parallel()
	cfg, err := lbconfig.Parse([]byte(`events {} stream { map $pid $name { default u; } geo $where { default x; } split_clients $pid $half { * y; }
	log_format f "$name $where $half"; upstream u { server 127.0.0.1:1; } server { listen 1; set $mine u; proxy_pass $mine; } server { listen 2; return $name; } }`))
	require.NoError(t, err)
	require.Error(t, cfg.Validate())
	assert.NoError(t, lbconfig.Ignore(cfg.Validate(), "unchecked"))
	cfg.Stream.Kept.Directives = cfg.Stream.Kept.Directives[1:]
	assert.ErrorContains(t, lbconfig.Ignore(cfg.Validate(), "unchecked"), `unknown "name" variable`)
}

// What is added to a Config after it was parsed goes next to its like.
func TestKeptPlacesStayWhenTheConfigChanges(t *testing.T) {
	t.Parallel()
	cfg, err := lbconfig.Parse([]byte("a1 x;\nevents {}\nstream { b1; upstream u { server a:1; c1; server b:1; } }"))
	require.NoError(t, err)
	cfg.Main.LoadModules = []string{"m.so"}
	cfg.Main.PID = "/p"
	u := &cfg.Stream.Upstreams[0]
	u.Balance.Method = lbconfig.LeastConn
	u.Servers = append(u.Servers, lbconfig.UpstreamServer{Address: "c:1"})
	file, err := cfg.Render()
	require.NoError(t, err)
	assert.Equal(t, "load_module m.so; pid /p; a1 x; events {} stream { b1; upstream u { least_conn; server a:1; c1; server b:1; server c:1; } }",
		strings.Join(strings.Fields(string(file)), " "))
}

func withoutComments(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		b.WriteString(line + "\n")
	}
	return b.String()
}

// relaxed undoes what Render writes otherwise than people: no quotes where none are needed.
func relaxed(s string) string {
	return strings.NewReplacer("log_format f $remote_addr", `log_format f "$remote_addr"`).Replace(s)
}

// unplaced returns c without lines and columns.
func unplaced(c lbconfig.Config) lbconfig.Config {
	c.Kept = unplacedKept(c.Kept)
	if c.Events != nil {
		e := *c.Events
		e.Kept = unplacedKept(e.Kept)
		c.Events = &e
	}
	c.Stream = unplacedStream(c.Stream)
	return c
}

func unplacedStream(s lbconfig.Stream) lbconfig.Stream {
	s.Kept = unplacedKept(s.Kept)
	s.Upstreams = append([]lbconfig.Upstream(nil), s.Upstreams...)
	for i, u := range s.Upstreams {
		s.Upstreams[i].Kept = unplacedKept(u.Kept)
	}
	s.Servers = append([]lbconfig.Server(nil), s.Servers...)
	for i, v := range s.Servers {
		s.Servers[i].Kept = unplacedKept(v.Kept)
	}
	return s
}

func unplacedKept(k lbconfig.Kept) lbconfig.Kept {
	k.Directives = unplacedDirectives(k.Directives)
	return k
}

func unplacedDirectives(list []lbconfig.Directive) []lbconfig.Directive {
	var out []lbconfig.Directive
	for _, d := range list {
		d.Line, d.Col, d.Block = 0, 0, unplacedDirectives(d.Block)
		out = append(out, d)
	}
	return out
}

// statementsOf draws statements of a block, typed and not.
func statementsOf(typed ...string) func(*rapid.T, string) string {
	unknown := []string{"foo;", "bar a \"b c\" '';", "baz { \"\" x; q { r; } }", "include x.conf;", "js_var \"$x;{\";", "geo { default 0; }", `re "~^a\.b{1}" '\\';`}
	return func(t *rapid.T, label string) string {
		var b strings.Builder
		used := map[string]bool{}
		for range rapid.IntRange(0, 6).Draw(t, label) {
			s := rapid.SampledFrom(append(unknown, typed...)).Draw(t, label)
			name := strings.Fields(s)[0]
			if used[name] && !strings.HasPrefix(s, "allow") && !strings.HasPrefix(s, "server ") {
				continue
			}
			used[name] = true
			b.WriteString(s + "\n")
		}
		return b.String()
	}
}

// Whatever is written between directives that have types, in whatever order, parsing and
// rendering it does not change a second time, nor lose a word of it the first.
func TestKeptStatementsSurvive(t *testing.T) {
	t.Parallel()
	mainBlock := statementsOf("pid /p;", "user u;", "daemon off;", "stream {}", "error_log x warn;")
	stream := statementsOf("tcp_nodelay on;", "proxy_timeout 60s;", "log_format a b;", "allow all;", "proxy_download_rate 0;", "proxy_download_rate $r;")
	server := statementsOf("listen 1;", "allow 10.0.0.0/8;", "deny all;", "proxy_pass u;", "limit_conn a 1;", "proxy_upload_rate 1k;")
	upstream := statementsOf("server a:1;", "server b:1 down;", "least_conn;", "zone z 64k;")
	rapid.Check(t, func(t *rapid.T) {
		text := mainBlock(t, "main")
		if !strings.Contains(text, "stream") {
			text += "stream {" + stream(t, "before") + "upstream u {" + upstream(t, "upstream") + "} server {" + server(t, "server") + "} }"
		}
		cfg, err := lbconfig.Parse([]byte(text))
		if err != nil {
			t.Skip(err)
		}
		file, err := cfg.Render()
		require.NoError(t, err)
		again, err := lbconfig.Parse(file)
		require.NoError(t, err, "%s\n%s", text, file)
		require.Equal(t, unplaced(cfg), unplaced(again), "%s\n%s", text, file)
		require.Empty(t, lbconfig.Diff(cfg, again))
		for _, word := range []string{"foo", "bar", "baz", "include", "js_var", "geo", "re ", "$r", "allow", "server a"} {
			require.Equal(t, strings.Count(text, word), strings.Count(string(file), word), "%s\n%s", text, file)
		}
	})
}
