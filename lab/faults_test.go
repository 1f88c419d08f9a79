package lab_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
