package fake_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/lbconfig"
)

func (h *hand) nodeReady(name string) corev1.ConditionStatus {
	h.t.Helper()
	n, err := h.client().CoreV1().Nodes().Get(context.Background(), name, metav1.GetOptions{})
	require.NoError(h.t, err)
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status
		}
	}
	return ""
}

// A host that is gone is given up, its pods come up elsewhere, and back it is Ready again.
func TestNodeLifecycle(t *testing.T) {
	built(t, func(t *testing.T, h *hand) {
		c := h.c
		c.Host("w1").Crash()
		c.Advance(30 * time.Second)
		require.Equal(t, corev1.ConditionTrue, h.nodeReady("w1"), "not yet")
		c.Advance(40 * time.Second)
		require.Equal(t, corev1.ConditionUnknown, h.nodeReady("w1"))
		c.Advance(10 * time.Minute)
		pods, err := h.client().CoreV1().Pods("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
		require.NoError(t, err)
		up := 0
		for _, p := range pods.Items {
			if p.DeletionTimestamp == nil {
				require.NotEqual(t, "w1", p.Spec.NodeName)
				up++
			}
		}
		require.Equal(t, 2, up)
		c.Host("w1").Boot()
		c.Settle(2 * time.Minute)
		require.Equal(t, corev1.ConditionTrue, h.nodeReady("w1"))

		// the kubelet alone gone is the same to the API
		require.NoError(t, c.Host("w2").StopUnit("kubelet"))
		c.Advance(2 * time.Minute)
		require.Equal(t, corev1.ConditionUnknown, h.nodeReady("w2"))
		require.NoError(t, c.Host("w2").StartUnit("kubelet"))
		c.Settle(time.Minute)
		require.Equal(t, corev1.ConditionTrue, h.nodeReady("w2"))

		// so is a balancer that is down: the kubelet does not reach the API
		require.NoError(t, c.Host("w2").StopUnit("quorate-lb"))
		c.Advance(2 * time.Minute)
		require.Equal(t, corev1.ConditionUnknown, h.nodeReady("w2"))
	})
}

// A reboot of everything changes nothing that was persisted.
func TestRebootOfTheWholeCluster(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		for _, x := range c.Hosts() {
			x.Crash()
		}
		require.False(t, c.Etcd().HasQuorum())
		_, err := c.RESTConfig("")
		require.ErrorIs(t, err, fake.ErrNoAPIServer)
		for _, x := range c.Hosts() {
			x.Boot()
		}
		c.Settle(3 * time.Minute)
		checkBuilt(t, h)
	}, fake.ControlPlanes(3), fake.Workers(2))
}

// What nobody persisted is gone after a reboot.
func TestRebootForgets(t *testing.T) {
	t.Parallel()
	c := fake.Run(t, fake.Workers(1))
	w := c.Host("w1")
	for _, argv := range [][]string{{"swapoff", "-a"}, {"modprobe", "-a", "overlay", "br_netfilter"}, {"sysctl", "-w", "net.ipv4.ip_forward=1"}, {"mkdir", "-p", "/run/quorate-lb"}, {"systemctl", "disable", "nginx"}} {
		res, err := w.Exec(t.Context(), argv...)
		require.NoError(t, err)
		require.Zero(t, res.ExitCode, "%s", res.Stderr)
	}
	require.False(t, w.Swap())
	require.Equal(t, "1", w.Sysctl("net.ipv4.ip_forward"))
	require.Equal(t, "1", w.Sysctl("net.bridge.bridge-nf-call-iptables"))
	require.Equal(t, "active", w.Unit("nginx").Active)
	w.Reboot()
	require.True(t, w.Swap())
	require.Empty(t, w.Modules())
	require.Equal(t, "0", w.Sysctl("net.ipv4.ip_forward"))
	require.Empty(t, w.Sysctl("net.bridge.bridge-nf-call-iptables"))
	require.False(t, w.Exists("/run/quorate-lb"))
	require.Equal(t, fake.Unit{Load: "loaded", Active: "inactive", Sub: "dead", File: "disabled"}, w.Unit("nginx"))
}

// Without quorum the API reads and writes nothing, and says that it is not ready.
func TestLostQuorum(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		cfg, err := c.RESTConfig("cp1")
		require.NoError(t, err)
		cs, err := kubernetes.NewForConfig(cfg)
		require.NoError(t, err)
		readyz := func() error { return cs.Discovery().RESTClient().Get().AbsPath("/readyz").Do(t.Context()).Error() }
		require.NoError(t, readyz())
		c.Host("cp2").Crash()
		require.NoError(t, readyz())
		c.Host("cp3").Crash()
		require.Error(t, readyz())
		_, err = cs.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		require.ErrorContains(t, err, "etcdserver")
		c.Host("cp2").Boot()
		c.Settle(time.Minute)
		require.NoError(t, readyz())
	}, fake.ControlPlanes(3))
}

// Every host's balancer passes a dead control plane by.
func TestBalancerFailover(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		request := func() error {
			cfg, err := c.RESTConfig("cp2")
			require.NoError(t, err)
			cfg.Host, cfg.Dial = "https://api.test.internal:16443", h.dial("w1").Dial
			cfg.Timeout = 5 * time.Second
			cs, err := kubernetes.NewForConfig(cfg)
			require.NoError(t, err)
			_, err = cs.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
			return err
		}
		c.Host("cp1").Crash()
		for range 9 {
			require.NoError(t, request())
		}
		c.Host("cp1").Boot()
		c.Settle(2 * time.Minute)
		c.Net().Partition([]string{"cp3"}, []string{"cp1", "cp2", "w1"})
		for range 9 {
			require.NoError(t, request())
		}
		c.Net().Heal()
		c.Settle(2 * time.Minute)
		require.Equal(t, []string{"cp1", "cp2", "cp3", "w1"}, h.readyNodes())

		// the generation server proves which file is in force
		conn, err := h.dial("w1").Dial(t.Context(), "unix", "/run/quorate-lb/generation.sock")
		require.NoError(t, err)
		defer conn.Close() //nolint:errcheck // nothing is lost
	}, fake.ControlPlanes(3), fake.Workers(1))
}

// A Node that is deleted while its kubelet runs stays away until the kubelet is started again, and its pods are collected.
func TestDeletedNode(t *testing.T) {
	t.Parallel()
	c := fake.Run(t, fake.ControlPlanes(2))
	h := newHand(t, c, "v1.37.2")
	h.build()
	h.deleteNode("cp2")
	require.Equal(t, []string{"cp1"}, h.readyNodes())
	pods, err := h.client().CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=cp2"})
	require.NoError(t, err)
	require.Empty(t, pods.Items)
	require.True(t, c.Host("cp2").Component("etcd"), "its containers go on")
	require.NoError(t, c.Host("cp2").StopUnit("kubelet"))
	require.NoError(t, c.Host("cp2").StartUnit("kubelet"))
	require.Equal(t, []string{"cp1", "cp2"}, h.readyNodes())
}

// systemd restarts what its unit says to restart, also once a port that was taken is free.
func TestRestarts(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		w := c.Host("w1")
		require.Equal(t, "activating", w.Unit("kubelet").Active, "it has no configuration")
		require.Equal(t, "auto-restart", w.Unit("kubelet").Sub)
		w.KillUnit("containerd")
		require.Equal(t, "activating", w.Unit("containerd").Active)
		c.Settle(time.Minute)
		require.Equal(t, "active", w.Unit("containerd").Active)

		l, err := w.Listen("tcp", "0.0.0.0:16443")
		require.NoError(t, err)
		h := newHand(t, c, "v1.37.2")
		h.ready = []string{"10.0.0.11"}
		h.prepare("w1")
		h.write("w1", "/etc/systemd/system/unseen.service", 0o644, "[Service]\nExecStart=/usr/sbin/nginx\n")
		res, err := w.Exec(t.Context(), "systemctl", "start", "absent")
		require.NoError(t, err)
		require.Equal(t, 5, res.ExitCode)
		require.Equal(t, "Failed to start absent.service: Unit absent.service not found.\n", string(res.Stderr))
		h.run("w1", "mkdir", "-p", "/run/quorate-lb", "/var/log/quorate")
		require.Panics(t, func() { c.Host("w9") })
		balancer, err := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.11:6443")}, Module: lbconfig.ModuleDebian}).Render()
		require.NoError(t, err)
		h.write("w1", lbconfig.DefaultConfigPath, 0o644, string(balancer))
		h.write("w1", "/etc/systemd/system/"+lbconfig.UnitName, 0o644, string(lbconfig.ServiceUnit(lbconfig.UnitOptions{})))
		res, err = w.Exec(t.Context(), "systemctl", "start", lbconfig.UnitName)
		require.NoError(t, err)
		require.Equal(t, 1, res.ExitCode, "the port is taken")
		require.Equal(t, fake.Unit{Load: "loaded", Active: "activating", Sub: "auto-restart", File: "disabled"}, w.Unit(lbconfig.UnitName))
		require.NoError(t, l.Close())
		c.Settle(time.Minute)
		require.Equal(t, "active", w.Unit(lbconfig.UnitName).Active)

		// a changed unit file is not seen before daemon-reload
		text, err := w.ReadFile("/etc/systemd/system/" + lbconfig.UnitName)
		require.NoError(t, err)
		h.write("w1", "/etc/systemd/system/"+lbconfig.UnitName, 0o644, string(text)+"\n# changed\n")
		require.True(t, w.Unit(lbconfig.UnitName).NeedsReload)
		h.run("w1", "systemctl", "daemon-reload")
		require.False(t, w.Unit(lbconfig.UnitName).NeedsReload)
		h.run("w1", "systemctl", "stop", lbconfig.UnitName)
		require.False(t, w.Exists("/run/quorate-lb"), "systemd takes the runtime directory along")
	}, fake.Workers(1))
}
