package lab_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab"
)

// TestByHand makes a cluster with kubeadm typed by hand and proves that it is one: every control plane shows the
// same nodes, and pods reach each other and a service across nodes.
func TestByHand(t *testing.T) {
	ctx := needLab(t)
	l := newLab(ctx, t)
	require.NoError(t, l.AddHosts(ctx, "cp1", "cp2", "cp3", "w1"))
	log, err := os.Create(filepath.Join(t.TempDir(), "kubeadm.log"))
	require.NoError(t, err)
	defer log.Close()

	timings, err := l.ByHand(ctx, lab.ByHandConfig{Output: log})
	for line := range strings.Lines(timings.String()) {
		fmt.Print("lab: ", line)
	}
	require.NoError(t, err)

	for _, name := range []string{"cp1", "cp2", "cp3"} {
		out, err := l.Host(name).Run(ctx, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--server=https://"+l.Host(name).Address.String()+":6443",
			"get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")
		require.NoError(t, err)
		assert.Equal(t, "cp1 cp2 cp3 w1", out, "seen from %s", name)
	}
	require.NoError(t, l.CheckPods(ctx, l.Host("cp1")))
}

// TestFaults breaks hosts of a network in every way and mends them again.
func TestFaults(t *testing.T) {
	ctx := needLab(t)
	l := newLab(ctx, t)
	require.NoError(t, l.AddHosts(ctx, "a", "b"))
	a, b := l.Host("a"), l.Host("b")
	reaches := func() bool {
		_, err := a.Run(ctx, "ping", "-c1", "-W1", b.Address.String())
		return err == nil
	}
	require.True(t, reaches())

	t.Run("unplug", func(t *testing.T) {
		require.NoError(t, b.Unplug(ctx))
		assert.False(t, reaches())
		out, err := b.Run(ctx, "hostname")
		require.NoError(t, err, "the console needs no network")
		assert.Equal(t, "debian\n", out)
		require.NoError(t, b.Plug(ctx))
		assert.Eventually(t, reaches, 10*time.Second, 50*time.Millisecond)
	})
	t.Run("drop packets", func(t *testing.T) {
		require.NoError(t, b.DropPackets(ctx))
		assert.False(t, reaches())
		_, err := b.Run(ctx, "curl", "-sf", "http://127.0.0.1/")
		require.NoError(t, err, "the host itself works")
		require.NoError(t, b.Restore(ctx))
		assert.True(t, reaches())
	})
	t.Run("freeze", func(t *testing.T) {
		get := func() error {
			_, err := a.Run(ctx, "curl", "-sf", "-m1", "http://"+b.Address.String())
			return err
		}
		require.NoError(t, get())
		require.NoError(t, b.Freeze("nginx: worker process"))
		require.Error(t, get(), "the connection is accepted and nothing answers")
		require.NoError(t, b.Thaw("nginx: worker process"))
		require.NoError(t, get())
	})
	t.Run("kill and boot", func(t *testing.T) {
		_, err := b.Run(ctx, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
		require.NoError(t, err)
		require.NoError(t, b.WriteFile(ctx, "/root/kept", "kept"))
		require.NoError(t, b.Kill(ctx))
		assert.False(t, reaches())
		_, err = b.Run(ctx, "true")
		require.ErrorContains(t, err, "the host is off")
		require.NoError(t, b.Boot(ctx))
		assert.True(t, reaches())
		out, err := b.Run(ctx, "cat", "/root/kept", "/proc/sys/net/ipv4/ip_forward")
		require.NoError(t, err)
		assert.Equal(t, "kept0\n", out, "files stay, what was only set is gone")
	})
	t.Run("reboot", func(t *testing.T) {
		require.NoError(t, b.WriteFile(ctx, "/etc/sysctl.d/99-test.conf", "net.ipv4.ip_forward = 1\n"))
		before, err := b.Run(ctx, "cat", "/proc/sys/kernel/random/boot_id")
		require.NoError(t, err)
		require.NoError(t, b.Reboot(ctx))
		after, err := b.Run(ctx, "cat", "/proc/sys/kernel/random/boot_id")
		require.NoError(t, err)
		assert.NotEqual(t, before, after)
		out, err := b.Run(ctx, "cat", "/proc/sys/net/ipv4/ip_forward")
		require.NoError(t, err)
		assert.Equal(t, "1\n", out, "what a file says is set again")
	})
}
