package fake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// Every version that kubeadmcfg knows builds a cluster, and its kubeconfigs point where that version points them.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version       string
		kubeletServer string // of a control plane
		taints        int
		superAdmin    bool
	}{
		{"v1.23.4", "https://api.test.internal:16443", 1, false},
		{"v1.24.17", "https://api.test.internal:16443", 2, false},
		{"v1.28.15", "https://api.test.internal:16443", 1, false},
		{"v1.30.14", "https://api.test.internal:16443", 1, true},
		{"v1.32.9", "https://api.test.internal:16443", 1, true},
		{"v1.33.5", "https://10.0.0.12:6443", 1, true},
		{"v1.34.4", "https://10.0.0.12:6443", 1, true},
		{"v1.36.3", "https://10.0.0.12:6443", 1, true},
		{"v1.37.2", "https://10.0.0.12:6443", 1, true},
	} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			fake.Test(t, func(t *testing.T, f *fake.Cluster) {
				h := newHand(t, f, c.version)
				for _, x := range f.Hosts() { // up to 1.31 kubeadm wants conntrack
					require.NoError(t, x.WriteFile("/usr/sbin/conntrack", nil, 0o755))
				}
				h.build()
				require.Equal(t, []string{"cp1", "cp2", "w1"}, h.readyNodes())
				require.Equal(t, []string{"cp1", "cp2"}, f.Etcd().Voters())
				require.Equal(t, c.version+"\n", h.run("cp1", "kubeadm", "version", "-o", "short"))
				require.Equal(t, c.kubeletServer, server(t, f.Host("cp2"), "kubelet.conf"))
				require.Equal(t, "https://api.test.internal:16443", server(t, f.Host("cp2"), "admin.conf"))
				require.Equal(t, "https://10.0.0.12:6443", server(t, f.Host("cp2"), "scheduler.conf"))
				require.Equal(t, "https://api.test.internal:16443", server(t, f.Host("w1"), "kubelet.conf"))
				require.Equal(t, c.superAdmin, f.Host("cp1").Exists("/etc/kubernetes/super-admin.conf"))
				node, err := h.client().CoreV1().Nodes().Get(t.Context(), "cp2", metav1.GetOptions{})
				require.NoError(t, err)
				require.Len(t, node.Spec.Taints, c.taints)
				require.Empty(t, f.Unhandled())
			}, fake.ControlPlanes(2), fake.Workers(1), fake.KubernetesVersion(c.version))
		})
	}
}

func server(t *testing.T, h *fake.Host, name string) string {
	t.Helper()
	data, err := h.ReadFile("/etc/kubernetes/" + name)
	require.NoError(t, err)
	cfg, err := clientcmd.Load(data)
	require.NoError(t, err)
	return cfg.Clusters[cfg.Contexts[cfg.CurrentContext].Cluster].Server
}

// An unprepared host is refused, with the checks' ids and the exit code of the version.
func TestPreflight(t *testing.T) {
	t.Parallel()
	for version, code := range map[string]int{"v1.28.15": 2, "v1.33.5": 2, "v1.34.4": 1, "v1.37.2": 1} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			fake.Test(t, func(t *testing.T, c *fake.Cluster) {
				h := newHand(t, c, version)
				h.write("cp1", "/f.yaml", 0o600, h.initConfig("cp1"))
				require.NoError(t, c.Host("cp1").WriteFile("/var/lib/etcd/member", nil, 0o600))
				require.NoError(t, c.Host("cp1").WriteFile("/etc/kubernetes/manifests/etcd.yaml", nil, 0o600))
				l, err := c.Host("cp1").Listen("tcp", "0.0.0.0:6443")
				require.NoError(t, err)
				defer l.Close() //nolint:errcheck // nothing is lost
				require.NoError(t, c.Host("cp1").StopUnit("containerd"))
				res, err := c.Host("cp1").Exec(t.Context(), "kubeadm", "init", "--config", "/f.yaml", "--upload-certs")
				require.NoError(t, err)
				require.Equal(t, code, res.ExitCode)
				for _, id := range []string{"ERROR FileContent--proc-sys-net-ipv4-ip_forward", "ERROR DirAvailable--var-lib-etcd", "ERROR FileAvailable--etc-kubernetes-manifests-etcd.yaml", "ERROR Port-6443", "ERROR CRI", "WARNING Hostname"} {
					require.Contains(t, string(res.Stderr), "["+id+"]")
				}
				require.Empty(t, c.Host("cp1").Files("/etc/kubernetes/pki"), "nothing was written")
			}, fake.ControlPlanes(1), fake.KubernetesVersion(version))
		})
	}
}

// What makes a join fail, and what it says then.
func TestJoinFailures(t *testing.T) {
	t.Parallel()
	certs := func(h *hand) {
		require.NoError(h.t, h.client().CoreV1().Secrets("kube-system").Delete(h.t.Context(), "kubeadm-certs", metav1.DeleteOptions{}))
	}
	for _, c := range []struct {
		name, says string
		spoil      func(h *hand)
		host       string
	}{
		{"wrong token", "could not find a JWS signature in the cluster-info ConfigMap for token ID", func(h *hand) { h.token = "badbad.0123456789abcdef" }, "w1"},
		{"expired token", "could not find a JWS signature", func(h *hand) { h.c.Advance(25 * time.Hour) }, "w1"},
		{"wrong secret of the token", "failed to verify JWS signature", func(h *hand) {
			id, _ := kubeadmcfg.TokenID(h.token)
			h.token = kubeadmcfg.Secret(id + ".0123456789abcdef")
		}, "w1"},
		{"wrong hash", "none of the public keys", func(h *hand) {
			other, err := h.c.Host("cp1").ReadFile("/etc/kubernetes/pki/etcd/ca.crt")
			require.NoError(h.t, err)
			h.hash, err = kubeadmcfg.CACertHash(other)
			require.NoError(h.t, err)
		}, "w1"},
		{"no certificates", "Secret \"kubeadm-certs\" was not found", certs, "cp2"},
		{"expired certificates", "Secret \"kubeadm-certs\" was not found", func(h *hand) { h.c.Advance(2*time.Hour + time.Minute) }, "cp2"},
		{"wrong key", "message authentication failed", func(h *hand) { h.key = kubeadmcfg.Secret(strings.Repeat("ab", 32)) }, "cp2"},
		{"balancer down", "connection refused", func(h *hand) { require.NoError(h.t, h.c.Host("cp2").StopUnit("quorate-lb.service")) }, "cp2"},
		{"a learner in the way", "too many learner", func(h *hand) {
			cl := h.etcd("cp1")
			defer cl.Close() //nolint:errcheck // nothing is lost
			_, err := cl.MemberAddAsLearner(h.t.Context(), []string{"https://10.0.0.77:2380"})
			require.NoError(h.t, err)
		}, "cp2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fake.Test(t, func(t *testing.T, f *fake.Cluster) {
				h := newHand(t, f, "v1.37.2")
				h.t = t
				for _, x := range f.Hosts() {
					h.prepare(x.Name())
				}
				h.init("cp1")
				c.spoil(h)
				res, err := h.join(c.host, c.host != "w1")
				require.NoError(t, err)
				require.Equal(t, 1, res.ExitCode)
				require.Contains(t, string(res.Stderr), c.says)
				require.Equal(t, []string{"cp1"}, f.Etcd().Voters())
			}, fake.ControlPlanes(2), fake.Workers(1))
		})
	}
}

// reset that cannot reach the cluster warns, exits with 0, and leaves a member behind.
func TestResetThatOnlyWarns(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		c.Net().Partition([]string{"cp3"}, []string{"cp1", "cp2"})
		res, err := c.Host("cp3").Exec(t.Context(), "kubeadm", "reset", "--force")
		require.NoError(t, err)
		require.Zero(t, res.ExitCode)
		require.Contains(t, string(res.Stderr), "W [reset] Unable to fetch the kubeadm-config ConfigMap")
		require.Empty(t, c.Host("cp3").Files("/var/lib/etcd"))
		c.Net().Heal()
		require.Len(t, c.Etcd().Members(), 3, "a stale member is left")
		require.True(t, c.Etcd().HasQuorum())

		// whoever loses one more loses the quorum
		c.Host("cp2").Crash()
		require.False(t, c.Etcd().HasQuorum())
		c.Host("cp2").Boot()
		c.Settle(time.Minute)

		// reset of a member that reaches the others takes it out
		h.removeMember("cp3")
		require.Len(t, c.Etcd().Members(), 2)
		res, err = c.Host("cp2").Exec(t.Context(), "kubeadm", "reset", "--force", "--cri-socket=unix:///run/containerd/containerd.sock")
		require.NoError(t, err)
		require.Zero(t, res.ExitCode)
		require.NotContains(t, string(res.Stderr), "W [reset] Failed to remove etcd member")
		require.Equal(t, []string{"cp1"}, c.Etcd().Voters())
		require.True(t, c.Etcd().HasQuorum())
		require.Empty(t, c.Host("cp2").Files("/etc/kubernetes/manifests"))
		require.NotEmpty(t, c.Host("cp2").Files("/etc/cni/net.d"), "reset leaves the network's files")
	}, fake.ControlPlanes(3))
}

// The files of a control plane, with their modes.
func TestFilesOfAControlPlane(t *testing.T) {
	t.Parallel()
	c := fake.Run(t, fake.ControlPlanes(2))
	newHand(t, c, "v1.37.2").build()
	var got []string
	for _, f := range append(c.Host("cp2").Files("/etc/kubernetes"), c.Host("cp2").Files("/var/lib/kubelet")...) {
		mode, owner, err := c.Host("cp2").Stat(f)
		require.NoError(t, err)
		got = append(got, fmt.Sprintf("%o %s %s", mode, owner, f))
	}
	golden(t, "testdata/control-plane-files.txt", strings.Join(got, "\n")+"\n")
}

// An apply that finds everything done runs nothing that changes, which History shows.
func TestHistory(t *testing.T) {
	t.Parallel()
	c := fake.Run(t, fake.Workers(1))
	w := c.Host("w1")
	for _, argv := range [][]string{{"id", "-u"}, {"nproc"}, {"uname", "-m"}, {"pgrep", "-x", "kubeadm"}, {"systemctl", "show", "--property=Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload", "kubelet.service", "nope.service"}, {"ss", "-Hltn"}, {"containerd", "config", "dump"}, {"nginx", "-v"}, {"kubelet", "--version"}, {"date", "-u", "+%s.%N"}, {"getent", "ahosts", "localhost"}, {"test", "-e", "/etc"}} {
		_, err := w.Exec(t.Context(), argv...)
		require.NoError(t, err)
	}
	require.Len(t, w.History(), 12)
	require.Empty(t, w.Changes())
	_, err := w.Exec(t.Context(), "swapoff", "-a")
	require.NoError(t, err)
	require.Equal(t, []string{"swapoff -a"}, w.Changes())
	require.Empty(t, c.Unhandled())
}
