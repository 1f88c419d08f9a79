package lbconfig_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1.22.1": "1.22.1", "nginx version: nginx/1.22.1": "1.22.1", "nginx version: nginx/1.24.0 (Ubuntu)": "1.24.0",
		"nginx version: openresty/1.21.4.1": "", "nginx version: nginx-plus/1.29.0\n": "1.29.0", "": "", "x1.2.3": "", "1.22": "",
	} {
		v, err := lbconfig.ParseVersion(text)
		assert.Equal(t, want, v.String(), text)
		assert.Equal(t, want == "", err != nil, text)
	}
	assert.Equal(t, -1, lbconfig.Version{Major: 1, Minor: 9, Patch: 15}.Compare(lbconfig.Version{Major: 1, Minor: 22, Patch: 1}))
}

func TestParseBuild(t *testing.T) {
	t.Parallel()
	got, err := lbconfig.ParseBuild("nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/usr/share/nginx --modules-path=/usr/lib/nginx/modules --with-stream=dynamic")
	require.NoError(t, err)
	assert.Equal(t, lbconfig.Build{Version: lbconfig.Version{Major: 1, Minor: 22, Patch: 1}, Modules: []string{string(lbconfig.ModuleDebian)}}, got)
	got, err = lbconfig.ParseBuild("nginx version: nginx/1.30.4\nconfigure arguments: --with-stream --with-stream_ssl_module")
	require.NoError(t, err)
	assert.Equal(t, lbconfig.Build{Version: lbconfig.Version{Major: 1, Minor: 30, Patch: 4}, StreamBuiltIn: true}, got)
	_, err = lbconfig.ParseBuild("apache")
	assert.Error(t, err)
}

// Directives and parameters that are too new are refused by name and version, whether they have a
// type or not.
func TestValidateOnAnOldVersion(t *testing.T) {
	t.Parallel()
	cfg, err := lbconfig.Parse([]byte(`events {}
stream {
	limit_conn_dry_run on;
	upstream u { zone z 64k; random two; server a:1 max_conns=3 resolve; resolver_timeout 1s; }
	server { listen 127.0.0.1:1 udp; listen [::1]:1 default_server fastopen=3; proxy_half_close on; server_name x; proxy_pass u; resolver 127.0.0.1 ipv4=off; }
}`))
	require.NoError(t, err)
	too := func(v lbconfig.Version) []string {
		var invalid *lbconfig.ValidationError
		require.ErrorAs(t, cfg.ValidateOn(lbconfig.Build{Version: v, StreamBuiltIn: true}), &invalid)
		var out []string
		for _, p := range invalid.Problems {
			if p.Code == "too-new" {
				out = append(out, p.String())
			}
		}
		return out
	}
	assert.Equal(t, []string{
		`stream/limit_conn_dry_run: "limit_conn_dry_run" needs nginx 1.17.6, this is 1.14.0`,
		`stream/upstream[0]/random: "random" needs nginx 1.15.1, this is 1.14.0`,
		`stream/upstream[0]/server[0]: "resolve" needs nginx 1.27.3, this is 1.14.0`,
		`stream/upstream[0]/resolver_timeout: "resolver_timeout" needs nginx 1.27.3, this is 1.14.0`,
		`stream/server[0]/listen[1]: "fastopen" needs nginx 1.21.0, this is 1.14.0`,
		`stream/server[0]/listen[1]: "default_server" needs nginx 1.25.5, this is 1.14.0`,
		`stream/server[0]/proxy_half_close: "proxy_half_close" needs nginx 1.21.4, this is 1.14.0`,
		`stream/server[0]/server_name: "server_name" needs nginx 1.25.5, this is 1.14.0`,
		`stream/server[0]/resolver: "ipv4" needs nginx 1.23.1, this is 1.14.0`,
	}, too(lbconfig.Version{Major: 1, Minor: 14}))
	assert.Len(t, too(lbconfig.Version{Major: 1, Minor: 22, Patch: 1}), 5)
	assert.Empty(t, too(lbconfig.Version{Major: 1, Minor: 31}))
	assert.Empty(t, too(lbconfig.Version{}))
}

func TestValidateRefusesTheCommercial(t *testing.T) {
	t.Parallel()
	cfg, err := lbconfig.Parse([]byte("events {} stream { zone_sync; upstream u { state /x; server a:1; } server { listen 1; health_check; proxy_pass u; } }"))
	require.NoError(t, err)
	var invalid *lbconfig.ValidationError
	require.ErrorAs(t, cfg.Validate(), &invalid)
	assert.Equal(t, []string{"commercial", "commercial", "commercial"}, codes(invalid))
}

func TestModuleIncludes(t *testing.T) {
	t.Parallel()
	for module, build := range map[lbconfig.Module]lbconfig.Build{
		lbconfig.ModuleIncludeDebian: lbconfig.DebianBuild(), lbconfig.ModuleIncludeRHEL: lbconfig.RHELBuild(),
		lbconfig.ModuleRHEL: lbconfig.RHELBuild(), lbconfig.ModuleDebian: lbconfig.DebianBuild(),
	} {
		cfg := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends(), Module: module})
		require.NoError(t, cfg.ValidateOn(build), module)
		file, err := cfg.Render()
		require.NoError(t, err)
		back, err := lbconfig.Parse(file)
		require.NoError(t, err)
		assert.Equal(t, cfg, back)
		assert.ErrorContains(t, cfg.ValidateOn(lbconfig.Build{}), "no")
	}
	both := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends(), Module: lbconfig.ModuleIncludeDebian})
	both.Main.LoadModules = []string{string(lbconfig.ModuleDebian)}
	assert.ErrorContains(t, both.ValidateOn(lbconfig.DebianBuild()), "already loaded")
}
