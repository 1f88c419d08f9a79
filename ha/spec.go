package ha

import (
	"net/netip"
	"strconv"

	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// Spec is the desired state of one cluster: what a cluster file says. Its zero value is not valid
// (a cluster has a name, a version, an endpoint and hosts); New fills the defaults that the fields
// name and reports everything that is wrong at once.
type Spec struct {
	// Name names the cluster: an RFC 1123 label. It is kubeadm's clusterName.
	Name string `json:"name"`
	// KubernetesVersion is the release to run, with its patch number: "v1.37.2". Oldest 1.22.
	KubernetesVersion string `json:"kubernetesVersion"`
	// Endpoint is where every client finds the API.
	Endpoint Endpoint `json:"endpoint"`
	// LoadBalancer says what answers at the endpoint. The default is nginx on every host.
	LoadBalancer LoadBalancer `json:"loadBalancer,omitzero"`
	// Hosts are all hosts of the cluster. Control planes join in this order; the first of them is initialised.
	Hosts []Host `json:"hosts"`
	// SSHDefaults holds for every host that does not say otherwise.
	SSHDefaults SSH `json:"sshDefaults,omitzero"`
	// Networking holds the cluster's address ranges.
	Networking Networking `json:"networking,omitzero"`
	// ImageRepository is where the control plane's images come from; default: kubeadm's own ("registry.k8s.io").
	ImageRepository string `json:"imageRepository,omitempty"`
	// Runtime is the container runtime on the hosts.
	Runtime Runtime `json:"runtime,omitzero"`
	// Packages says who installs kubeadm, kubelet, kubectl, the balancer and the runtime.
	Packages Packages `json:"packages,omitzero"`
	// CNI is the network plugin.
	CNI CNI `json:"cni,omitzero"`
	// KubeProxy is a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1); nil leaves it to kubeadm.
	KubeProxy *proxyv1alpha1.KubeProxyConfiguration `json:"kubeProxy,omitempty"`
	// Kubelet is a KubeletConfiguration (kubelet.config.k8s.io/v1beta1) for all hosts; nil leaves it to kubeadm.
	Kubelet *kubeletv1beta1.KubeletConfiguration `json:"kubelet,omitempty"`
	// Kubeadm is whatever else kubeadm's ClusterConfiguration offers.
	Kubeadm Kubeadm `json:"kubeadm,omitzero"`
	// Acknowledge names risks that are taken knowingly; without it they are errors.
	Acknowledge []Risk `json:"acknowledge,omitempty"`
}

// Risk is a choice that is refused unless the Spec acknowledges it.
type Risk string

const (
	// EvenControlPlanes is an even number of stacked etcd members: it tolerates no more
	// failures than one member fewer would, and offers one more host that can fail.
	EvenControlPlanes Risk = "EvenControlPlanes"
	// EndpointOnControlPlane is an endpoint at the address of one control plane: when that host
	// is gone, so is the API for every kubelet, although the others still serve it.
	EndpointOnControlPlane Risk = "EndpointOnControlPlane"
)

// Endpoint is the address that kubeconfigs hold (kubeadm's controlPlaneEndpoint).
type Endpoint struct {
	// Host is a DNS name or an address. With placement Local it is a name that every host
	// resolves, through /etc/hosts, to its own balancer.
	Host string `json:"host"`
	// Port defaults to 16443. It differs from the apiservers' 6443, which kube-apiserver takes
	// on every address of a control plane.
	Port int `json:"port,omitempty"`
}

// String is host:port, an IPv6 address in brackets.
func (e Endpoint) String() string { return joinHostPort(e.Host, e.Port) }

// Placement says where the balancer in front of the apiservers runs.
type Placement string

const (
	// PlacementLocal runs it on every host, listening on loopback only. No host is a single point
	// of failure and nothing is sent out to come back in (cloud balancers drop such hairpins).
	PlacementLocal Placement = "Local"
	// PlacementDedicated runs it on the hosts with role LoadBalancer.
	PlacementDedicated Placement = "Dedicated"
	// PlacementExternal leaves it to somebody else: the endpoint must reach the first control plane before init
	// (Kubernetes 1.36 and older), and every control plane afterwards.
	PlacementExternal Placement = "External"
)

// Engine is the program that balances.
type Engine string

const (
	// EngineNginx is nginx's stream module with passive checks. It does not notice an apiserver that
	// accepts connections and never answers.
	EngineNginx Engine = "nginx"
	// EngineHAProxy is HAProxy, which asks every apiserver for /readyz over TLS with the cluster's CA. It leaves out one that
	// does not answer and one that is back but not ready, at the price of a TLS handshake for each check
	// (lbconfig.HAProxyCheckInterval).
	EngineHAProxy Engine = "haproxy"
)

// LoadBalancer says where the balancer runs and what it is.
type LoadBalancer struct {
	// Placement defaults to Local.
	Placement Placement `json:"placement,omitempty"`
	// Engine defaults to nginx.
	Engine Engine `json:"engine,omitempty"`
}

// Role is what a host is for.
type Role string

const (
	// RoleControlPlane is a host with an apiserver, a controller manager, a scheduler and a stacked etcd member.
	RoleControlPlane Role = "ControlPlane"
	// RoleWorker is a host that only runs pods.
	RoleWorker Role = "Worker"
	// RoleLoadBalancer is a host outside the cluster that balances (placement Dedicated).
	RoleLoadBalancer Role = "LoadBalancer"
)

// Host is one machine.
type Host struct {
	// Name is the node's name and becomes the host name: an RFC 1123 label.
	Name string `json:"name"`
	// Address is the address at which the other hosts reach it: the node's internal address.
	Address string `json:"address"`
	// Role defaults to Worker.
	Role Role `json:"role,omitempty"`
	// SSH says how the host is logged in to, where it differs from SSHDefaults.
	SSH SSH `json:"ssh,omitzero"`
}

// SSH says how to log in to a host. Empty fields are taken from the Spec's SSHDefaults and then
// from the user's own ssh configuration file. The host's key must be in a known_hosts file: there is no way round it.
type SSH struct {
	// Address is where to connect to, when it is not the host's address.
	Address string `json:"address,omitempty"`
	// User is the login; one that is not root needs sudo.
	User string `json:"user,omitempty"`
	// Port defaults to 22.
	Port int `json:"port,omitempty"`
	// IdentityFile is a private key. The agent at SSH_AUTH_SOCK is asked as well.
	IdentityFile string `json:"identityFile,omitempty"`
	// PassphraseFile holds the passphrase of the identity file.
	PassphraseFile string `json:"passphraseFile,omitempty"`
	// KnownHostsFile holds the hosts' public keys; default ~/.ssh/known_hosts.
	KnownHostsFile string `json:"knownHostsFile,omitempty"`
	// ConfigFile is an OpenSSH client configuration; default ~/.ssh/config. "none" reads none.
	ConfigFile string `json:"configFile,omitempty"`
	// ProxyJump is a list of hosts to go through, as OpenSSH writes it: "user@bastion:22,inner".
	ProxyJump string `json:"proxyJump,omitempty"`
	// SudoPasswordFile holds the password that sudo asks for; without it sudo must not ask.
	SudoPasswordFile string `json:"sudoPasswordFile,omitempty"`
}

// Networking holds the cluster's ranges. Two, separated by a comma, make it dual-stack.
type Networking struct {
	// PodSubnet is the pods' range; default 10.244.0.0/16.
	PodSubnet string `json:"podSubnet,omitempty"`
	// ServiceSubnet is the services' range; default 10.96.0.0/12.
	ServiceSubnet string `json:"serviceSubnet,omitempty"`
	// DNSDomain is the services' domain; default cluster.local.
	DNSDomain string `json:"dnsDomain,omitempty"`
}

// Runtime is a container runtime.
type Runtime struct {
	// Kind is "containerd", the default.
	Kind string `json:"kind,omitempty"`
}

// Packages says who installs software on the hosts.
type Packages struct {
	// Manage true has the library install it; false (the default) expects it to be there.
	Manage bool `json:"manage,omitempty"`
}

// CNI is the network plugin that makes nodes Ready.
type CNI struct {
	// Manifest is a path, relative to the cluster file, or an https URL. Empty: none is installed,
	// nodes stay NotReady until somebody does, and that is not waited for.
	Manifest string `json:"manifest,omitempty"`
}

// Kubeadm is what is passed on to kubeadm as it stands.
type Kubeadm struct {
	// IgnorePreflightErrors names preflight checks whose failure is a warning.
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitempty"`
	// ClusterConfiguration fields: apiServer, controllerManager, scheduler, etcd, dns, proxy,
	// featureGates, certificatesDir... What the Spec itself says (version, endpoint, networking, image repository,
	// name) is refused here.
	kubeadmcfg.ClusterConfiguration `json:",inline"`
}

const (
	defaultEndpointPort  = 16443
	apiServerPort        = 6443
	defaultPodSubnet     = "10.244.0.0/16"
	defaultServiceSubnet = "10.96.0.0/12"
	defaultDNSDomain     = "cluster.local"
	defaultEtcdDataDir   = "/var/lib/etcd"
	containerd           = "containerd"
)

// withDefaults returns s with every default filled in.
func (s Spec) withDefaults() Spec {
	setDefault(&s.Endpoint.Port, defaultEndpointPort)
	setDefault(&s.LoadBalancer.Placement, PlacementLocal)
	setDefault(&s.LoadBalancer.Engine, EngineNginx)
	setDefault(&s.Networking.PodSubnet, defaultPodSubnet)
	setDefault(&s.Networking.ServiceSubnet, defaultServiceSubnet)
	setDefault(&s.Networking.DNSDomain, defaultDNSDomain)
	setDefault(&s.Runtime.Kind, containerd)
	hosts := make([]Host, len(s.Hosts))
	for i, h := range s.Hosts {
		setDefault(&h.Role, RoleWorker)
		h.SSH = h.SSH.withDefaults(s.SSHDefaults)
		hosts[i] = h
	}
	s.Hosts = hosts
	return s
}

func (c SSH) withDefaults(d SSH) SSH {
	setDefault(&c.User, d.User)
	setDefault(&c.Port, d.Port)
	setDefault(&c.IdentityFile, d.IdentityFile)
	setDefault(&c.PassphraseFile, d.PassphraseFile)
	setDefault(&c.KnownHostsFile, d.KnownHostsFile)
	setDefault(&c.ConfigFile, d.ConfigFile)
	setDefault(&c.ProxyJump, d.ProxyJump)
	setDefault(&c.SudoPasswordFile, d.SudoPasswordFile)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// host returns the host called name.
func (s Spec) host(name string) (Host, bool) {
	for _, h := range s.Hosts {
		if h.Name == name {
			return h, true
		}
	}
	return Host{}, false
}

// byRole returns the hosts of a role, in the Spec's order.
func (s Spec) byRole(role Role) []Host {
	var hosts []Host
	for _, h := range s.Hosts {
		if h.Role == role {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// nodes returns the hosts that are nodes of the cluster.
func (s Spec) nodes() []Host {
	var hosts []Host
	for _, h := range s.Hosts {
		if h.Role != RoleLoadBalancer {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// acknowledges says whether a risk is taken knowingly.
func (s Spec) acknowledges(r Risk) bool {
	for _, a := range s.Acknowledge {
		if a == r {
			return true
		}
	}
	return false
}

// etcdDataDir is where stacked etcd members keep their data.
func (s Spec) etcdDataDir() string {
	if l := s.Kubeadm.Etcd.Local; l != nil && l.DataDir != "" {
		return l.DataDir
	}
	return defaultEtcdDataDir
}

func joinHostPort(host string, port int) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
