package kubeadmcfg_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

const (
	testToken = "abcdef.0123456789abcdef"
	testKey   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	testHash  = "sha256:99887766554433221100ffeeddccbbaa99887766554433221100ffeeddccbbaa"
)

// whole is a bundle with every part that all supported versions have, and nothing wrong in it.
func whole(v kubeadmcfg.Version) kubeadmcfg.Bundle {
	return kubeadmcfg.Bundle{
		Init: &kubeadmcfg.InitConfiguration{
			BootstrapTokens: []kubeadmcfg.BootstrapToken{{
				Token: testToken, TTL: &metav1.Duration{Duration: time.Hour}, Usages: []string{"signing", "authentication"},
				Groups: []string{"system:bootstrappers:kubeadm:default-node-token"},
			}},
			NodeRegistration: kubeadmcfg.NodeRegistrationOptions{
				Name: "cp1", CRISocket: v.CRISocket(kubeadmcfg.Containerd), Taints: v.ControlPlaneTaints(), ImagePullPolicy: corev1.PullIfNotPresent,
				KubeletExtraArgs: []kubeadmcfg.Arg{{Name: "node-ip", Value: "10.0.0.11"}}, IgnorePreflightErrors: []string{"Swap"},
			},
			LocalAPIEndpoint: kubeadmcfg.APIEndpoint{AdvertiseAddress: "10.0.0.11", BindPort: 6443},
			CertificateKey:   testKey,
		},
		Cluster: &kubeadmcfg.ClusterConfiguration{
			Etcd:              kubeadmcfg.Etcd{Local: &kubeadmcfg.LocalEtcd{DataDir: "/var/lib/etcd", ServerCertSANs: []string{"10.0.0.1"}}},
			Networking:        kubeadmcfg.Networking{ServiceSubnet: "10.96.0.0/12,fd00:1::/108", PodSubnet: "10.244.0.0/16,fd00:2::/56", DNSDomain: "cluster.local"},
			KubernetesVersion: v.String(), ControlPlaneEndpoint: "api.prod.internal:16443",
			APIServer:       kubeadmcfg.APIServer{CertSANs: []string{"127.0.0.1", "*.prod.internal", "fd00::1"}},
			CertificatesDir: "/etc/kubernetes/pki", ImageRepository: v.DefaultImageRepository(), ClusterName: "prod",
		},
		Join: &kubeadmcfg.JoinConfiguration{
			CACertPath: "/etc/kubernetes/pki/ca.crt",
			Discovery: kubeadmcfg.Discovery{BootstrapToken: &kubeadmcfg.BootstrapTokenDiscovery{
				Token: testToken, APIServerEndpoint: "api.prod.internal:16443", CACertHashes: []string{testHash},
			}},
			ControlPlane: &kubeadmcfg.JoinControlPlane{CertificateKey: testKey},
		},
		Kubelet: &kubeletv1beta1.KubeletConfiguration{CgroupDriver: "systemd"},
		KubeProxy: &proxyv1alpha1.KubeProxyConfiguration{Mode: "ipvs", ClusterCIDR: "10.244.0.0/16", BindAddress: "::", NodePortAddresses: []string{"10.0.0.0/8"},
			IPVS: proxyv1alpha1.KubeProxyIPVSConfiguration{Scheduler: "rr", ExcludeCIDRs: []string{"10.103.97.2/32"}}},
	}
}

func TestValidateAcceptsInEveryVersion(t *testing.T) {
	t.Parallel()
	for minor := uint(kubeadmcfg.OldestMinor); minor <= kubeadmcfg.NewestMinor; minor++ {
		v := kubeadmcfg.Version{Major: 1, Minor: minor, Patch: 3}
		assert.NoError(t, kubeadmcfg.Validate(whole(v), v), v)
		_, err := kubeadmcfg.Render(whole(v), v)
		assert.NoError(t, err, v)
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	type bundle = kubeadmcfg.Bundle
	minute := &metav1.Duration{Duration: time.Minute}
	cases := []struct {
		name   string
		minor  uint
		change func(*bundle)
		want   []string
	}{
		{"node name", 37, func(b *bundle) { b.Init.NodeRegistration.Name = "CP_1" }, []string{"InitConfiguration.nodeRegistration.name invalid"}},
		{"socket scheme", 37, func(b *bundle) { b.Init.NodeRegistration.CRISocket = "tcp://1.2.3.4" }, nil}, // kubeadm makes unix://tcp://1.2.3.4 of it
		{"socket scheme before 1.24", 23, func(b *bundle) { b.Init.NodeRegistration.CRISocket = "tcp://1.2.3.4" }, []string{"InitConfiguration.nodeRegistration.criSocket invalid"}},
		{"socket without a scheme", 37, func(b *bundle) { b.Init.NodeRegistration.CRISocket = "unixsocket" }, []string{"InitConfiguration.nodeRegistration.criSocket invalid"}},
		{"dockershim", 24, func(b *bundle) { b.Init.NodeRegistration.CRISocket = "/var/run/dockershim.sock" }, nil},
		{"dockershim in its time", 23, func(b *bundle) { b.Init.NodeRegistration.CRISocket = "/var/run/dockershim.sock" }, nil},
		{"taint", 37, func(b *bundle) { b.Init.NodeRegistration.Taints = []corev1.Taint{{Key: "a", Effect: "Never"}} }, nil},
		{"no taints", 37, func(b *bundle) { b.Init.NodeRegistration.Taints = []corev1.Taint{} }, nil},
		{"argument without a name", 37, func(b *bundle) { b.Init.NodeRegistration.KubeletExtraArgs[0].Name = "" }, []string{"InitConfiguration.nodeRegistration.kubeletExtraArgs[0].name required"}},
		{"argument with dashes", 37, func(b *bundle) { b.Cluster.Scheduler.ExtraArgs = []kubeadmcfg.Arg{{Name: "--v"}} }, nil},
		{"pull policy", 37, func(b *bundle) { b.Init.NodeRegistration.ImagePullPolicy = "Sometimes" }, []string{"InitConfiguration.nodeRegistration.imagePullPolicy invalid"}},
		{"all and one check", 37, func(b *bundle) { b.Init.NodeRegistration.IgnorePreflightErrors = []string{"Swap", "ALL"} }, nil},
		{"token", 37, func(b *bundle) { b.Init.BootstrapTokens[0].Token = "ABCDEF.0123456789abcdef" }, []string{"InitConfiguration.bootstrapTokens[0].token invalid"}},
		{"token usage", 37, func(b *bundle) { b.Init.BootstrapTokens[0].Usages = []string{"authentication", "x"} }, []string{"InitConfiguration.bootstrapTokens[0].usages[1] invalid"}},
		{"token group", 37, func(b *bundle) { b.Init.BootstrapTokens[0].Groups = []string{"admins"} }, []string{"InitConfiguration.bootstrapTokens[0].groups[0] invalid"}},
		{"groups without usage", 37, func(b *bundle) { b.Init.BootstrapTokens[0].Usages = []string{"signing"} }, []string{"InitConfiguration.bootstrapTokens[0].groups conflict"}},
		{"two ends of a token", 37, func(b *bundle) { b.Init.BootstrapTokens[0].Expires = new(metav1.Unix(1, 0)) }, []string{"InitConfiguration.bootstrapTokens[0].expires conflict"}},
		{"address", 37, func(b *bundle) { b.Init.LocalAPIEndpoint.AdvertiseAddress = "cp1" }, []string{"InitConfiguration.localAPIEndpoint.advertiseAddress invalid"}},
		{"port", 37, func(b *bundle) { b.Join.ControlPlane.LocalAPIEndpoint.BindPort = 65536 }, []string{"JoinConfiguration.controlPlane.localAPIEndpoint.bindPort invalid"}},
		{"certificate key", 37, func(b *bundle) {
			b.Init.CertificateKey = "0123"
			b.Join.ControlPlane.CertificateKey = kubeadmcfg.Secret(strings.Repeat("x", 64))
		}, []string{"InitConfiguration.certificateKey invalid", "JoinConfiguration.controlPlane.certificateKey invalid"}},
		{"reset", 37, func(b *bundle) {
			b.Reset = &kubeadmcfg.ResetConfiguration{CertificatesDir: "pki", CRISocket: "unix", UnmountFlags: []kubeadmcfg.UnmountFlag{kubeadmcfg.UnmountForce, "MNT"}}
		}, []string{"ResetConfiguration.criSocket invalid", "ResetConfiguration.certificatesDir invalid", "ResetConfiguration.unmountFlags[1] invalid"}},
		{"upgrade", 37, func(b *bundle) {
			b.Upgrade = &kubeadmcfg.UpgradeConfiguration{}
			b.Upgrade.Apply.Patches, b.Upgrade.Apply.ImagePullPolicy = &kubeadmcfg.Patches{Directory: "patches"}, "Sometimes"
			b.Upgrade.Node.Patches, b.Upgrade.Node.ImagePullPolicy = &kubeadmcfg.Patches{Directory: "/patches"}, corev1.PullNever
		}, []string{"UpgradeConfiguration.apply.patches.directory invalid", "UpgradeConfiguration.apply.imagePullPolicy invalid"}},
		{"reset before v1beta4", 30, func(b *bundle) { b.Reset = &kubeadmcfg.ResetConfiguration{Force: true} }, []string{"ResetConfiguration version"}},
		{"plan with etcd", 32, func(b *bundle) {
			b.Upgrade = &kubeadmcfg.UpgradeConfiguration{Plan: kubeadmcfg.UpgradePlan{EtcdUpgrade: new(true)}}
		}, []string{"UpgradeConfiguration.plan.etcdUpgrade version"}},
		{"DNS domain", 37, func(b *bundle) { b.Cluster.Networking.DNSDomain = "a_b" }, []string{"ClusterConfiguration.networking.dnsDomain invalid"}},
		{"subnet", 37, func(b *bundle) { b.Cluster.Networking.ServiceSubnet = "10.96.0.0" }, []string{"ClusterConfiguration.networking.serviceSubnet invalid"}},
		{"two subnets of one family", 37, func(b *bundle) { b.Cluster.Networking.PodSubnet = "10.1.0.0/16,10.2.0.0/16" }, []string{"ClusterConfiguration.networking.podSubnet invalid"}},
		{"small service subnet", 37, func(b *bundle) { b.Cluster.Networking.ServiceSubnet = "10.96.0.0/29" }, []string{"ClusterConfiguration.networking.serviceSubnet invalid"}},
		{"large service subnet", 37, func(b *bundle) {
			b.Cluster.Networking.ServiceSubnet = "10.0.0.0/11"
			b.Cluster.Networking.PodSubnet = ""
		}, []string{"ClusterConfiguration.networking.serviceSubnet invalid"}},
		{"pods smaller than a node", 37, func(b *bundle) { b.Cluster.Networking.PodSubnet = "10.244.0.0/25" }, []string{"ClusterConfiguration.networking.podSubnet invalid"}},
		{"pods much larger than a node", 37, func(b *bundle) { b.Cluster.Networking.PodSubnet = "fd00:2::/47" }, []string{"ClusterConfiguration.networking.podSubnet invalid"}},
		{"node mask", 37, func(b *bundle) {
			b.Cluster.ControllerManager.ExtraArgs = []kubeadmcfg.Arg{{Name: "node-cidr-mask-size-ipv4", Value: "15"}}
		}, []string{"ClusterConfiguration.networking.podSubnet invalid"}},
		{"node mask unused", 37, func(b *bundle) {
			b.Cluster.Networking.PodSubnet = "10.244.0.0/25"
			b.Cluster.ControllerManager.ExtraArgs = []kubeadmcfg.Arg{{Name: "allocate-node-cidrs", Value: "false"}}
		}, nil},
		{"overlap", 37, func(b *bundle) { b.Cluster.Networking.PodSubnet = "10.100.0.0/16" }, nil},
		{"version", 37, func(b *bundle) { b.Cluster.KubernetesVersion = "1.37" }, []string{"ClusterConfiguration.kubernetesVersion invalid"}},
		{"newer version", 36, func(b *bundle) { b.Cluster.KubernetesVersion = "v1.37.0" }, nil},
		{"version before", 36, func(b *bundle) { b.Cluster.KubernetesVersion = "v1.35.0" }, nil},
		{"version two before", 36, func(b *bundle) { b.Cluster.KubernetesVersion = "v1.34.0" }, []string{"ClusterConfiguration.kubernetesVersion version"}},
		{"version label", 36, func(b *bundle) { b.Cluster.KubernetesVersion = "stable-1.36" }, nil},
		{"endpoint", 37, func(b *bundle) { b.Cluster.ControlPlaneEndpoint = "https://a" }, []string{"ClusterConfiguration.controlPlaneEndpoint invalid"}},
		{"endpoint port", 37, func(b *bundle) { b.Cluster.ControlPlaneEndpoint = "a:70000" }, []string{"ClusterConfiguration.controlPlaneEndpoint invalid"}},
		{"names in certificates", 37, func(b *bundle) { b.Cluster.APIServer.CertSANs = []string{"a", "b/c"} }, []string{"ClusterConfiguration.apiServer.certSANs[1] invalid"}},
		{"directory", 37, func(b *bundle) { b.Cluster.CertificatesDir = "pki" }, []string{"ClusterConfiguration.certificatesDir invalid"}},
		{"repository", 37, func(b *bundle) { b.Cluster.ImageRepository = "reg.io/UPPER" }, []string{"ClusterConfiguration.imageRepository invalid"}},
		{"repository with a port", 37, func(b *bundle) { b.Cluster.ImageRepository = "Reg.local:5000/a/b_c" }, nil},
		{"gate gone", 36, func(b *bundle) { b.Cluster.FeatureGates = map[string]bool{"ControlPlaneKubeletLocalMode": true} }, []string{"ClusterConfiguration.featureGates.ControlPlaneKubeletLocalMode version"}},
		{"gate there", 35, func(b *bundle) { b.Cluster.FeatureGates = map[string]bool{"ControlPlaneKubeletLocalMode": true} }, nil},
		{"unknown gate", 37, func(b *bundle) {
			b.Cluster.FeatureGates = map[string]bool{"B": true, "A": true, "RootlessControlPlane": true}
		}, []string{"ClusterConfiguration.featureGates.A invalid", "ClusterConfiguration.featureGates.B invalid"}},
		{"algorithm", 37, func(b *bundle) { b.Cluster.EncryptionAlgorithm = "DSA" }, []string{"ClusterConfiguration.encryptionAlgorithm invalid"}},
		{"two etcds", 37, func(b *bundle) {
			b.Cluster.Etcd.External = &kubeadmcfg.ExternalEtcd{Endpoints: []string{"http://a:2379"}}
		}, []string{"ClusterConfiguration.etcd conflict"}},
		{"external etcd", 37, func(b *bundle) {
			b.Cluster.Etcd = kubeadmcfg.Etcd{External: &kubeadmcfg.ExternalEtcd{Endpoints: []string{"http://a:2379", "a"}, CertFile: "c"}}
		}, []string{
			"ClusterConfiguration.etcd.external.endpoints[0] invalid", "ClusterConfiguration.etcd.external.endpoints[1] invalid",
			"ClusterConfiguration.etcd.external conflict", "ClusterConfiguration.etcd.external.certFile invalid",
		}},
		{"external etcd without endpoints or CA", 37, func(b *bundle) {
			b.Cluster.Etcd = kubeadmcfg.Etcd{External: &kubeadmcfg.ExternalEtcd{CertFile: "/c", KeyFile: "/k"}}
		}, []string{"ClusterConfiguration.etcd.external.endpoints required", "ClusterConfiguration.etcd.external.caFile required"}},
		{"no discovery", 37, func(b *bundle) { b.Join.Discovery = kubeadmcfg.Discovery{} }, []string{"JoinConfiguration.discovery required"}},
		{"two discoveries", 37, func(b *bundle) { b.Join.Discovery.File = &kubeadmcfg.FileDiscovery{KubeConfigPath: "/x"} }, []string{"JoinConfiguration.discovery conflict"}},
		{"discovery file", 37, func(b *bundle) {
			b.Join.Discovery = kubeadmcfg.Discovery{File: &kubeadmcfg.FileDiscovery{KubeConfigPath: "http://x"}, TLSBootstrapToken: "x"}
		}, []string{"JoinConfiguration.discovery.file.kubeConfigPath invalid", "JoinConfiguration.discovery.tlsBootstrapToken invalid"}},
		{"discovery endpoint", 37, func(b *bundle) { b.Join.Discovery.BootstrapToken.APIServerEndpoint = "a" }, []string{"JoinConfiguration.discovery.bootstrapToken.apiServerEndpoint invalid"}},
		{"no discovery endpoint", 37, func(b *bundle) { b.Join.Discovery.BootstrapToken.APIServerEndpoint = "" }, []string{"JoinConfiguration.discovery.bootstrapToken.apiServerEndpoint required"}},
		{"no pin", 37, func(b *bundle) { b.Join.Discovery.BootstrapToken.CACertHashes = nil }, []string{"JoinConfiguration.discovery.bootstrapToken.caCertHashes required"}},
		{"no pin on purpose", 37, func(b *bundle) {
			b.Join.Discovery.BootstrapToken.CACertHashes = nil
			b.Join.Discovery.BootstrapToken.UnsafeSkipCAVerification = true
		}, nil},
		{"pin", 37, func(b *bundle) { b.Join.Discovery.BootstrapToken.CACertHashes = []string{"md5:00"} }, nil},
		{"CA path", 37, func(b *bundle) { b.Join.CACertPath = "/etc/ca.pem" }, []string{"JoinConfiguration.caCertPath invalid"}},
		{"not in that version", 30, func(b *bundle) { b.Init.Timeouts = &kubeadmcfg.Timeouts{TLSBootstrap: minute} }, []string{"InitConfiguration.timeouts.tlsBootstrap version"}},
		{"proxy mode", 37, func(b *bundle) { b.KubeProxy.Mode = "ebpf" }, []string{"KubeProxyConfiguration.mode invalid"}},
		{"nftables too early", 28, func(b *bundle) { b.KubeProxy.Mode = "nftables" }, []string{"KubeProxyConfiguration.mode version"}},
		{"userspace too late", 26, func(b *bundle) { b.KubeProxy.Mode = "userspace" }, []string{"KubeProxyConfiguration.mode version"}},
		{"ipvs and its gate off", 37, func(b *bundle) { b.KubeProxy.FeatureGates = map[string]bool{"KubeProxyIPVS": false} }, []string{"KubeProxyConfiguration.mode conflict"}},
		{"ipvs gate too early", 36, func(b *bundle) { b.KubeProxy.FeatureGates = map[string]bool{"KubeProxyIPVS": true} }, []string{"KubeProxyConfiguration.featureGates.KubeProxyIPVS version"}},
		{"old scheduler", 26, func(b *bundle) { b.KubeProxy.IPVS.Scheduler = "mh" }, []string{"KubeProxyConfiguration.ipvs.scheduler invalid"}},
		{"new scheduler", 27, func(b *bundle) { b.KubeProxy.IPVS.Scheduler = "mh" }, nil},
		{"proxy numbers", 37, func(b *bundle) {
			b.KubeProxy.IPTables.MasqueradeBit = new(int32(32))
			b.KubeProxy.IPVS.SyncPeriod.Duration, b.KubeProxy.IPVS.MinSyncPeriod.Duration = time.Second, time.Minute
			b.KubeProxy.IPVS.TCPTimeout.Duration = -1
			b.KubeProxy.IPVS.ExcludeCIDRs = []string{"x"}
			b.KubeProxy.OOMScoreAdj = new(int32(-1001))
			b.KubeProxy.BindAddress, b.KubeProxy.ClusterCIDR, b.KubeProxy.NodePortAddresses = "x", "x", []string{"primary", "x"}
		}, []string{
			"KubeProxyConfiguration.ipvs.syncPeriod conflict", "KubeProxyConfiguration.iptables.masqueradeBit invalid", "KubeProxyConfiguration.ipvs.tcpTimeout invalid",
			"KubeProxyConfiguration.ipvs.excludeCIDRs[0] invalid", "KubeProxyConfiguration.oomScoreAdj invalid", "KubeProxyConfiguration.bindAddress invalid",
			"KubeProxyConfiguration.clusterCIDR invalid", "KubeProxyConfiguration.nodePortAddresses[1] invalid",
		}},
		{"nothing", 37, func(b *bundle) { *b = bundle{} }, []string{" required"}},
		{"version out of range", 38, func(*bundle) {}, []string{" version"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := kubeadmcfg.Version{Major: 1, Minor: c.minor, Patch: 2}
			b := whole(v)
			c.change(&b)
			err := kubeadmcfg.Validate(b, v)
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			var invalid *kubeadmcfg.ValidationError
			require.ErrorAs(t, err, &invalid)
			var got []string
			for _, p := range invalid.Problems {
				got = append(got, p.Path+" "+p.Code)
			}
			assert.Equal(t, c.want, got, "%v", err)
		})
	}
}

func TestValidateOfTheArticle(t *testing.T) {
	t.Parallel()
	assert.NoError(t, kubeadmcfg.Validate(article(t), version(t, "v1.23.4")))
	var invalid *kubeadmcfg.ValidationError
	require.ErrorAs(t, kubeadmcfg.Validate(article(t), version(t, "v1.37.2")), &invalid)
	assert.Equal(t, "kubeadmcfg: invalid configuration: ClusterConfiguration.kubernetesVersion: kubeadm v1.37.2 cannot install 1.23.4", invalid.Error())
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	v := version(t, "v1.37.2")
	b := whole(v)
	redacted, err := kubeadmcfg.RenderRedacted(b, v)
	require.NoError(t, err)
	b.Init.BootstrapTokens[0].Token += "x"
	b.Init.CertificateKey += "x"
	b.Join.Discovery.BootstrapToken.Token += "x"
	invalid := kubeadmcfg.Validate(b, v)
	require.Error(t, invalid)
	_, unparsable := kubeadmcfg.Parse([]byte("apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\ncertificateKey: [" + testKey + "]\nbootstrapTokens: [{token: {" + testKey + ": 1}}]\n"))
	require.Error(t, unparsable)
	for _, shown := range []string{
		string(redacted), invalid.Error(), unparsable.Error(),
		fmt.Sprintf("%v %+v %#v %v", b.Init, b.Init, *b.Init, b.Join.Discovery.BootstrapToken),
	} {
		assert.NotContains(t, shown, "0123456789abcdef0123456789abcdef")
		assert.NotContains(t, shown, testToken)
	}
}
