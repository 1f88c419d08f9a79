package kubeadmcfg

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
)

func addrs(list ...string) []netip.Addr {
	var out []netip.Addr
	for _, s := range list {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

func addrPorts(list ...string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range list {
		out = append(out, netip.MustParseAddrPort(s))
	}
	return out
}

func planes(names ...string) []HostFacts {
	var out []HostFacts
	for i, n := range names {
		out = append(out, HostFacts{Name: n, ControlPlane: true, Addresses: addrs("10.0.0.1" + string(rune('1'+i)))})
	}
	return out
}

func withEndpoint(e string) *ClusterConfiguration {
	return &ClusterConfiguration{ControlPlaneEndpoint: e, KubernetesVersion: "v1.37.2"}
}

func ipvsProxy(edit func(*proxyv1alpha1.KubeProxyConfiguration)) *proxyv1alpha1.KubeProxyConfiguration {
	k := &proxyv1alpha1.KubeProxyConfiguration{Mode: "ipvs", IPVS: proxyv1alpha1.KubeProxyIPVSConfiguration{Scheduler: "rr", StrictARP: true}}
	if edit != nil {
		edit(k)
	}
	return k
}

// lintCase is a bundle and environment in which a code is found, or, with nothing in want, is not.
type lintCase struct {
	code  string
	minor uint // 0: 37
	b     Bundle
	e     Environment
	want  []string // "severity path", of that code alone
}

var ipvsModules = []string{"ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "nf_conntrack"}

func lintCases() []lintCase {
	init := func(i InitConfiguration) Bundle { return Bundle{Init: &i} }
	join := func(j JoinConfiguration) Bundle { return Bundle{Join: &j} }
	three := planes("cp1", "cp2", "cp3")
	balancer := func(b BalancerFacts) Environment { return Environment{Hosts: three, Balancer: &b} }
	everywhere := []string{"cp1", "cp2", "cp3"}
	hostOf := func(h HostFacts) Environment { return Environment{Hosts: []HostFacts{h}} }
	apiServer := func(name, value string) Bundle {
		return Bundle{Cluster: &ClusterConfiguration{APIServer: APIServer{ControlPlaneComponent: ControlPlaneComponent{ExtraArgs: []Arg{{name, value}}}}}}
	}
	return []lintCase{
		{code: "KC001", b: Bundle{Cluster: withEndpoint("10.0.0.12:16443")}, e: Environment{Hosts: three}, want: []string{"error ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC001", b: Bundle{Cluster: withEndpoint("cp2:16443")}, e: balancer(BalancerFacts{Hosts: []string{"cp2"}}), want: []string{"error ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC001", b: Bundle{Cluster: withEndpoint("cp1")}, e: Environment{Hosts: planes("cp1")}, want: []string{"warning ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC001", b: Bundle{Cluster: withEndpoint("api.internal:6443")}, e: balancer(BalancerFacts{Hosts: []string{"lb1"}}), want: []string{"error balancer.hosts"}},
		{code: "KC001", b: Bundle{Cluster: withEndpoint("api.internal:16443")}, e: balancer(BalancerFacts{Hosts: everywhere})},
		{code: "KC001", b: join(JoinConfiguration{Discovery: Discovery{BootstrapToken: &BootstrapTokenDiscovery{APIServerEndpoint: "10.0.0.11:16443"}}}), e: Environment{Hosts: three},
			want: []string{"error JoinConfiguration.discovery.bootstrapToken.apiServerEndpoint"}},
		{code: "KC002", e: Environment{Hosts: planes("cp1", "cp2")}, want: []string{"error hosts"}},
		{code: "KC002", e: Environment{Hosts: three}},
		{code: "KC002", b: Bundle{Cluster: &ClusterConfiguration{Etcd: Etcd{External: &ExternalEtcd{}}}}, e: Environment{Hosts: planes("cp1", "cp2")}},
		{code: "KC003", b: Bundle{Cluster: &ClusterConfiguration{}}, want: []string{"warning ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC003", b: Bundle{Cluster: &ClusterConfiguration{}}, e: Environment{Hosts: three}, want: []string{"error ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC003", b: Bundle{Cluster: withEndpoint("a")}},
		{code: "KC004", e: balancer(BalancerFacts{Hosts: everywhere, Listen: addrPorts("127.0.0.1:6443")}), want: []string{"error balancer.listen", "error balancer.listen", "error balancer.listen"}},
		{code: "KC004", b: init(InitConfiguration{LocalAPIEndpoint: APIEndpoint{BindPort: 7443}}), e: balancer(BalancerFacts{Hosts: everywhere, Listen: addrPorts("127.0.0.1:6443")})},
		{code: "KC004", e: balancer(BalancerFacts{Hosts: []string{"lb1"}, Listen: addrPorts("0.0.0.0:6443")})},
		{code: "KC005", b: Bundle{Cluster: withEndpoint("a:6443")}, e: balancer(BalancerFacts{Listen: addrPorts("127.0.0.1:16443")}), want: []string{"error ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC005", b: Bundle{Cluster: withEndpoint("a:16443")}, e: balancer(BalancerFacts{Listen: addrPorts("127.0.0.1:16443")})},
		{code: "KC006", e: balancer(BalancerFacts{Backends: addrPorts("10.0.0.11:6443", "10.0.0.12:6443", "10.0.0.19:6443")}), want: []string{"error balancer.backends", "error balancer.backends"}},
		{code: "KC006", e: balancer(BalancerFacts{Backends: addrPorts("10.0.0.11:6443", "10.0.0.12:6443", "10.0.0.13:6443")})},
		{code: "KC007", b: Bundle{Cluster: withEndpoint("api:1")}, e: balancer(BalancerFacts{Names: []string{"127.0.0.1", "api", "cp1", "kubernetes.default"}}), want: []string{"error ClusterConfiguration.apiServer.certSANs"}},
		{code: "KC007", b: Bundle{Cluster: &ClusterConfiguration{APIServer: APIServer{CertSANs: []string{"127.0.0.1"}}}}, e: balancer(BalancerFacts{Names: []string{"127.0.0.1"}})},

		{code: "KC010", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{CRISocket: "/var/run/dockershim.sock"}}), want: []string{"error InitConfiguration.nodeRegistration.criSocket"}},
		{code: "KC010", minor: 23, b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{CRISocket: "/var/run/dockershim.sock"}}), want: []string{"warning InitConfiguration.nodeRegistration.criSocket"}},
		{code: "KC010", b: join(JoinConfiguration{NodeRegistration: NodeRegistrationOptions{CRISocket: "/run/x.sock"}}), want: []string{"warning JoinConfiguration.nodeRegistration.criSocket"}},
		{code: "KC010", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{CRISocket: "tcp://10.0.0.1:1"}}), want: []string{"error InitConfiguration.nodeRegistration.criSocket"}},
		{code: "KC010", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{CRISocket: "unix:///run/containerd/containerd.sock"}})},
		{code: "KC011", e: hostOf(HostFacts{RuntimeCgroupDriver: "cgroupfs"}), want: []string{"error hosts[0].runtimeCgroupDriver"}},
		{code: "KC011", b: Bundle{Kubelet: &kubeletv1beta1.KubeletConfiguration{CgroupDriver: "cgroupfs"}}, e: hostOf(HostFacts{RuntimeCgroupDriver: "cgroupfs", Systemd: true}), want: []string{"warning KubeletConfiguration.cgroupDriver"}},
		{code: "KC011", b: Bundle{Kubelet: &kubeletv1beta1.KubeletConfiguration{CgroupDriver: "cgroupfs"}}, want: []string{"warning KubeletConfiguration.cgroupDriver"}},
		{code: "KC011", e: hostOf(HostFacts{RuntimeCgroupDriver: "systemd", Systemd: true, CgroupVersion: 2})},
		{code: "KC012", e: hostOf(HostFacts{CgroupVersion: 1}), want: []string{"error hosts[0].cgroupVersion"}},
		{code: "KC012", minor: 34, e: hostOf(HostFacts{CgroupVersion: 1})},
		{code: "KC012", b: Bundle{Kubelet: &kubeletv1beta1.KubeletConfiguration{FailCgroupV1: new(false)}}, e: hostOf(HostFacts{CgroupVersion: 1})},
		{code: "KC013", e: hostOf(HostFacts{Swap: true}), want: []string{"error hosts[0].swap"}},
		{code: "KC013", b: Bundle{Kubelet: &kubeletv1beta1.KubeletConfiguration{FailSwapOn: new(false)}}, e: hostOf(HostFacts{Swap: true})},
		{code: "KC014", e: hostOf(HostFacts{SELinux: "disabled", FirewallOff: true, UnsignedRepositories: []string{"kubernetes"}}),
			want: []string{"warning hosts[0].selinux", "warning hosts[0].firewallOff", "warning hosts[0].unsignedRepositories"}},
		{code: "KC014", e: hostOf(HostFacts{SELinux: "permissive"})},

		{code: "KC020", b: init(InitConfiguration{BootstrapTokens: []BootstrapToken{{Token: exampleToken}}}), want: []string{"error InitConfiguration.bootstrapTokens[0].token"}},
		{code: "KC020", b: join(JoinConfiguration{Discovery: Discovery{TLSBootstrapToken: exampleToken}}), want: []string{"error JoinConfiguration.discovery.tlsBootstrapToken"}},
		{code: "KC020", b: init(InitConfiguration{BootstrapTokens: []BootstrapToken{{Token: "abcdef.0123456789abcdee"}}})},
		{code: "KC021", b: init(InitConfiguration{BootstrapTokens: []BootstrapToken{{TTL: &metav1.Duration{}}}}), want: []string{"warning InitConfiguration.bootstrapTokens[0].ttl"}},
		{code: "KC021", b: init(InitConfiguration{BootstrapTokens: []BootstrapToken{{TTL: &metav1.Duration{Duration: time.Hour}}, {}}})},
		{code: "KC022", b: join(JoinConfiguration{ControlPlane: &JoinControlPlane{}}), want: []string{"error JoinConfiguration.controlPlane.certificateKey"}},
		{code: "KC022", b: join(JoinConfiguration{ControlPlane: &JoinControlPlane{}}), e: hostOf(HostFacts{ControlPlane: true, CopiedFiles: []string{"admin.conf", "pki/ca.crt"}}), want: []string{"error hosts[0].copiedFiles"}},
		{code: "KC022", b: join(JoinConfiguration{ControlPlane: &JoinControlPlane{}}), e: hostOf(HostFacts{ControlPlane: true, CopiedFiles: sharedFiles})},
		{code: "KC022", b: join(JoinConfiguration{ControlPlane: &JoinControlPlane{CertificateKey: "k"}})},
		{code: "KC023", e: hostOf(HostFacts{CopiedFiles: []string{"admin.conf", "pki/ca.crt"}}), want: []string{"info hosts[0].copiedFiles"}},
		{code: "KC023", e: hostOf(HostFacts{CopiedFiles: sharedFiles})},
		{code: "KC024", b: join(JoinConfiguration{Discovery: Discovery{BootstrapToken: &BootstrapTokenDiscovery{UnsafeSkipCAVerification: true}}}), want: []string{"warning JoinConfiguration.discovery.bootstrapToken.unsafeSkipCAVerification"}},
		{code: "KC024", b: join(JoinConfiguration{Discovery: Discovery{BootstrapToken: &BootstrapTokenDiscovery{CACertHashes: []string{"md5:1"}}}}), want: []string{"error JoinConfiguration.discovery.bootstrapToken.caCertHashes[0]"}},
		{code: "KC024", b: join(JoinConfiguration{Discovery: Discovery{BootstrapToken: &BootstrapTokenDiscovery{CACertHashes: []string{"sha256:" + strings.Repeat("ab", 32)}}}})},
		{code: "KC025", b: init(InitConfiguration{}), e: Environment{Hosts: three}, want: []string{"info InitConfiguration.certificateKey"}},
		{code: "KC025", b: init(InitConfiguration{CertificateKey: "k"}), e: Environment{Hosts: three}},

		{code: "KC026", minor: 28, b: init(InitConfiguration{CertificateKey: "k"}), want: []string{"error InitConfiguration.certificateKey"}},
		{code: "KC026", b: join(JoinConfiguration{ControlPlane: &JoinControlPlane{CertificateKey: "k"}}), want: []string{"error JoinConfiguration.controlPlane.certificateKey"}},
		{code: "KC026", b: init(InitConfiguration{CertificateKey: Secret(strings.Repeat("ab", 32))})},

		{code: "KC031", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{Name: "node"}, LocalAPIEndpoint: APIEndpoint{AdvertiseAddress: "1.2.3.4"}}),
			want: []string{"error InitConfiguration.nodeRegistration.name", "error InitConfiguration.localAPIEndpoint.advertiseAddress"}},
		{code: "KC031", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{Name: "node1"}})},
		{code: "KC032", b: Bundle{Cluster: &ClusterConfiguration{}}, want: []string{"warning ClusterConfiguration.kubernetesVersion"}},
		{code: "KC032", b: Bundle{Cluster: &ClusterConfiguration{KubernetesVersion: "stable-1"}}, want: []string{"warning ClusterConfiguration.kubernetesVersion"}},
		{code: "KC032", b: Bundle{Cluster: &ClusterConfiguration{KubernetesVersion: "v1.35.0"}}, want: []string{"error ClusterConfiguration.kubernetesVersion"}},
		{code: "KC032", b: Bundle{Cluster: &ClusterConfiguration{KubernetesVersion: "v1.36.0"}}, want: []string{"info ClusterConfiguration.kubernetesVersion"}},
		{code: "KC032", b: Bundle{Cluster: &ClusterConfiguration{KubernetesVersion: "1.37.0"}}},
		{code: "KC033", b: Bundle{Join: &JoinConfiguration{}, Kubelet: &kubeletv1beta1.KubeletConfiguration{}, Cluster: withEndpoint("a")}, want: []string{"warning ClusterConfiguration", "warning KubeletConfiguration"}},
		{code: "KC033", b: Bundle{Init: &InitConfiguration{}, Kubelet: &kubeletv1beta1.KubeletConfiguration{}}},
		{code: "KC034", minor: 24, b: Bundle{Cluster: &ClusterConfiguration{}}, want: []string{"warning ClusterConfiguration.imageRepository"}},
		{code: "KC034", b: Bundle{Cluster: &ClusterConfiguration{ImageRepository: "k8s.gcr.io/x"}}, want: []string{"warning ClusterConfiguration.imageRepository"}},
		{code: "KC034", b: Bundle{Cluster: &ClusterConfiguration{}}},
		{code: "KC035", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{Taints: []corev1.Taint{{Key: "a", Effect: "NoSchedule"}, {Key: "b", Effect: "noschedule"}}}}), want: []string{"error InitConfiguration.nodeRegistration.taints[1]"}},
		{code: "KC035", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{Taints: []corev1.Taint{}}})},
		{code: "KC036", b: apiServer("--v", "2"), want: []string{"error ClusterConfiguration.apiServer.extraArgs[0]"}},
		{code: "KC036", b: apiServer("v", "2")},
		{code: "KC037", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{IgnorePreflightErrors: []string{"All", "Swap"}}}), want: []string{"error InitConfiguration.nodeRegistration.ignorePreflightErrors"}},
		{code: "KC037", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{IgnorePreflightErrors: []string{"all"}}}), want: []string{"warning InitConfiguration.nodeRegistration.ignorePreflightErrors"}},
		{code: "KC037", b: init(InitConfiguration{NodeRegistration: NodeRegistrationOptions{IgnorePreflightErrors: []string{"Swap", "NumCPU"}}})},
		{code: "KC038", b: join(JoinConfiguration{Discovery: Discovery{BootstrapToken: &BootstrapTokenDiscovery{APIServerEndpoint: ":6443"}}}), want: []string{"error JoinConfiguration.discovery.bootstrapToken.apiServerEndpoint"}},
		{code: "KC038", b: Bundle{Cluster: withEndpoint("api:")}, want: []string{"error ClusterConfiguration.controlPlaneEndpoint"}},
		{code: "KC038", b: Bundle{Cluster: withEndpoint("api")}},

		{code: "KC040", b: Bundle{Cluster: &ClusterConfiguration{Networking: Networking{PodSubnet: "10.100.0.0/16"}}}, want: []string{"error ClusterConfiguration.networking.podSubnet"}},
		{code: "KC040", b: Bundle{Cluster: &ClusterConfiguration{Networking: Networking{PodSubnet: "10.0.0.0/24", ServiceSubnet: "10.96.0.0/12"}}}, e: Environment{Hosts: planes("cp1")}, want: []string{"error ClusterConfiguration.networking.podSubnet"}},
		{code: "KC040", b: Bundle{Cluster: &ClusterConfiguration{Networking: Networking{PodSubnet: "10.244.0.0/16,fd00::/48"}}}, e: Environment{Hosts: planes("cp1")}},
		{code: "KC041", b: Bundle{Cluster: &ClusterConfiguration{Networking: Networking{PodSubnet: "10.244.0.0/16"}}}, e: Environment{NetworkPlugin: NetworkPlugin{PodCIDRs: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}}}, want: []string{"error networkPlugin.podCIDRs[0]"}},
		{code: "KC041", b: Bundle{Cluster: &ClusterConfiguration{Networking: Networking{PodSubnet: "10.244.0.0/16"}}}, e: Environment{NetworkPlugin: NetworkPlugin{PodCIDRs: []netip.Prefix{netip.MustParsePrefix("10.244.128.0/17")}}}},
		{code: "KC042", e: Environment{NetworkPlugin: NetworkPlugin{Source: "https://docs.projectcalico.org/v3.21/manifests/calico.yaml"}}, want: []string{"error networkPlugin.source"}},
		{code: "KC042", e: Environment{NetworkPlugin: NetworkPlugin{Source: "calico.yaml"}}},

		{code: "KC050", b: Bundle{KubeProxy: ipvsProxy(nil)}, want: []string{"warning KubeProxyConfiguration.mode"}},
		{code: "KC050", minor: 34, b: Bundle{KubeProxy: ipvsProxy(nil)}},
		{code: "KC051", b: Bundle{KubeProxy: ipvsProxy(nil)}, e: hostOf(HostFacts{Modules: []string{"ip_vs"}}), want: []string{"error hosts[0].modules"}},
		{code: "KC051", minor: 23, b: Bundle{KubeProxy: ipvsProxy(nil)}, e: hostOf(HostFacts{Modules: []string{"ip_vs"}}), want: []string{"warning hosts[0].modules"}},
		{code: "KC051", b: Bundle{KubeProxy: ipvsProxy(func(k *proxyv1alpha1.KubeProxyConfiguration) { k.IPVS.Scheduler = "lc" })}, e: hostOf(HostFacts{Modules: ipvsModules}), want: []string{"error hosts[0].modules"}},
		{code: "KC051", b: Bundle{KubeProxy: ipvsProxy(nil)}, e: hostOf(HostFacts{Modules: ipvsModules})},
		{code: "KC052", e: hostOf(HostFacts{Kernel: "6.1.0-38-amd64", LoadModules: []string{"nf_conntrack_ipv4"}}), want: []string{"error hosts[0].loadModules"}},
		{code: "KC052", e: hostOf(HostFacts{Kernel: "3.10.0-1160.el7", LoadModules: []string{"nf_conntrack_ipv4"}})},
		{code: "KC053", b: Bundle{KubeProxy: ipvsProxy(nil)}, e: hostOf(HostFacts{Kernel: "3.10.0-1160.el7"}), want: []string{"warning hosts[0].kernel"}},
		{code: "KC053", b: Bundle{KubeProxy: &proxyv1alpha1.KubeProxyConfiguration{Mode: "nftables"}}, e: hostOf(HostFacts{Kernel: "5.10.0"}), want: []string{"error hosts[0].kernel"}},
		{code: "KC053", b: Bundle{KubeProxy: ipvsProxy(nil)}, e: hostOf(HostFacts{Kernel: "4.19.0"})},
		{code: "KC054", b: Bundle{KubeProxy: ipvsProxy(func(k *proxyv1alpha1.KubeProxyConfiguration) { k.IPVS.StrictARP = false })}, want: []string{"info KubeProxyConfiguration.ipvs.strictARP"}},
		{code: "KC054", b: Bundle{KubeProxy: ipvsProxy(nil)}},
		{code: "KC055", b: Bundle{KubeProxy: ipvsProxy(func(k *proxyv1alpha1.KubeProxyConfiguration) { k.IPVS.Scheduler = "" })}, want: []string{"info KubeProxyConfiguration.ipvs.scheduler"}},
		{code: "KC055", b: Bundle{KubeProxy: ipvsProxy(nil)}},
		{code: "KC056", b: Bundle{KubeProxy: ipvsProxy(nil)}, e: balancer(BalancerFacts{VirtualIPs: addrs("10.103.97.2")}), want: []string{"error KubeProxyConfiguration.ipvs.excludeCIDRs"}},
		{code: "KC056", b: Bundle{KubeProxy: ipvsProxy(func(k *proxyv1alpha1.KubeProxyConfiguration) { k.IPVS.ExcludeCIDRs = []string{"10.103.97.2/32"} })}, e: balancer(BalancerFacts{VirtualIPs: addrs("10.103.97.2")})},

		{code: "KC060", b: apiServer("goaway-chance", "0.5"), want: []string{"error ClusterConfiguration.apiServer.extraArgs"}},
		{code: "KC060", b: apiServer("goaway-chance", "0.001"), e: Environment{Hosts: planes("cp1")}, want: []string{"warning ClusterConfiguration.apiServer.extraArgs"}},
		{code: "KC060", b: apiServer("goaway-chance", "0.001"), e: Environment{Hosts: three}},
		{code: "KC061", b: apiServer("anonymous-auth", "false"), e: balancer(BalancerFacts{ActiveChecks: true}), want: []string{"error ClusterConfiguration.apiServer.extraArgs", "error balancer.activeChecks"}},
		{code: "KC061", b: apiServer("anonymous-auth", "true")},
	}
}

func TestLint(t *testing.T) {
	found, silent := map[string]bool{}, map[string]bool{}
	for _, c := range lintCases() {
		minor := c.minor
		if minor == 0 {
			minor = 37
		}
		var have []string
		for _, f := range Lint(c.b, Version{Major: 1, Minor: minor, Patch: 0}, c.e) {
			if f.Code == c.code {
				have = append(have, string(f.Severity)+" "+f.Path)
				assert.NotEmpty(t, f.Fix)
			}
		}
		assert.Equal(t, c.want, have, "%s %+v %+v", c.code, c.b, c.e)
		found[c.code] = found[c.code] || len(c.want) > 0
		silent[c.code] = silent[c.code] || len(c.want) == 0
	}
	for _, r := range lintRules() {
		assert.True(t, found[r.Code] && silent[r.Code], "%s is not shown both to speak and to keep silent", r.Code)
	}
}

func TestLintCommands(t *testing.T) {
	found := map[string]bool{}
	for _, c := range []struct {
		code     string
		commands []string
		want     []string
	}{
		{"KC080", []string{"kubectl drain n1 --delete-local-data --force"}, []string{"error commands[0]"}},
		{"KC080", []string{"kubectl drain n1 --delete-emptydir-data", "kubeadm init --upload-certs"}, nil},
		{"KC081", []string{"kubectl delete node n1"}, []string{"error commands[0]", "warning commands[0]"}},
		{"KC081", []string{"sudo kubectl delete node n1", "etcdctl member remove 1", "kubeadm reset -f"}, nil},
		{"KC082", []string{"kubeadm init --config x --upload-certs", "kubeadm join --config=x --token a"}, []string{"error commands[1]"}},
		{"KC082", []string{"kubeadm join --config=x --v=5", "kubeadm token list --config x --foo"}, nil},
		{"KC083", []string{"kubeadm join a:1 --control-plane"}, []string{"error commands[0]"}},
		{"KC083", []string{"kubeadm join a:1 --control-plane --certificate-key x"}, nil},
		{"KC084", []string{"kubeadm reset", "ipvsadm -C", "iptables -F"}, []string{"info commands[0]", "warning commands[1]", "warning commands[2]"}},
		{"KC084", []string{"ipvsadm -Ln", "kubeadm init"}, nil},
		{"KC085", []string{"ipvsadm -L", "ipvsadm"}, []string{"info commands[0]", "info commands[1]"}},
		{"KC085", []string{"ipvsadm -Ln", "ipvsadm -L -n --stats", "ipvsadm -C", "netstat"}, nil},
		{"KC086", []string{"setenforce 0", "systemctl disable --now firewalld", "yum install --nogpgcheck x"}, []string{"warning commands[0]", "warning commands[1]", "warning commands[2]"}},
		{"KC086", []string{"setenforce 1", "systemctl disable --now swap.target"}, nil},
		{"KC087", []string{"modprobe -- nf_conntrack_ipv4"}, []string{"error commands[0]"}},
		{"KC087", []string{"modprobe nf_conntrack"}, nil},
		{"KC088", []string{"kubectl apply -f https://docs.projectcalico.org/v3.21/manifests/calico.yaml"}, []string{"error commands[0]"}},
		{"KC088", []string{"kubectl apply -f calico.yaml"}, nil},
		{"KC089", []string{"kubeadm join a:1 --token " + exampleToken}, []string{"warning commands[0]", "error commands[0]"}},
		{"KC089", []string{"kubeadm join --config x", ""}, nil},
	} {
		var commands [][]string
		for _, s := range c.commands {
			commands = append(commands, strings.Fields(s))
		}
		var have []string
		for _, f := range LintCommands(commands, Version{Major: 1, Minor: 37}) {
			if f.Code == c.code {
				have = append(have, string(f.Severity)+" "+f.Path)
			}
		}
		assert.Equal(t, c.want, have, "%s %q", c.code, c.commands)
		found[c.code] = found[c.code] || len(c.want) > 0
	}
	for _, r := range commandRules() {
		assert.True(t, found[r.Code], r.Code)
	}
}

// The how-to of 2022 that the project grew from, with what its hosts and commands are: every mistake in it is found.
func TestLintOfTheArticle(t *testing.T) {
	file, err := os.ReadFile("testdata/article.yaml")
	require.NoError(t, err)
	host := func(name, address string, copied []string) HostFacts {
		return HostFacts{
			Name: name, Addresses: addrs(address), ControlPlane: true, Kernel: "3.10.0-1160.el7.x86_64", Systemd: true, CgroupVersion: 1,
			Modules: []string{"nf_conntrack_ipv4"}, LoadModules: []string{"ip_vs", "nf_conntrack_ipv4"}, RuntimeCgroupDriver: "cgroupfs",
			SELinux: "disabled", FirewallOff: true, UnsignedRepositories: []string{"kubernetes"}, CopiedFiles: copied,
		}
	}
	e := Environment{
		Hosts:         []HostFacts{host("master", "192.168.1.109", nil), host("k8s-node-217", "192.168.1.217", []string{"admin.conf", "pki/ca.crt", "pki/ca.key"})},
		Balancer:      &BalancerFacts{Hosts: []string{"master"}, Listen: addrPorts("0.0.0.0:16443"), Backends: addrPorts("192.168.1.109:6443", "192.168.1.217:6443")},
		NetworkPlugin: NetworkPlugin{Source: "https://docs.projectcalico.org/v3.21/manifests/calico.yaml", PodCIDRs: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}},
	}
	codes := func(minor uint) string {
		findings, err := LintFile(file, Version{Major: 1, Minor: minor, Patch: 4}, e)
		require.NoError(t, err)
		var out []string
		for _, f := range findings {
			if s := f.Code + " " + string(f.Severity); len(out) == 0 || out[len(out)-1] != s {
				out = append(out, s)
			}
		}
		return strings.Join(out, "\n")
	}
	assert.Equal(t, `KC001 error
KC002 error
KC010 warning
KC011 warning
KC014 warning
KC020 error
KC023 info
KC025 info
KC031 error
KC041 error
KC042 error
KC051 warning
KC053 warning
KC054 info
KC055 info`, codes(23))
	assert.Equal(t, `KC001 error
KC002 error
KC010 error
KC011 warning
KC012 error
KC014 warning
KC020 error
KC023 info
KC025 info
KC030 error
KC031 error
KC032 error
KC041 error
KC042 error
KC050 warning
KC051 error
KC053 warning
KC054 info
KC055 info`, codes(37))
}

func TestLintFileSaysWhatItCannotRead(t *testing.T) {
	_, err := LintFile([]byte("["), Version{Major: 1, Minor: 37}, Environment{})
	assert.Error(t, err)
	findings, err := LintFile([]byte("apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n"), Version{Major: 1, Minor: 33}, Environment{})
	require.NoError(t, err)
	require.Len(t, findings, 1)
	assert.Equal(t, "KC030 warning: apiVersion: kubeadm.k8s.io/v1beta3 is deprecated in Kubernetes v1.33 and is not read from 1.37 on", findings[0].String())
}

func TestLintHoldsNoSecret(t *testing.T) {
	b := Bundle{Init: &InitConfiguration{BootstrapTokens: []BootstrapToken{{Token: exampleToken}}}}
	for _, f := range Lint(b, Version{Major: 1, Minor: 37}, Environment{}) {
		assert.NotContains(t, f.String(), exampleToken)
	}
}
