package kubeadmcfg

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"pgregory.net/rapid"
)

func TestConvertMovesTimeoutsBetweenDocuments(t *testing.T) {
	const old = `apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer:
  extraArgs:
    v: "4"
    audit-log-path: "-"
  timeoutForControlPlane: 5m0s
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: JoinConfiguration
discovery:
  file:
    kubeConfigPath: /d
  timeout: 1m0s
`
	const want = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
timeouts:
  controlPlaneComponentHealthCheck: "5m0s"
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs:
    - name: audit-log-path
      value: "-"
    - name: v
      value: "4"
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  file:
    kubeConfigPath: /d
timeouts:
  discovery: "1m0s"
`
	file, losses, err := Convert([]byte(old), V1Beta4, ConvertOptions{})
	require.NoError(t, err)
	assert.Empty(t, losses)
	assert.Equal(t, want, string(file))

	back, losses, err := Convert(file, V1Beta3, ConvertOptions{})
	require.NoError(t, err)
	assert.Empty(t, losses)
	b, err := Parse(back)
	require.NoError(t, err)
	first, err := Parse([]byte(old))
	require.NoError(t, err)
	assert.Equal(t, first, b)
}

func TestConvertToV1Beta3NeedsADocumentForTheTimeout(t *testing.T) {
	file := "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\ntimeouts: {controlPlaneComponentHealthCheck: 1m}\n"
	out, losses, err := Convert([]byte(file), V1Beta3, ConvertOptions{})
	require.NoError(t, err)
	assert.Empty(t, losses)
	assert.Contains(t, string(out), `timeoutForControlPlane: "1m0s"`)
}

func TestConvertListsLosses(t *testing.T) {
	const file = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
dryRun: true
timeouts:
  etcdAPICall: 1m0s
nodeRegistration:
  name: cp1
  imagePullSerial: false
  future: 1
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
dns:
  disabled: true
apiServer:
  extraArgs:
    - {name: v, value: "1"}
    - {name: v, value: "2"}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ResetConfiguration
force: true
`
	_, _, err := Convert([]byte(file), V1Beta3, ConvertOptions{Lenient: true})
	var loss *LossError
	require.ErrorAs(t, err, &loss)
	assert.Contains(t, err.Error(), string(V1Beta3))

	out, losses, err := Convert([]byte(file), V1Beta3, ConvertOptions{Lenient: true, AllowLosses: true})
	require.NoError(t, err)
	assert.Equal(t, loss.Losses, losses)
	var paths []string
	for _, l := range losses {
		paths = append(paths, l.Path)
	}
	assert.ElementsMatch(t, []string{
		"InitConfiguration.dryRun", "InitConfiguration.timeouts.etcdAPICall", "InitConfiguration.nodeRegistration.imagePullSerial",
		"ClusterConfiguration.dns.disabled", "ClusterConfiguration.apiServer.extraArgs[0]", "ResetConfiguration",
	}, paths)
	assert.Equal(t, `apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
nodeRegistration:
  name: cp1
  future: 1
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer:
  extraArgs:
    v: "2"
`, string(out))
}

func TestConvertRefuses(t *testing.T) {
	_, _, err := Convert([]byte("apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n"), "kubeadm.k8s.io/v1", ConvertOptions{})
	assert.ErrorContains(t, err, "kubeadm.k8s.io/v1:")
	_, _, err = Convert([]byte("apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nfoo: 1\n"), V1Beta3, ConvertOptions{})
	var parse *ParseError
	assert.ErrorAs(t, err, &parse)
}

func TestRenderWithOptions(t *testing.T) {
	v := Version{Major: 1, Minor: 33}
	b := Bundle{Cluster: &ClusterConfiguration{Etcd: Etcd{External: &ExternalEtcd{Endpoints: []string{"https://a:2379"}, HTTPEndpoints: []string{"http://a:2381"}}}}}
	_, _, err := RenderWith(b, v, RenderOptions{})
	var loss *LossError
	require.ErrorAs(t, err, &loss)
	file, losses, err := RenderWith(b, v, RenderOptions{AllowLosses: true})
	require.NoError(t, err)
	assert.Equal(t, loss.Losses, losses)
	assert.NotContains(t, string(file), "httpEndpoints")

	b.Cluster.Etcd.External.HTTPEndpoints = nil
	file, _, err = RenderWith(b, v, RenderOptions{API: V1Beta3})
	require.NoError(t, err)
	assert.Contains(t, string(file), string(V1Beta3))
	_, _, err = RenderWith(b, Version{Major: 1, Minor: 37}, RenderOptions{API: V1Beta3})
	assert.ErrorContains(t, err, "does not read")
}

// A file of v1beta3 is the same after the way to v1beta4 and back.
func TestConvertRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file, err := Render(drawV1Beta3(t), Version{Major: 1, Minor: 23})
		require.NoError(t, err)
		up, losses, err := Convert(file, V1Beta4, ConvertOptions{})
		require.NoError(t, err)
		require.Empty(t, losses)
		down, losses, err := Convert(up, V1Beta3, ConvertOptions{})
		require.NoError(t, err)
		require.Empty(t, losses)
		require.Equal(t, string(file), string(down))
	})
}

// A field that the kubelet or kube-proxy of the version does not have is refused, or left out and listed.
func TestRenderKnowsTheFieldsOfComponents(t *testing.T) {
	b := Bundle{
		Kubelet:   &kubeletv1beta1.KubeletConfiguration{CgroupDriver: "systemd", FailCgroupV1: new(false)},
		KubeProxy: &proxyv1alpha1.KubeProxyConfiguration{Mode: "iptables", NFTables: proxyv1alpha1.KubeProxyNFTablesConfiguration{MasqueradeAll: true}},
	}
	_, err := Render(b, Version{Major: 1, Minor: 23})
	var loss *LossError
	require.ErrorAs(t, err, &loss)
	assert.Equal(t, []Loss{
		{Path: "KubeletConfiguration.failCgroupV1", Reason: "needs Kubernetes 1.31"},
		{Path: "KubeProxyConfiguration.nftables", Reason: "needs Kubernetes 1.29"},
	}, loss.Losses)
	file, losses, err := RenderWith(b, Version{Major: 1, Minor: 23}, RenderOptions{AllowLosses: true})
	require.NoError(t, err)
	assert.Equal(t, loss.Losses, losses)
	assert.Equal(t, "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n---\n"+
		"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: iptables\n", string(file))
	_, err = Render(b, Version{Major: 1, Minor: 37})
	require.NoError(t, err)
}
