package lab_test

import (
	"bytes"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/lab"
)

//go:embed dryrun.sh
var dryRunScript string

// The four documents of the article, rendered for its own version and for today's, are what real
// kubeadms of these versions make certificates, manifests and objects of.
func TestArticleDryRun(t *testing.T) {
	ctx := needLab(t)
	text, err := os.ReadFile("../kubeadmcfg/testdata/article.yaml")
	require.NoError(t, err)
	for _, name := range []string{"v1.23.4", "v1.37.2"} {
		t.Run(name, func(t *testing.T) {
			b, err := kubeadmcfg.Parse(text)
			require.NoError(t, err)
			v, err := kubeadmcfg.ParseVersion(name)
			require.NoError(t, err)
			b.Cluster.KubernetesVersion = v.String()
			if !v.AtLeast(24) {
				require.Equal(t, v.CRISocket(kubeadmcfg.Docker), b.Init.NodeRegistration.CRISocket)
			} else {
				b.Init.NodeRegistration.CRISocket = v.CRISocket(kubeadmcfg.Containerd)
			}
			file, err := kubeadmcfg.Render(b, v)
			require.NoError(t, err)
			require.NoError(t, kubeadmcfg.ValidateFile(file, v))
			program, err := lab.KubeadmBinary(ctx, name, func(line string) { t.Log(line) })
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "kubeadm.yaml"), file, 0o600))
			run := exec.CommandContext(ctx, "bash", "-c", dryRunScript, "dryrun", program, filepath.Join(dir, "kubeadm.yaml"), b.Init.LocalAPIEndpoint.AdvertiseAddress, dir)
			run.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS}
			shown, err := run.CombinedOutput()
			output, _ := os.ReadFile(filepath.Join(dir, "output"))
			require.NoError(t, err, "%s\n%s", shown, output)
			d := dryRun{files: filepath.Join(dir, "files"), output: string(output)}
			d.certificates(t, b)
			d.manifests(t, b)
			d.objects(t, b)
		})
	}
}

// dryRun is what `kubeadm init --dry-run` wrote: files, and objects in its output.
type dryRun struct{ files, output string }

func (d dryRun) read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.files, name))
	require.NoError(t, err)
	return text
}

// certificates checks for whom the certificates are.
func (d dryRun) certificates(t *testing.T, b kubeadmcfg.Bundle) {
	address, node := b.Init.LocalAPIEndpoint.AdvertiseAddress, b.Init.NodeRegistration.Name
	domain := b.Cluster.Networking.DNSDomain
	for _, c := range []struct {
		file, name, issuer string
		names              []string
	}{
		{"ca.crt", "kubernetes", "kubernetes", []string{"kubernetes"}},
		{"etcd/ca.crt", "etcd-ca", "etcd-ca", []string{"etcd-ca"}},
		{"front-proxy-ca.crt", "front-proxy-ca", "front-proxy-ca", []string{"front-proxy-ca"}},
		{"apiserver.crt", "kube-apiserver", "kubernetes", []string{node, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + domain, "10.96.0.1", address}},
		{"etcd/server.crt", node, "etcd-ca", []string{node, "localhost", address, "127.0.0.1", "::1"}},
		{"etcd/peer.crt", node, "etcd-ca", []string{node, "localhost", address, "127.0.0.1", "::1"}},
		{"apiserver-kubelet-client.crt", "kube-apiserver-kubelet-client", "kubernetes", nil},
		{"apiserver-etcd-client.crt", "kube-apiserver-etcd-client", "etcd-ca", nil},
		{"front-proxy-client.crt", "front-proxy-client", "front-proxy-ca", nil},
	} {
		block, _ := pem.Decode(d.read(t, c.file))
		require.NotNil(t, block, c.file)
		cert, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err, c.file)
		got := slices.Clone(cert.DNSNames)
		for _, ip := range cert.IPAddresses {
			got = append(got, ip.String())
		}
		assert.Equal(t, c.name, cert.Subject.CommonName, c.file)
		assert.Equal(t, c.issuer, cert.Issuer.CommonName, c.file)
		assert.ElementsMatch(t, c.names, got, c.file)
	}
}

// manifests checks the static pods' images and flags.
func (d dryRun) manifests(t *testing.T, b kubeadmcfg.Bundle) {
	address, c := b.Init.LocalAPIEndpoint.AdvertiseAddress, b.Cluster
	for name, want := range map[string][]string{
		"kube-apiserver":          {"--advertise-address=" + address, "--secure-port=6443", "--service-cluster-ip-range=" + c.Networking.ServiceSubnet, "--etcd-servers=https://127.0.0.1:2379"},
		"kube-controller-manager": {"--cluster-cidr=" + c.Networking.PodSubnet, "--service-cluster-ip-range=" + c.Networking.ServiceSubnet, "--allocate-node-cidrs=true", "--cluster-name=" + c.ClusterName},
		"kube-scheduler":          {"--leader-elect=true"},
		"etcd":                    {"--data-dir=" + c.Etcd.Local.DataDir, "--name=node", "--advertise-client-urls=https://" + address + ":2379"},
	} {
		var pod corev1.Pod
		require.NoError(t, yaml.UnmarshalStrict(d.read(t, name+".yaml"), &pod), name)
		require.Len(t, pod.Spec.Containers, 1, name)
		container := pod.Spec.Containers[0]
		assert.Equal(t, name, container.Command[0])
		assert.Subset(t, container.Command, want, name)
		image := c.ImageRepository + "/" + name + ":"
		if name != "etcd" {
			image += c.KubernetesVersion
		}
		assert.True(t, strings.HasPrefix(container.Image, image), "%s is not %s", container.Image, image)
	}
	kubeletServer := c.ControlPlaneEndpoint
	if v, err := kubeadmcfg.ParseVersion(c.KubernetesVersion); assert.NoError(t, err) && v.KubeletLocalMode() == kubeadmcfg.StageLocked {
		kubeletServer = address + ":6443" // a control plane's kubelet talks to the apiserver beside it
	}
	assert.Contains(t, string(d.read(t, "kubelet.conf")), "server: https://"+kubeletServer)
	assert.Contains(t, string(d.read(t, "admin.conf")), "server: https://"+c.ControlPlaneEndpoint)
	var kubelet kubeletv1beta1.KubeletConfiguration
	require.NoError(t, yaml.Unmarshal(d.read(t, "config.yaml"), &kubelet))
	assert.Equal(t, b.Kubelet.CgroupDriver, kubelet.CgroupDriver)
}

// objects checks what would be written into the cluster.
func (d dryRun) objects(t *testing.T, b kubeadmcfg.Bundle) {
	var kubeadm, kubelet, proxy, token bool
	for text := range strings.SplitSeq(d.output, "\n[") {
		_, text, ok := strings.Cut(text, "ttached object:\n")
		if !ok {
			continue
		}
		var object unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(text, "\n\t", "\n")[1:]), &object.Object); err != nil || object.Object == nil {
			continue // a patch
		}
		data, _, _ := unstructured.NestedStringMap(object.Object, "data")
		switch name := object.GetName(); {
		case name == "kubeadm-config" && object.GetKind() == "ConfigMap":
			kubeadm = true
			have, err := kubeadmcfg.Parse([]byte(data["ClusterConfiguration"]))
			require.NoError(t, err)
			assert.Equal(t, b.Cluster.ControlPlaneEndpoint, have.Cluster.ControlPlaneEndpoint)
			assert.Equal(t, b.Cluster.Networking, have.Cluster.Networking)
			assert.Equal(t, b.Cluster.KubernetesVersion, have.Cluster.KubernetesVersion)
			assert.Equal(t, b.Cluster.ImageRepository, have.Cluster.ImageRepository)
			assert.Equal(t, b.Cluster.Etcd.Local.DataDir, have.Cluster.Etcd.Local.DataDir)
		case strings.HasPrefix(name, "kubelet-config") && object.GetKind() == "ConfigMap":
			kubelet = true
			var have kubeletv1beta1.KubeletConfiguration
			require.NoError(t, yaml.Unmarshal([]byte(data["kubelet"]), &have))
			assert.Equal(t, b.Kubelet.CgroupDriver, have.CgroupDriver)
		case name == "kube-proxy" && object.GetKind() == "ConfigMap":
			proxy = true
			var have proxyv1alpha1.KubeProxyConfiguration
			require.NoError(t, yaml.Unmarshal([]byte(data["config.conf"]), &have))
			assert.Equal(t, b.KubeProxy.Mode, have.Mode)
			assert.Equal(t, b.Cluster.Networking.PodSubnet, have.ClusterCIDR)
			assert.True(t, bytes.Contains([]byte(data["kubeconfig.conf"]), []byte("https://"+b.Cluster.ControlPlaneEndpoint)))
		case strings.HasPrefix(name, "bootstrap-token-") && object.GetKind() == "Secret":
			id, ok := kubeadmcfg.TokenID(b.Init.BootstrapTokens[0].Token)
			require.True(t, ok)
			token = token || name == "bootstrap-token-"+id
		}
	}
	assert.True(t, kubeadm && kubelet && proxy && token, "kubeadm-config %t, kubelet-config %t, kube-proxy %t, token %t", kubeadm, kubelet, proxy, token)
}
