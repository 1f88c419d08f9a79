package haproxy_test

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// The real keepalived takes what the library renders, without a warning, and complains of what was damaged.
func TestKeepalived(t *testing.T) {
	if _, err := exec.LookPath("keepalived"); err != nil {
		t.Skip("needs keepalived")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	judge := func(file string) (string, error) {
		name := filepath.Join(t.TempDir(), "keepalived.conf")
		require.NoError(t, os.WriteFile(name, []byte(file), 0o600))
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c",
			`ip link add eth0 type veth peer name eth1 && ip link set eth0 up && ip address add 10.0.0.31/24 dev eth0 && exec keepalived -t -f "$0"`, name)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	c := lbconfig.KeepalivedConfig{
		RouterID: 51, Priority: 100, Interface: "eth0", Source: netip.MustParseAddr("10.0.0.31"), Peers: []netip.Addr{netip.MustParseAddr("10.0.0.32")},
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.30/24"), netip.MustParsePrefix("fd00::30/64")}, Check: []string{"/bin/true"},
		// keepalived -t of Debian 12 (2.2.7) ends itself with SIGTERM when it has looked at a script as another user than its own.
		CheckUser: "root",
	}
	file, err := c.Render()
	require.NoError(t, err)
	out, err := judge(string(file))
	require.NoError(t, err, "%s", out)
	assert.Empty(t, out)

	c.Interface = "eth7"
	file, err = c.Render()
	require.NoError(t, err)
	out, err = judge(string(file))
	assert.Error(t, err, "the judge judges: there is no such interface, which the library does not ask")
	assert.Contains(t, out, "eth7")
}
