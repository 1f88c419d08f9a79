package lbconfig_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

func twoBalancers() lbconfig.KeepalivedConfig {
	return lbconfig.KeepalivedConfig{
		RouterID: 51, Priority: 100, Interface: "eth0", Source: netip.MustParseAddr("10.0.0.31"), Peers: []netip.Addr{netip.MustParseAddr("10.0.0.32")},
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.30/24"), netip.MustParsePrefix("fd00::30/64")},
	}
}

func TestKeepalivedIsGolden(t *testing.T) {
	t.Parallel()
	file, err := twoBalancers().Render()
	require.NoError(t, err)
	golden(t, "keepalived.conf", file)
}

func TestKeepalivedValidate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*lbconfig.KeepalivedConfig)
		path string
		code string
	}{
		"no router id":     {func(c *lbconfig.KeepalivedConfig) { c.RouterID = 0 }, "RouterID", "bad-number"},
		"owner's priority": {func(c *lbconfig.KeepalivedConfig) { c.Priority = 255 }, "Priority", "bad-number"},
		"loopback":         {func(c *lbconfig.KeepalivedConfig) { c.Interface = "lo" }, "Interface", "bad-interface"},
		"no peers":         {func(c *lbconfig.KeepalivedConfig) { c.Peers = nil }, "Peers", "no-peers"},
		"own peer":         {func(c *lbconfig.KeepalivedConfig) { c.Peers[0] = c.Source }, "Peers[0]", "duplicate-address"},
		"other family":     {func(c *lbconfig.KeepalivedConfig) { c.Peers[0] = netip.MustParseAddr("fd00::1") }, "Peers[0]", "family"},
		"no address":       {func(c *lbconfig.KeepalivedConfig) { c.Addresses = c.Addresses[1:] }, "Addresses", "no-address"},
		"a host's address": {func(c *lbconfig.KeepalivedConfig) { c.Addresses[0] = netip.MustParsePrefix("10.0.0.32/24") }, "Addresses[0]", "duplicate-address"},
		"relative check":   {func(c *lbconfig.KeepalivedConfig) { c.Check = []string{"true"} }, "Check", "bad-check"},
		"quoted check":     {func(c *lbconfig.KeepalivedConfig) { c.Check = []string{"/bin/sh", `"`} }, "Check[1]", "bad-check"},
		"short interval":   {func(c *lbconfig.KeepalivedConfig) { c.Interval = 100 * time.Millisecond }, "Interval", "bad-time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := twoBalancers()
			tt.edit(&c)
			var invalid *lbconfig.ValidationError
			require.ErrorAs(t, c.Validate(), &invalid)
			assert.Equal(t, tt.path, invalid.Problems[0].Path)
			assert.Equal(t, tt.code, invalid.Problems[0].Code)
			_, err := c.Render()
			require.Error(t, err)
		})
	}
}
