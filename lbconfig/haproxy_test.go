package lbconfig_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/lbconfig"
)

func addrPorts(texts ...string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range texts {
		out = append(out, netip.MustParseAddrPort(s))
	}
	return out
}

func haproxyOptions() lbconfig.HAProxyOptions {
	return lbconfig.HAProxyOptions{Backends: addrPorts("10.0.0.12:6443", "10.0.0.11:6443", "[fd00::13]:6443", "10.0.0.12:6443"), CAFile: "/etc/kubernetes/pki/ca.crt"}
}

func TestHAProxyIsGolden(t *testing.T) {
	t.Parallel()
	c := lbconfig.HAProxy(haproxyOptions())
	require.NoError(t, c.Validate())
	file, err := c.Render()
	require.NoError(t, err)
	golden(t, "haproxy.cfg", file)
	golden(t, "haproxy.service", lbconfig.HAProxyUnit(lbconfig.HAProxyUnitOptions{}))
	back, err := lbconfig.ParseHAProxy(file)
	require.NoError(t, err)
	assert.Equal(t, c, back)
}

// Before there is a CA, checks verify nothing.
func TestHAProxyWithoutCA(t *testing.T) {
	t.Parallel()
	o := haproxyOptions()
	o.CAFile = ""
	c := lbconfig.HAProxy(o)
	require.NoError(t, c.Validate())
	assert.Equal(t, "none", c.Backends[0].DefaultServer.Verify)
	assert.Empty(t, c.Backends[0].DefaultServer.VerifyHost)
}

func TestHAProxyCheckInterval(t *testing.T) {
	t.Parallel()
	for balancers, want := range map[int]time.Duration{0: 500 * time.Millisecond, 20: 500 * time.Millisecond, 21: time.Second, 40: time.Second, 100: 4 * time.Second, 1000: 32 * time.Second, math.MaxInt: 64 * time.Second} {
		assert.Equal(t, want, lbconfig.HAProxyCheckInterval(balancers), balancers)
	}
}

func TestHAProxyGeneration(t *testing.T) {
	t.Parallel()
	c := lbconfig.HAProxy(haproxyOptions())
	hash, socket, ok := c.Generation()
	require.True(t, ok)
	assert.Equal(t, lbconfig.DefaultHAProxySocket, socket)
	o := haproxyOptions()
	o.MaxConn = 5000
	other, _, _ := lbconfig.HAProxy(o).Generation()
	assert.NotEqual(t, hash, other)
	_, _, ok = lbconfig.HAProxyConfig{}.Generation()
	assert.False(t, ok)

	assert.Equal(t, hash, lbconfig.HAProxyGeneration("Name: HAProxy\nnode: a\ndescription: "+hash+"\nStopping: 0\nUnstoppable Jobs: 1\n"))
	assert.Empty(t, lbconfig.HAProxyGeneration("description: "+hash+"\nStopping: 1\n"), "a worker that was told to stop")
	assert.Empty(t, lbconfig.HAProxyGeneration("Name: HAProxy\nStopping: 0\n"))
}

// Whatever can be rendered is read back as it was.
func TestHAProxyReadsItsOwnFiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := haproxyConfig(t)
		file, err := c.Render()
		require.NoError(t, err)
		back, err := lbconfig.ParseHAProxy(file)
		require.NoError(t, err, "%s", file)
		require.Equal(t, c, back)
		require.Empty(t, lbconfig.DiffHAProxy(c, back))
	})
}

func haproxyConfig(t *rapid.T) lbconfig.HAProxyConfig {
	word := rapid.StringMatching(`[a-z0-9._/-]{1,12}`)
	address := rapid.Custom(func(t *rapid.T) netip.AddrPort {
		a := rapid.SampledFrom([]string{"10.0.0.1", "0.0.0.0", "fd00::1", "::"}).Draw(t, "address")
		return netip.AddrPortFrom(netip.MustParseAddr(a), rapid.Uint16().Draw(t, "port"))
	})
	short := rapid.Map(rapid.Int64Range(1, 1<<31-1), func(n int64) time.Duration { return time.Duration(n) * time.Millisecond })
	number := rapid.IntRange(1, 1<<31-1)
	settings := func(t *rapid.T) lbconfig.HAProxyServerSettings {
		return lbconfig.HAProxyServerSettings{
			Check: rapid.Bool().Draw(t, "check"), NoCheck: rapid.Bool().Draw(t, "no-check"), Backup: rapid.Bool().Draw(t, "backup"),
			CheckSSL: rapid.Bool().Draw(t, "check-ssl"), CheckSNI: maybe(t, word, "sni"), Verify: maybe(t, word, "verify"),
			CAFile: maybe(t, word, "ca"), VerifyHost: maybe(t, word, "host"),
			Inter: maybe(t, short, "inter"), FastInter: maybe(t, short, "fastinter"), DownInter: maybe(t, short, "downinter"),
			Fall: maybe(t, number, "fall"), Rise: maybe(t, number, "rise"), ShutdownWhenDown: rapid.Bool().Draw(t, "shutdown"),
			Weight: maybe(t, number, "weight"), MaxConn: maybe(t, number, "maxconn"),
		}
	}
	c := lbconfig.HAProxyConfig{
		Global: lbconfig.HAProxyGlobal{
			Description: maybe(t, word, "description"), User: maybe(t, word, "user"), Group: maybe(t, word, "group"), MaxConn: maybe(t, number, "maxconn"),
			Threads: maybe(t, number, "threads"), HardStopAfter: maybe(t, short, "hard stop"), ServerStateFile: maybe(t, word, "state"),
		},
		Defaults: lbconfig.HAProxyDefaults{
			LogGlobal: rapid.Bool().Draw(t, "log"), TCPLog: rapid.Bool().Draw(t, "tcplog"), DontLogNormal: rapid.Bool().Draw(t, "normal"),
			ClientKeepalive: rapid.Bool().Draw(t, "clitcpka"), ServerKeepalive: rapid.Bool().Draw(t, "srvtcpka"), Redispatch: rapid.Bool().Draw(t, "redispatch"),
			Retries: maybe(t, number, "retries"), ConnectTimeout: maybe(t, short, "connect"), ClientTimeout: maybe(t, short, "client"), ServerTimeout: maybe(t, short, "server"),
			TunnelTimeout: maybe(t, short, "tunnel"), CheckTimeout: maybe(t, short, "check timeout"), LoadServerState: rapid.Bool().Draw(t, "load"),
		},
	}
	if rapid.Bool().Draw(t, "has log") {
		c.Global.Log = lbconfig.HAProxyLog{Target: word.Draw(t, "target"), Format: maybe(t, word, "format"), Facility: word.Draw(t, "facility"), Level: maybe(t, word, "level")}
		if c.Global.Log.Facility == "format" {
			c.Global.Log.Facility = "daemon"
		}
	}
	if rapid.Bool().Draw(t, "has socket") {
		c.Global.StatsSocket = lbconfig.HAProxyStatsSocket{Path: word.Draw(t, "path"), Mode: maybe(t, word, "mode"), Level: maybe(t, word, "level"), ExposeFDListeners: rapid.Bool().Draw(t, "expose")}
	}
	names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9._-]{1,12}`), 0, 3, rapid.ID)
	for _, name := range names.Draw(t, "frontends") {
		c.Frontends = append(c.Frontends, lbconfig.HAProxyFrontend{Name: name, Binds: several(t, "binds", func(t *rapid.T) netip.AddrPort { return address.Draw(t, "bind") }), DefaultBackend: maybe(t, word, "backend")})
	}
	for _, name := range names.Draw(t, "backends") {
		b := lbconfig.HAProxyBackend{Name: name, Balance: lbconfig.HAProxyBalance(maybe(t, word, "balance")), AllBackups: rapid.Bool().Draw(t, "all"), DefaultServer: settings(t)}
		if rapid.Bool().Draw(t, "has check") {
			b.HTTPCheck = &lbconfig.HAProxyHTTPCheck{Method: word.Draw(t, "method"), Path: word.Draw(t, "path"), Status: maybe(t, number, "status")}
		}
		b.Servers = several(t, "servers", func(t *rapid.T) lbconfig.HAProxyServer {
			return lbconfig.HAProxyServer{Name: word.Draw(t, "server"), Address: address.Draw(t, "address"), HAProxyServerSettings: settings(t)}
		})
		c.Backends = append(c.Backends, b)
	}
	return c
}

func TestParseHAProxyRefuses(t *testing.T) {
	t.Parallel()
	file, err := lbconfig.HAProxy(haproxyOptions()).Render()
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		old, new string
		line     int
		msg      string
	}{
		"unknown statement":   {"\tnbthread 2\n", "\tnbproc 2\n", 7, "unknown statement 'nbproc 2' in section 'global'"},
		"mode http":           {"\tmode tcp\n", "\tmode http\n", 13, "unknown statement"},
		"no mode":             {"\tmode tcp\n", "", 0, "no mode"},
		"twice":               {"\tretries 3\n", "\tretries 3\n\tretries 4\n", 21, "retries' is there already"},
		"unknown timeout":     {"timeout tunnel 1h", "timeout queue 1h", 24, "unknown statement"},
		"zero":                {"retries 3", "retries 0", 20, "not a number above zero"},
		"time without number": {"timeout tunnel 1h", "timeout tunnel h", 24, "not a time"},
		"two units":           {"timeout tunnel 1h", "timeout tunnel 1h30m", 24, "not a time"},
		"overflow":            {"timeout tunnel 1h", "timeout tunnel 25d", 24, "not a time"},
		"name as address":     {"10.0.0.11:6443 10.0.0.11:6443\n", "a cp1:6443\n", 38, "not an address and a port"},
		"quoted":              {"nbthread 2", `nbthread "2"`, 7, "quotes"},
		"unknown setting":     {"check-ssl", "ssl", 37, "unknown setting 'ssl'"},
		"setting twice":       {"fall 3", "fall 3 fall 4", 37, "'fall' is there already"},
		"out of section":      {"global\n", "", 1, "out of section"},
		"truncated":           {"no-check backup\n\tserver any-fd00::13:6443 [fd00::13]:6443 no-check backup\n", "no-check", 42, "Missing LF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(file), tt.old, tt.new, 1)
			require.NotEqual(t, string(file), text)
			_, err := lbconfig.ParseHAProxy([]byte(text))
			var parse *lbconfig.ParseError
			require.ErrorAs(t, err, &parse)
			assert.Contains(t, parse.Msg, tt.msg)
			if tt.line != 0 {
				assert.Equal(t, tt.line, parse.Line)
			}
		})
	}
}

func TestHAProxyValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*lbconfig.HAProxyConfig)
		path string
		code string
	}{
		"no frontend":      {func(c *lbconfig.HAProxyConfig) { c.Frontends = nil }, "Frontends", "no-frontend"},
		"no bind":          {func(c *lbconfig.HAProxyConfig) { c.Frontends[0].Binds = nil }, "Frontends[0].Binds", "no-bind"},
		"bound twice":      {func(c *lbconfig.HAProxyConfig) { c.Frontends[0].Binds = addrPorts("127.0.0.1:1", "0.0.0.0:1") }, "Frontends[0].Binds[1]", "duplicate-bind"},
		"unknown backend":  {func(c *lbconfig.HAProxyConfig) { c.Frontends[0].DefaultBackend = "x" }, "Frontends[0].DefaultBackend", "no-backend"},
		"no server":        {func(c *lbconfig.HAProxyConfig) { c.Backends[0].Servers = nil }, "Backends[0].Servers", "no-server"},
		"server twice":     {func(c *lbconfig.HAProxyConfig) { c.Backends[0].Servers[1].Name = "10.0.0.11:6443" }, "Backends[0].Servers[1].Name", "duplicate-server"},
		"port 0":           {func(c *lbconfig.HAProxyConfig) { c.Backends[0].Servers[0].Address = addrPorts("10.0.0.1:0")[0] }, "Backends[0].Servers[0].Address", "bad-address"},
		"no CA":            {func(c *lbconfig.HAProxyConfig) { c.Backends[0].DefaultServer.CAFile = "" }, "Backends[0].DefaultServer.CAFile", "no-ca"},
		"TLS without it":   {func(c *lbconfig.HAProxyConfig) { c.Backends[0].DefaultServer.CheckSSL = false }, "Backends[0].DefaultServer.CheckSSL", "no-tls"},
		"bad name":         {func(c *lbconfig.HAProxyConfig) { c.Backends[0].Servers[0].Name = "a[b" }, "Backends[0].Servers[0].Name", "bad-name"},
		"no timeout":       {func(c *lbconfig.HAProxyConfig) { c.Defaults.ServerTimeout = 0 }, "Defaults.ServerTimeout", "no-timeout"},
		"fine time":        {func(c *lbconfig.HAProxyConfig) { c.Defaults.ServerTimeout = time.Microsecond }, "Defaults.ServerTimeout", "bad-time"},
		"long socket path": {func(c *lbconfig.HAProxyConfig) { c.Global.StatsSocket.Path = "/" + strings.Repeat("a", 97) }, "Global.StatsSocket.Path", "bad-socket"},
		"no log":           {func(c *lbconfig.HAProxyConfig) { c.Global.Log = lbconfig.HAProxyLog{} }, "Defaults.LogGlobal", "no-log"},
		"many threads":     {func(c *lbconfig.HAProxyConfig) { c.Global.Threads = 65 }, "Global.Threads", "bad-number"},
		"blank":            {func(c *lbconfig.HAProxyConfig) { c.Global.User = "a b" }, "HAProxyConfig", "not-text"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lbconfig.HAProxy(haproxyOptions())
			tt.edit(&c)
			var invalid *lbconfig.ValidationError
			require.ErrorAs(t, c.Validate(), &invalid)
			var found bool
			for _, p := range invalid.Problems {
				found = found || p.Path == tt.path && p.Code == tt.code
			}
			assert.True(t, found, "%v", invalid)
		})
	}
}

func TestDiffHAProxy(t *testing.T) {
	t.Parallel()
	o := haproxyOptions()
	before := lbconfig.HAProxy(o)
	o.Backends = append(o.Backends, addrPorts("10.0.0.14:6443")...)
	var got []string
	for _, c := range lbconfig.DiffHAProxy(before, lbconfig.HAProxy(o)) {
		if c.Path != "global/description" {
			got = append(got, c.String())
		}
	}
	assert.Equal(t, []string{
		"add backend kube-apiserver/server 10.0.0.14:6443: server 10.0.0.14:6443 10.0.0.14:6443",
		"add backend kube-apiserver/server any-10.0.0.14:6443: server any-10.0.0.14:6443 10.0.0.14:6443 no-check backup",
	}, got)
}

// No input makes the parser panic, and what it accepts it reads again from its own rendering.
func FuzzParseHAProxy(f *testing.F) {
	file, err := lbconfig.HAProxy(haproxyOptions()).Render()
	require.NoError(f, err)
	f.Add(string(file))
	f.Add("global\ndefaults\n\tmode tcp\nfrontend a\n\tbind [::]:1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := lbconfig.ParseHAProxy([]byte(text))
		if err != nil {
			return
		}
		out, err := c.Render()
		if err != nil || c.Validate() != nil {
			return
		}
		back, err := lbconfig.ParseHAProxy(out)
		require.NoError(t, err)
		require.Equal(t, c, back)
	})
}
