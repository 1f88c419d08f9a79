package fake_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/lbconfig"
	"github.com/quorate-dev/quorate/transport"
)

// hand builds a cluster as somebody with a checklist would: through Transports only.
type hand struct {
	t       testing.TB
	c       *fake.Cluster
	version kubeadmcfg.Version
	token   kubeadmcfg.Secret
	key     kubeadmcfg.Secret
	hash    string   // of the CA, when not the right one
	ready   []string // addresses of control planes behind the balancers
}

func newHand(t testing.TB, c *fake.Cluster, version string) *hand {
	h := &hand{t: t, c: c}
	var err error
	h.version, err = kubeadmcfg.ParseVersion(version)
	require.NoError(t, err)
	h.token, err = kubeadmcfg.NewToken(rand.Reader)
	require.NoError(t, err)
	h.key, err = kubeadmcfg.NewCertificateKey(rand.Reader)
	require.NoError(t, err)
	return h
}

func (h *hand) dial(host string) transport.Transport {
	tr, err := h.c.Dial(context.Background(), host)
	require.NoError(h.t, err)
	return tr
}

// run runs a command and requires that it succeeds.
func (h *hand) run(host string, argv ...string) string {
	h.t.Helper()
	out, err := transport.Output(context.Background(), h.dial(host), host, argv...)
	require.NoError(h.t, err)
	return string(out)
}

func (h *hand) write(host, name string, mode fs.FileMode, data string) {
	h.t.Helper()
	require.NoError(h.t, h.dial(host).WriteFile(context.Background(), transport.File{Path: name, Data: []byte(data), Mode: mode}))
}

// prepare makes a new host ready for kubeadm.
func (h *hand) prepare(host string) {
	h.t.Helper()
	h.run(host, "hostnamectl", "set-hostname", host)
	var hosts strings.Builder
	hosts.WriteString("127.0.0.1 localhost\n127.0.0.1 api.test.internal\n")
	for _, x := range h.c.Hosts() {
		fmt.Fprintf(&hosts, "%s %s\n", x.Address(), x.Name())
	}
	h.write(host, "/etc/hosts", 0o644, hosts.String())
	h.write(host, "/etc/fstab", 0o644, "UUID=6a1f-root / ext4 errors=remount-ro 0 1\n")
	h.run(host, "systemctl", "daemon-reload")
	h.run(host, "swapoff", "-a")
	h.write(host, "/etc/modules-load.d/quorate.conf", 0o644, "overlay\nbr_netfilter\n")
	h.run(host, "modprobe", "-a", "overlay", "br_netfilter")
	h.write(host, "/etc/sysctl.d/99-quorate.conf", 0o644, "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n")
	h.run(host, "sysctl", "-p", "/etc/sysctl.d/99-quorate.conf")
	h.write(host, "/etc/containerd/config.toml", 0o644, "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\nSystemdCgroup = true\n")
	h.run(host, "systemctl", "restart", "containerd")
}

// balance gives the host its balancer, over the control planes that are ready.
func (h *hand) balance(host string) {
	h.t.Helper()
	var backends []netip.AddrPort
	for _, a := range h.ready {
		backends = append(backends, netip.AddrPortFrom(netip.MustParseAddr(a), 6443))
	}
	cfg, err := lbconfig.APIServer(lbconfig.Options{Backends: backends, Module: lbconfig.ModuleDebian}).Render()
	require.NoError(h.t, err)
	h.run(host, "mkdir", "-p", "/run/quorate-lb", "/var/log/quorate")
	h.write(host, lbconfig.DefaultConfigPath, 0o644, string(cfg))
	h.run(host, "nginx", "-t", "-c", lbconfig.DefaultConfigPath)
	if h.c.Host(host).Unit(lbconfig.UnitName).Active == "active" {
		h.run(host, "systemctl", "reload", lbconfig.UnitName)
		return
	}
	h.write(host, "/etc/systemd/system/"+lbconfig.UnitName, 0o644, string(lbconfig.ServiceUnit(lbconfig.UnitOptions{})))
	h.run(host, "systemctl", "daemon-reload")
	h.run(host, "systemctl", "enable", "--now", lbconfig.UnitName)
}

func (h *hand) config(b kubeadmcfg.Bundle) string {
	h.t.Helper()
	out, err := kubeadmcfg.Render(b, h.version)
	require.NoError(h.t, err)
	return string(out)
}

// initConfig is the configuration of the first control plane.
func (h *hand) initConfig(host string) string {
	return h.config(kubeadmcfg.Bundle{
		Init: &kubeadmcfg.InitConfiguration{
			BootstrapTokens: []kubeadmcfg.BootstrapToken{{Token: h.token}}, CertificateKey: h.key,
			NodeRegistration: kubeadmcfg.NodeRegistrationOptions{Name: host}, LocalAPIEndpoint: kubeadmcfg.APIEndpoint{AdvertiseAddress: h.c.Host(host).Address()},
		},
		Cluster: &kubeadmcfg.ClusterConfiguration{KubernetesVersion: h.version.String(), ControlPlaneEndpoint: "api.test.internal:16443", Networking: kubeadmcfg.Networking{PodSubnet: "10.244.0.0/16"}},
	})
}

// joinConfig is the configuration of a host that joins.
func (h *hand) joinConfig(host string, controlPlane bool) string {
	h.t.Helper()
	ca, err := h.dial("cp1").ReadFile(context.Background(), "/etc/kubernetes/pki/ca.crt")
	require.NoError(h.t, err)
	hash, err := kubeadmcfg.CACertHash(ca)
	require.NoError(h.t, err)
	if h.hash != "" {
		hash = h.hash
	}
	j := &kubeadmcfg.JoinConfiguration{
		NodeRegistration: kubeadmcfg.NodeRegistrationOptions{Name: host},
		Discovery:        kubeadmcfg.Discovery{BootstrapToken: &kubeadmcfg.BootstrapTokenDiscovery{Token: h.token, APIServerEndpoint: "api.test.internal:16443", CACertHashes: []string{hash}}},
	}
	if controlPlane {
		j.ControlPlane = &kubeadmcfg.JoinControlPlane{LocalAPIEndpoint: kubeadmcfg.APIEndpoint{AdvertiseAddress: h.c.Host(host).Address()}, CertificateKey: h.key}
	}
	return h.config(kubeadmcfg.Bundle{Join: j})
}

func (h *hand) init(host string) {
	h.t.Helper()
	h.ready = []string{h.c.Host(host).Address()}
	for _, x := range h.c.Hosts() {
		h.balance(x.Name())
	}
	h.write(host, "/etc/quorate/kubeadm-init.yaml", 0o600, h.initConfig(host))
	if h.version.HasConfigValidate() {
		h.run(host, "kubeadm", "config", "validate", "--config", "/etc/quorate/kubeadm-init.yaml")
	}
	h.run(host, "kubeadm", "init", "--config", "/etc/quorate/kubeadm-init.yaml", "--upload-certs")
}

func (h *hand) join(host string, controlPlane bool) (transport.Result, error) {
	h.t.Helper()
	h.write(host, "/etc/quorate/kubeadm-join.yaml", 0o600, h.joinConfig(host, controlPlane))
	return h.dial(host).Run(context.Background(), transport.Command{Argv: []string{"kubeadm", "join", "--config", "/etc/quorate/kubeadm-join.yaml"}})
}

func (h *hand) mustJoin(host string, controlPlane bool) {
	h.t.Helper()
	res, err := h.join(host, controlPlane)
	require.NoError(h.t, err)
	require.Zero(h.t, res.ExitCode, "%s%s", res.Stdout, res.Stderr)
	if controlPlane {
		h.ready = append(h.ready, h.c.Host(host).Address())
		for _, x := range h.c.Hosts() {
			h.balance(x.Name())
		}
	}
}

func (h *hand) client() *kubernetes.Clientset {
	h.t.Helper()
	cfg, err := h.c.RESTConfig("")
	require.NoError(h.t, err)
	cs, err := kubernetes.NewForConfig(cfg)
	require.NoError(h.t, err)
	return cs
}

// build makes the whole cluster: the first letters of hosts' names say what they are.
func (h *hand) build() {
	h.t.Helper()
	for _, x := range h.c.Hosts() {
		h.prepare(x.Name())
	}
	h.init("cp1")
	h.network()
	for _, x := range h.c.Hosts()[1:] {
		h.mustJoin(x.Name(), strings.HasPrefix(x.Name(), "cp"))
	}
	h.c.Settle(30 * time.Second)
}

// ready lists the Nodes that are Ready.
func (h *hand) readyNodes() []string {
	h.t.Helper()
	nodes, err := h.client().CoreV1().Nodes().List(context.Background(), metav1.ListOptions{})
	require.NoError(h.t, err)
	var out []string
	for _, n := range nodes.Items {
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				out = append(out, n.Name)
			}
		}
	}
	return out
}

func TestBuildByHandInVirtualTime(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		checkBuilt(t, h)
	}, fake.ControlPlanes(3), fake.Workers(2))
}

func TestBuildByHandOutsideABubble(t *testing.T) {
	t.Parallel()
	c := fake.Run(t, fake.ControlPlanes(3), fake.Workers(2))
	h := newHand(t, c, "v1.37.2")
	begin := time.Now()
	h.build()
	t.Logf("built in %v", time.Since(begin))
	checkBuilt(t, h)
}

func checkBuilt(t *testing.T, h *hand) {
	t.Helper()
	require.Equal(t, []string{"cp1", "cp2", "cp3", "w1", "w2"}, h.readyNodes())
	require.Equal(t, []string{"cp1", "cp2", "cp3"}, h.c.Etcd().Voters())
	require.True(t, h.c.Etcd().HasQuorum())
	for _, m := range h.c.Etcd().Members() {
		require.True(t, m.Running, m.Name)
	}
	pods, err := h.client().CoreV1().Pods("kube-system").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, p := range pods.Items {
		require.Equal(t, corev1.PodRunning, p.Status.Phase, p.Name)
	}
	require.Empty(t, h.c.Unhandled())
	// every host reaches the API through its own balancer
	for _, x := range h.c.Hosts() {
		conn, err := h.dial(x.Name()).Dial(t.Context(), "tcp", "api.test.internal:16443")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
}
