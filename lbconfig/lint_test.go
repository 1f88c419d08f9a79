package lbconfig_test

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// faultless is a balancer on a control plane, and everything there is to know about it.
func faultless() (lbconfig.Config, lbconfig.Env) {
	cfg := lbconfig.APIServer(lbconfig.Options{
		Backends: threeBackends(),
		Listen:   []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:16443"), netip.MustParseAddrPort("[::1]:16443")},
	})
	return cfg, lbconfig.Env{
		Nodes: 200, Endpoint: "api.k8s.local:16443", Host: []netip.Addr{netip.MustParseAddr("10.0.0.11"), netip.MustParseAddr("2001:db8::1")},
		DualStack: true, Version: lbconfig.Version{Major: 1, Minor: 22, Patch: 1}, CertSANs: []string{"*.k8s.local", "127.0.0.1", "::1"}, OpenFiles: 65536,
	}
}

func TestLintFindsNothingInAPIServer(t *testing.T) {
	t.Parallel()
	cfg, env := faultless()
	require.NoError(t, cfg.Validate())
	assert.Empty(t, cfg.Lint(env))
	assert.Empty(t, cfg.Lint(lbconfig.Env{}))
	fast := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends(), Policy: lbconfig.FastRecovery})
	assert.Empty(t, fast.Lint(lbconfig.Env{}))
}

func TestLintFinds(t *testing.T) {
	t.Parallel()
	server := func(c *lbconfig.Config) *lbconfig.Server { return &c.Stream.Servers[0] }
	upstream := func(c *lbconfig.Config) *lbconfig.Upstream { return &c.Stream.Upstreams[0] }
	http := func(listen string) lbconfig.Directive {
		return lbconfig.Directive{Name: "http", HasBlock: true, Block: []lbconfig.Directive{
			{Name: "server", HasBlock: true, Block: []lbconfig.Directive{{Name: "listen", Args: []string{listen}, Line: 7}}}}}
	}
	cases := []struct {
		code, path string
		severity   lbconfig.Severity
		change     func(*lbconfig.Config, *lbconfig.Env)
	}{
		{"LB001", "Stream.Servers[0].ProxyTimeout", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).ProxyTimeout = time.Minute }},
		{"LB001", "Stream.Servers[0].ProxyTimeout", lbconfig.Info, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).ProxyTimeout = 0 }},
		{"LB002", "Stream.Servers[0].ProxyConnectTimeout", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).ProxyConnectTimeout = 0 }},
		{"LB003", "Stream.Servers[0].Listen[0].Address", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).Listen[0].Address = "127.0.0.1:6443" }},
		{"LB004", "Stream.Servers[0].ProxyPass", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { upstream(c).Servers = upstream(c).Servers[:1] }},
		{"LB005", "", lbconfig.Warning, func(_ *lbconfig.Config, e *lbconfig.Env) { e.Endpoint, e.CertSANs = "10.0.0.11:16443", nil }},
		{"LB005", "", lbconfig.Warning, func(_ *lbconfig.Config, e *lbconfig.Env) { e.Endpoint, e.CertSANs = "[fd00::13]:16443", nil }},
		{"LB006", "Stream.Upstreams[0].Servers[1].Address", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { upstream(c).Servers[1].Address = "cp2:6443" }},
		{"LB007", "Stream.Upstreams[0].Zone", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { upstream(c).Zone = lbconfig.Zone{} }},
		{"LB008", "Events.WorkerConnections", lbconfig.Warning, func(_ *lbconfig.Config, e *lbconfig.Env) { e.Nodes = 1000 }},
		{"LB008", "Main.WorkerRlimitNofile", lbconfig.Warning, func(c *lbconfig.Config, e *lbconfig.Env) { c.Main.WorkerRlimitNofile, e.OpenFiles = 0, 1024 }},
		{"LB009", "Stream.LogFormats[0].Format", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { c.Stream.LogFormats[0].Format = "$status$protocol" }},
		{"LB010", "Main.WorkerShutdownTimeout", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { c.Main.WorkerShutdownTimeout = 0 }},
		{"LB011", "Stream.Upstreams[0].Servers[2].Backup", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) {
			upstream(c).Balance.Method, upstream(c).Servers[2].Backup = lbconfig.Random, true
		}},
		{"LB012", "stream/server[0]/proxy_socket_keepalive", lbconfig.Error, func(_ *lbconfig.Config, e *lbconfig.Env) { e.Version = lbconfig.Version{Major: 1, Minor: 14} }},
		{"LB013", "Stream.Servers[0].Listen[0]", lbconfig.Warning, func(c *lbconfig.Config, e *lbconfig.Env) { server(c).Listen[0].Address = "0.0.0.0:16443" }},
		{"LB014", "Stream.Servers[0].Listen", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).Listen = server(c).Listen[:1] }},
		{"LB014", "Stream.Servers[0].Listen", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).Listen = server(c).Listen[1:] }},
		{"LB015", "", lbconfig.Error, func(_ *lbconfig.Config, e *lbconfig.Env) { e.CertSANs = e.CertSANs[:2] }},
		{"LB015", "", lbconfig.Error, func(_ *lbconfig.Config, e *lbconfig.Env) { e.Endpoint = "api.elsewhere" }},
		{"LB016", "Stream.Upstreams[0].Servers[0].FailTimeout", lbconfig.Warning, func(c *lbconfig.Config, _ *lbconfig.Env) { upstream(c).Servers[0].FailTimeout = nil }},
		{"LB017", "Kept.Directives[0]", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) {
			c.Kept.Directives = []lbconfig.Directive{{Name: "include", Args: []string{string(lbconfig.ModuleIncludeDebian)}}}
		}},
		{"LB017", "Main.LoadModules[1]", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) {
			c.Main.LoadModules = append(c.Main.LoadModules, "modules/ngx_stream_module.so")
		}},
		{"LB018", "Stream.Servers[0].Listen[0]", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) {
			server(c).Listen[1].Address = "[::1]:16444"
			c.Kept.Directives = []lbconfig.Directive{http("80"), http("[::]:16443")}
		}},
		{"LB019", "Stream.Servers[0].ProxyProtocol", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) { c.Stream.ProxyProtocol = new(true) }},
		{"LB020", "Stream.Servers[0].ProxySocketKeepalive", lbconfig.Info, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).ProxySocketKeepalive = nil }},
		{"LB020", "Stream.Servers[0].Listen[1].SoKeepalive", lbconfig.Info, func(c *lbconfig.Config, _ *lbconfig.Env) {
			server(c).Listen[1].SoKeepalive = lbconfig.Keepalive{Off: true}
		}},
		{"LB021", "Stream.Servers[0].Listen[0].SSL", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) { server(c).Listen[0].SSL = true }},
		{"LB021", "Stream.Kept.Directives[0]", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) {
			c.Stream.Kept.Directives = []lbconfig.Directive{{Name: "proxy_ssl", Args: []string{"on"}}}
		}},
		{"LB022", "Stream.Upstreams[0].Servers", lbconfig.Error, func(c *lbconfig.Config, _ *lbconfig.Env) {
			for i := range upstream(c).Servers {
				upstream(c).Servers[i].Down = true
			}
		}},
		{"LB023", "", lbconfig.Info, func(c *lbconfig.Config, _ *lbconfig.Env) {
			c.Stream.Kept.Directives = []lbconfig.Directive{{Name: "include", Args: []string{"more.conf"}}}
		}},
	}
	tested := map[string]bool{}
	for _, c := range cases {
		tested[c.code] = true
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			cfg, env := faultless()
			c.change(&cfg, &env)
			found := cfg.Lint(env)
			require.Len(t, found, 1, "%v", found)
			assert.Equal(t, c.code, found[0].Code)
			assert.Equal(t, c.severity, found[0].Severity)
			assert.Equal(t, c.path, found[0].Path)
			assert.NotEmpty(t, found[0].Message)
			assert.NotEmpty(t, found[0].Fix)
		})
	}
	for _, code := range lbconfig.LintCodes() {
		assert.True(t, tested[code], code)
	}
}

// docs/lint.md has a line for each code and no other.
func TestLintCodesAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/lint.md")
	require.NoError(t, err)
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^\| (LB\d+) \| [^|]+ \| [^|]+ \| [^|]+ \| [^|]+ \|$`).FindAllStringSubmatch(string(doc), -1) {
		documented = append(documented, m[1])
	}
	assert.Equal(t, lbconfig.LintCodes(), documented)
	assert.True(t, slices.IsSorted(documented))
}

// The article's file is what most people begin with.
func TestLintOfTheArticle(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/article.conf")
	require.NoError(t, err)
	cfg, err := lbconfig.Parse(file)
	require.NoError(t, err)
	var found []string
	for _, f := range cfg.Lint(lbconfig.Env{Endpoint: "192.168.1.109:16443", Host: []netip.Addr{netip.MustParseAddr("192.168.1.109")}}) {
		found = append(found, f.Code)
	}
	assert.Equal(t, []string{"LB001", "LB002", "LB005", "LB009", "LB010", "LB016", "LB016", "LB020", "LB020"}, found)
}
