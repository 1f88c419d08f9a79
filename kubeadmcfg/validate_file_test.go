package kubeadmcfg_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// Each case is a minimal file in which this package and real kubeadms of these minors once differed;
// lab/oracle/kubeadm asks the real ones.
func TestValidateFileSaysWhatKubeadmDoes(t *testing.T) {
	t.Parallel()
	const (
		init3    = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n"
		init4    = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n"
		cluster3 = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n"
		cluster4 = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n"
		upgrade  = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: UpgradeConfiguration\n"
		kubelet  = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
		proxy    = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
	)
	for _, c := range []struct {
		name, file       string
		accepts, refuses []uint
	}{
		{"api", init3, []uint{22, 30, 36}, []uint{37}},
		{"newer api", init4, []uint{31, 37}, []uint{22, 30}},
		{"both apis", init3 + "---\n" + cluster4, []uint{31, 36}, []uint{30, 37}},
		{"empty token", init4 + "bootstrapTokens: [{token: \"\"}]\n", nil, []uint{37}},
		{"token that expires", init4 + "bootstrapTokens: [{token: abcdef.0123456789abcdef, expires: \"2030-01-01T00:00:00Z\"}]\n", nil, []uint{31, 37}},
		{"token to sign alone", init4 + "bootstrapTokens: [{token: abcdef.0123456789abcdef, usages: [signing]}]\n", nil, []uint{37}},
		{"name in capitals", init4 + "nodeRegistration: {name: CP1}\n", []uint{37}, nil},
		{"certificate key", init3 + "certificateKey: abc\n", []uint{22, 28}, []uint{29, 36}},
		{"pull policy", init3 + "nodeRegistration: {imagePullPolicy: Sometimes}\n", []uint{29}, []uint{30}},
		{"argument without a name", cluster3 + "scheduler: {extraArgs: {\"\": x}}\n", []uint{28}, []uint{29}},
		{"image repository", cluster3 + "imageRepository: a//b\n", []uint{25}, []uint{26}},
		{"external etcd without endpoints", cluster4 + "etcd: {external: {}}\n", []uint{31, 34}, []uint{35, 37}},
		{"field of 1.35 that is null", cluster4 + "etcd: {external: {endpoints: [\"https://a\"], httpEndpoints: null}}\n", []uint{35}, []uint{34}},
		{"environment of 1.34", cluster4 + "scheduler: {extraEnvs: [{name: A, valueFrom: {fileKeyRef: {key: a, path: b, volumeName: c}}}]}\n", []uint{34}, []uint{33}},
		{"number in the place of a field", cluster4 + "scheduler: {extraEnvs: [{name: A, valueFrom: {fileKeyRef: {5: x}}}]}\n", nil, []uint{37}},
		{"gate of kubeadm", cluster3 + "featureGates: {UnversionedKubeletConfigMap: true}\n", []uint{23, 25}, []uint{22, 26}},
		{"one family", cluster3 + "featureGates: {IPv6DualStack: false}\nnetworking: {podSubnet: \"10.0.0.0/16,fd00::/56\"}\n", []uint{23}, []uint{22, 24}},
		{"address with zeros", init4 + "localAPIEndpoint: {advertiseAddress: 010.0.0.1}\n", []uint{37}, nil},
		{"pre-release of the oldest", cluster4 + "kubernetesVersion: v1.36.0-rc.0\n", []uint{36}, []uint{37}},
		{"bare version", cluster4 + "kubernetesVersion: 1.37.2\n", []uint{37}, nil},
		{"upgrade without a directory", upgrade + "apply: {patches: {}}\n", nil, []uint{37}},

		{"merge", cluster4 + "<<: {clusterName: a}\n", []uint{37}, nil},
		{"binary", cluster4 + "clusterName: !!binary aGk=\n", []uint{37}, nil},
		{"tag that lies", cluster4 + "etcd: !!null x\n", nil, []uint{37}},
		{"comment alone", cluster4 + "---\n# x\n", nil, []uint{37}},
		{"comment behind the dashes", init4 + "--- # x\n" + cluster4, []uint{37}, nil},
		{"value behind the dashes", init4 + "--- {}\n", nil, []uint{37}},
		{"two lines of dashes", "---\n---\n" + init4, nil, []uint{37}},
		{"after the end", init4 + "...\nfoo: bar\n", []uint{37}, nil},
		{"number in another form", kubelet + "maxOpenFiles: 1e3\n", []uint{37}, nil},
		{"number that is too large", proxy + "clientConnection: {qps: 1e40}\n", nil, []uint{37}},
		{"duration that is null", kubelet + "syncFrequency: null\n", nil, []uint{23, 37}},
		{"kind that is passed over", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: CredentialProviderConfig\n", []uint{24, 37}, []uint{23}},

		{"field of the kubelet", kubelet + "failCgroupV1: false\n", []uint{37}, []uint{23, 30}},
		{"field that is null", kubelet + "failCgroupV1: null\n", []uint{37}, []uint{23}},
		{"gates of the kubelet", kubelet + "featureGates: {Foo: true}\n", []uint{31}, []uint{32, 37}},
		{"frequency as text", kubelet + "logging: {flushFrequency: 5s}\n", []uint{28}, []uint{27}},
		{"field that is gone", proxy + "udpIdleTimeout: 1s\n", []uint{22, 23}, []uint{37}},
		{"field that is gone, of another type", proxy + "udpIdleTimeout: x\n", nil, []uint{23}},
		{"field that is gone, out of range", proxy + "udpIdleTimeout: -1s\n", nil, []uint{23}},
		{"gate of the proxy that is unknown", proxy + "featureGates: {Foo: true}\n", nil, []uint{22, 37}},
		{"ipvs without its gate", proxy + "mode: ipvs\nfeatureGates: {KubeProxyIPVS: false}\n", nil, []uint{36, 37}},
		{"nftables without its gate", proxy + "mode: nftables\n", []uint{31, 33}, []uint{29, 30}},
		{"periods of another mode", proxy + "mode: ipvs\niptables: {syncPeriod: -1s}\n", []uint{31}, []uint{30}},
		{"primary and others", proxy + "nodePortAddresses: [primary, 10.0.0.0/8]\n", []uint{37}, []uint{30, 36}},
		{"frequency below 0", proxy + "logging: {flushFrequency: -1}\n", []uint{28, 34}, []uint{35}},
		{"negative burst", proxy + "clientConnection: {burst: -1}\n", nil, []uint{23, 37}},
		{"metrics address", proxy + "metricsBindAddress: localhost:1\n", nil, []uint{37}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, minor := range c.accepts {
				assert.NoError(t, kubeadmcfg.ValidateFile([]byte(c.file), kubeadmcfg.Version{Major: 1, Minor: minor, Patch: 4}), "1.%d", minor)
			}
			for _, minor := range c.refuses {
				assert.Error(t, kubeadmcfg.ValidateFile([]byte(c.file), kubeadmcfg.Version{Major: 1, Minor: minor, Patch: 4}), "1.%d", minor)
			}
		})
	}
}

func TestValidateFileNamesFieldsOfOtherVersions(t *testing.T) {
	t.Parallel()
	err := kubeadmcfg.ValidateFile([]byte("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nlogging: {options: {text: null}}\nfailCgroupV1: false\n"), kubeadmcfg.Version{Major: 1, Minor: 23})
	var invalid *kubeadmcfg.ValidationError
	require.ErrorAs(t, err, &invalid)
	assert.Contains(t, err.Error(), "KubeletConfiguration.logging.options.text: needs Kubernetes 1.")
	assert.Contains(t, err.Error(), "KubeletConfiguration.failCgroupV1: needs Kubernetes 1.31")
}

func ExampleValidateFile() {
	file := []byte("apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\ndns: {disabled: true}\nfeatureGates: {EtcdLearnerMode: true}\n")
	for _, minor := range []uint{32, 37} {
		err := kubeadmcfg.ValidateFile(file, kubeadmcfg.Version{Major: 1, Minor: minor, Patch: 2})
		var invalid *kubeadmcfg.ValidationError
		if errors.As(err, &invalid) {
			fmt.Println(minor, invalid.Problems[0])
			continue
		}
		fmt.Println(minor, err)
	}
	// Output:
	// 32 <nil>
	// 37 ClusterConfiguration.featureGates.EtcdLearnerMode: the gate is gone since Kubernetes 1.33
}
