package lbconfig_test

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func threeBackends() []netip.AddrPort {
	return []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.11:6443"),
		netip.MustParseAddrPort("10.0.0.12:6443"),
		netip.MustParseAddrPort("[fd00::13]:6443"),
	}
}

func TestAPIServerGoldens(t *testing.T) {
	t.Parallel()
	cases := map[string]lbconfig.Options{
		"apiserver-local.conf": {Backends: threeBackends()},
		"apiserver-dedicated.conf": {
			Listen:            []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:16443"), netip.MustParseAddrPort("[::]:16443")},
			Backends:          threeBackends(),
			Module:            lbconfig.ModuleBuiltIn,
			WorkerProcesses:   "auto",
			WorkerConnections: 32768,
		},
	}
	for name, o := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := lbconfig.APIServer(o)
			require.NoError(t, cfg.Validate())
			file, err := cfg.Render()
			require.NoError(t, err)
			golden(t, name, file)
			back, err := lbconfig.Parse(file)
			require.NoError(t, err)
			assert.Equal(t, cfg, back)
		})
	}
}

func TestServiceUnitGolden(t *testing.T) {
	t.Parallel()
	golden(t, lbconfig.UnitName, lbconfig.ServiceUnit(lbconfig.UnitOptions{}))
}

func TestServiceUnitUsesItsOptions(t *testing.T) {
	t.Parallel()
	unit := string(lbconfig.ServiceUnit(lbconfig.UnitOptions{
		Nginx: "/opt/nginx", ConfigPath: "/etc/lb.conf", PID: "/run/lb/pid", LogDirectory: "/var/log/lb", OpenFiles: 1234,
	}))
	for _, want := range []string{
		"ExecStart=/opt/nginx -c /etc/lb.conf\n", "PIDFile=/run/lb/pid\n", "RuntimeDirectory=lb\n", "LogsDirectory=lb\n", "LimitNOFILE=1234\n",
	} {
		assert.Contains(t, unit, want)
	}
}

func TestAPIServerIsIndependentOfOrderAndRepeats(t *testing.T) {
	t.Parallel()
	b := threeBackends()
	one := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{b[0], b[1], b[2]}})
	two := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{b[2], b[0], b[1], b[0]}})
	assert.Equal(t, one, two)
}

func TestAPIServerWithoutBackendsIsInvalid(t *testing.T) {
	t.Parallel()
	err := lbconfig.APIServer(lbconfig.Options{}).Validate()
	var invalid *lbconfig.ValidationError
	require.ErrorAs(t, err, &invalid)
	assert.Equal(t, "no-backend", invalid.Problems[0].Code)
}

func TestGenerationIsTheHashOfTheRest(t *testing.T) {
	t.Parallel()
	one := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()})
	two := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()[:2]})
	hashOne, socket, ok := one.Generation()
	require.True(t, ok)
	hashTwo, _, ok := two.Generation()
	require.True(t, ok)
	assert.Equal(t, lbconfig.DefaultGenerationSocket, socket)
	assert.Len(t, hashOne, 64)
	assert.NotEqual(t, hashOne, hashTwo)
	one.Stream.Servers = one.Stream.Servers[:1]
	_, _, ok = one.Generation()
	assert.False(t, ok)
}
