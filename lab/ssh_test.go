package lab_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab"
	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
)

// TestHost shows what a host is like before anything was done to it, and that everyone who should
// be let in is: root, a user whose sudo asks nothing, and one whose sudo wants a password.
func TestHost(t *testing.T) {
	ctx := needLab(t)
	l := newLab(ctx, t)
	require.NoError(t, l.AddHosts(ctx, "one", "two"))
	h := l.Host("one")

	t.Run("as the installer left it", func(t *testing.T) {
		for _, test := range []struct {
			want string
			argv []string
		}{
			{"debian\n", []string{"hostname"}},
			{"0\n", []string{"cat", "/proc/sys/net/ipv4/ip_forward"}},
			{"v1.37.2\n", []string{"kubeadm", "version", "-o", "short"}},
			{"Kubernetes v1.37.2\n", []string{"kubelet", "--version"}},
			{"active\nactive\nactive\n", []string{"systemctl", "is-active", "containerd", "nginx", "ssh"}},
			{"", []string{"ls", "-A", "/etc/kubernetes/manifests"}},
		} {
			out, err := h.Run(ctx, test.argv...)
			require.NoError(t, err)
			assert.Equal(t, test.want, out, "%q", test.argv)
		}
	})
	t.Run("with all images", func(t *testing.T) {
		out, err := h.Run(ctx, "ctr", "-n", "k8s.io", "images", "ls", "-q")
		require.NoError(t, err)
		for _, tag := range append(l.Artifacts().Tags, lab.PodImage) {
			assert.Contains(t, out, tag)
		}
	})
	t.Run("different from the other", func(t *testing.T) {
		for _, path := range []string{"/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub", "/proc/sys/kernel/random/boot_id"} {
			one, err := h.Run(ctx, "cat", path)
			require.NoError(t, err)
			two, err := l.Host("two").Run(ctx, "cat", path)
			require.NoError(t, err)
			assert.NotEqual(t, one, two, path)
		}
	})
	for name, config := range map[string]ssh.Config{
		"root":                 {User: "root"},
		"sudo":                 {User: "deploy", Sudo: &ssh.Sudo{}},
		"sudo with a password": {User: "admin", Sudo: &ssh.Sudo{Password: ssh.Secret(h.AdminPassword)}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := dial(ctx, t, l, h, config)
			out, err := transport.Output(ctx, tr, h.Name, "id", "-u")
			require.NoError(t, err)
			assert.Equal(t, "0\n", string(out))
			file := fmt.Sprintf("/root/by-%s", config.User)
			require.NoError(t, tr.WriteFile(ctx, transport.File{Path: file, Data: []byte("x"), Mode: 0o600, Owner: "daemon:daemon"}))
			out, err = transport.Output(ctx, tr, h.Name, "stat", "-c", "%a %U:%G", file)
			require.NoError(t, err)
			assert.Equal(t, "600 daemon:daemon\n", string(out))
		})
	}
	t.Run("a user without sudo", func(t *testing.T) {
		tr := dial(ctx, t, l, h, ssh.Config{User: "deploy"})
		_, err := tr.ReadFile(ctx, "/etc/shadow")
		require.ErrorIs(t, err, fs.ErrPermission)
	})
	t.Run("a wrong sudo password", func(t *testing.T) {
		config := sshConfig(l, h, ssh.Config{User: "admin", Sudo: &ssh.Sudo{Password: "wrong"}})
		tr, err := ssh.Dial(ctx, config)
		if err == nil {
			_, err = tr.Run(ctx, transport.Command{Argv: []string{"id"}})
			tr.Close()
		}
		var refused *transport.ConnectError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "sudo", refused.Op)
	})
}

// sshConfig completes a configuration with the host's address and the lab's key.
func sshConfig(l *lab.Lab, h *lab.Host, config ssh.Config) ssh.Config {
	config.Host, config.Address, config.NoAgent, config.NetDial = h.Name, h.Address.String(), true, l.Dial
	config.IdentityFiles, config.KnownHostsFiles = []string{l.IdentityFile()}, []string{l.KnownHostsFile()}
	return config
}

// dial connects to a host for the time of a test.
func dial(ctx context.Context, t *testing.T, l *lab.Lab, h *lab.Host, config ssh.Config) transport.Transport {
	t.Helper()
	tr, err := ssh.Dial(ctx, sshConfig(l, h, config))
	require.NoError(t, err)
	t.Cleanup(func() { tr.Close() })
	return tr
}
