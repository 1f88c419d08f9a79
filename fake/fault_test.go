package fake_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/transport"
)

// joinPhases are those of a control plane of v1.37.
var joinPhases = []string{
	"join/preflight", "join/control-plane-prepare/download-certs", "join/control-plane-prepare/certs", "join/control-plane-prepare/kubeconfig", "join/control-plane-prepare/control-plane", "join/check-etcd",
	"join/kubelet-start", "join/etcd-join", "join/etcd-join/added", "join/etcd-join/started", "join/etcd-join/promoted", "join/kubelet-wait-bootstrap", "join/control-plane-join/mark-control-plane", "join/wait-control-plane",
}

// A host that crashes at any moment of its join can be reset, cleaned out of etcd, and joined.
func TestCrashInEveryPhaseOfAJoin(t *testing.T) {
	t.Parallel()
	for _, phase := range joinPhases {
		t.Run(strings.ReplaceAll(phase, "/", "-"), func(t *testing.T) {
			t.Parallel()
			fake.Test(t, func(t *testing.T, c *fake.Cluster) {
				h := newHand(t, c, "v1.37.2")
				h.prepare("cp1")
				h.prepare("cp2")
				h.init("cp1")
				h.network()
				c.Inject(fake.On("cp2").Exec("kubeadm join*").Phase(phase).Crash())
				_, err := h.join("cp2", true)
				require.ErrorIs(t, err, transport.ErrUnknownOutcome)
				require.Equal(t, 1, c.Injected())
				require.False(t, c.Host("cp2").Up())
				_, err = c.Dial(t.Context(), "cp2")
				require.Error(t, err)
				c.Host("cp2").Boot()
				c.Settle(time.Minute)
				require.False(t, c.Host("cp2").Swap(), "what was persisted is there after the boot")
				require.Equal(t, "1", c.Host("cp2").Sysctl("net.ipv4.ip_forward"))
				h.removeMember("cp2")
				h.run("cp2", "kubeadm", "reset", "--force")
				h.deleteNode("cp2")
				h.mustJoin("cp2", true)
				c.Settle(time.Minute)
				require.Equal(t, []string{"cp1", "cp2"}, c.Etcd().Voters())
				require.Equal(t, []string{"cp1", "cp2"}, h.readyNodes())
				require.Empty(t, c.Unhandled())
			}, fake.ControlPlanes(2))
		})
	}
}

func (h *hand) deleteNode(name string) {
	h.t.Helper()
	err := h.client().CoreV1().Nodes().Delete(context.Background(), name, metav1.DeleteOptions{})
	if err != nil {
		require.Contains(h.t, err.Error(), "not found")
	}
}

func TestLostReplyAndDroppedConnection(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.prepare("cp1")
		h.prepare("w1")
		c.Inject(fake.On("cp1").Exec("kubeadm init*").LoseReply())
		h.ready = []string{"10.0.0.11"}
		h.balance("cp1")
		h.balance("w1")
		h.write("cp1", "/etc/quorate/kubeadm-init.yaml", 0o600, h.initConfig("cp1"))
		_, err := h.dial("cp1").Run(t.Context(), transport.Command{Argv: []string{"kubeadm", "init", "--config", "/etc/quorate/kubeadm-init.yaml", "--upload-certs"}})
		require.ErrorIs(t, err, transport.ErrUnknownOutcome)
		require.Equal(t, []string{"cp1"}, c.Etcd().Voters(), "it ran to its end")

		c.Inject(fake.On("w1").Phase("join/kubelet-start").DropConn())
		_, err = h.join("w1", false)
		require.ErrorIs(t, err, transport.ErrUnknownOutcome)
		require.NotEmpty(t, h.run("w1", "pgrep", "-x", "kubeadm"), "it goes on")
		time.Sleep(time.Minute)
		res, err := h.dial("w1").Run(t.Context(), transport.Command{Argv: []string{"pgrep", "-x", "kubeadm"}})
		require.NoError(t, err)
		require.Equal(t, 1, res.ExitCode, "and ended")
		require.True(t, c.Host("w1").Exists("/etc/kubernetes/kubelet.conf"))
	}, fake.ControlPlanes(1), fake.Workers(1))
}

func TestHangEndsWithTheContext(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		c.Inject(fake.On("*").Exec("systemctl *").Nth(2).Hang())
		_, err := c.Host("w1").Exec(t.Context(), "systemctl", "daemon-reload")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		begin := time.Now()
		_, err = c.Host("w1").Exec(ctx, "systemctl", "daemon-reload")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.GreaterOrEqual(t, time.Since(begin), time.Hour)
		_, err = c.Host("w1").Exec(t.Context(), "systemctl", "daemon-reload")
		require.NoError(t, err, "once is the default")
	}, fake.Workers(1))
}

func TestExitAndSlow(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		c.Inject(fake.On("w1").Exec("modprobe *").Exit(7, "no luck\n"), fake.On("w1").Exec("swapoff *").Slow(time.Hour))
		res, err := c.Host("w1").Exec(t.Context(), "modprobe", "overlay")
		require.NoError(t, err)
		require.Equal(t, 7, res.ExitCode)
		require.Equal(t, "no luck\n", string(res.Stderr))
		require.Empty(t, c.Host("w1").Modules())
		begin := time.Now()
		_, err = c.Host("w1").Exec(t.Context(), "swapoff", "-a")
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(begin), time.Hour)
	}, fake.Workers(1))
}
