package lbconfig_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// Each file of testdata/refused names in its first line the code and path of its one problem. They
// were given to nginx 1.22.1 on Debian 12 too, which refuses all but those that say so.
func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/refused/*.conf")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(name)
			require.NoError(t, err)
			header, _, _ := strings.Cut(string(file), "\n")
			want := strings.Fields(header)[1:3]
			cfg, err := lbconfig.Parse(file)
			require.NoError(t, err)
			var invalid *lbconfig.ValidationError
			require.ErrorAs(t, cfg.ValidateOn(lbconfig.DebianBuild()), &invalid)
			require.Len(t, invalid.Problems, 1, "%v", invalid)
			assert.Equal(t, want, []string{invalid.Problems[0].Code, invalid.Problems[0].Path}, "%v", invalid)
		})
	}
}

// nginx 1.22.1 on Debian 12 takes each file of testdata/accepted.
func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/accepted/*.conf")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(name)
			require.NoError(t, err)
			cfg, err := lbconfig.Parse(file)
			require.NoError(t, err)
			assert.NoError(t, cfg.ValidateOn(lbconfig.DebianBuild()))
		})
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	t.Parallel()
	cfg := lbconfig.Config{
		Main:   lbconfig.Main{Group: "adm", WorkerRlimitNofile: -1, WorkerShutdownTimeout: time.Microsecond, ErrorLogs: []lbconfig.ErrorLog{{Level: "loud"}}},
		Events: &lbconfig.Events{WorkerConnections: -1},
		Stream: lbconfig.Stream{
			LogFormats: []lbconfig.LogFormat{{Escape: "xml"}},
			ProxySettings: lbconfig.ProxySettings{
				AccessLogs:             []lbconfig.AccessLog{{Off: true, Path: "x"}, {}, {Path: "x"}, {Path: "x", Format: "", Buffer: -1}},
				ProxyNextUpstreamTries: -1, ProxyBufferSize: -1, ProxyTimeout: -1,
			},
			Upstreams: []lbconfig.Upstream{{
				Zone:    lbconfig.Zone{Size: 1},
				Balance: lbconfig.Balance{Method: "least_time", Key: "k", Two: true},
				Servers: []lbconfig.UpstreamServer{{Address: "a\x00:1", Weight: -1, FailTimeout: new(time.Millisecond)}},
			}},
			Servers: []lbconfig.Server{{Listen: []lbconfig.Listen{{Address: "1", Backlog: -1, SoKeepalive: lbconfig.Keepalive{On: true, Off: true}}}, ProxyPass: "x:1"}},
		},
	}
	var invalid *lbconfig.ValidationError
	require.ErrorAs(t, cfg.Validate(), &invalid)
	assert.Equal(t, []string{
		"no-user", "negative", "bad-duration", "empty", "bad-level", "negative",
		"empty", "bad-escape", "off-and-more", "empty", "no-format", "no-format", "negative", "bad-duration", "negative", "negative",
		"empty", "bad-zone", "unknown-method", "not-for-method", "not-for-method", "bad-address", "negative", "bad-duration",
		"negative", "bad-keepalive", "not-text",
	}, codes(invalid))
	assert.Equal(t, len(invalid.Problems), strings.Count(invalid.Error(), "\n"))
	_, err := cfg.Render()
	assert.ErrorContains(t, err, "lbconfig: render:")
}

func TestValidateOnAnotherBuild(t *testing.T) {
	t.Parallel()
	builtIn := lbconfig.Build{StreamBuiltIn: true}
	dynamic := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
	static := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends(), Module: lbconfig.ModuleBuiltIn})
	assert.NoError(t, static.ValidateOn(builtIn))
	assert.NoError(t, dynamic.ValidateOn(lbconfig.DebianBuild()))
	assert.ErrorContains(t, static.ValidateOn(lbconfig.DebianBuild()), "unknown directive \"stream\"")
	assert.ErrorContains(t, dynamic.ValidateOn(builtIn), "already loaded")
	assert.ErrorContains(t, dynamic.ValidateOn(lbconfig.Build{}), "no module")
}
