package ha

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Spec){
		"three control planes and a worker": func(*Spec) {},
		"one control plane alone":           func(s *Spec) { s.Hosts = s.Hosts[:1] },
		"the oldest version":                func(s *Spec) { s.KubernetesVersion = fmt.Sprintf("v1.%d.0", kubeadmcfg.OldestMinor) },
		"the newest version":                func(s *Spec) { s.KubernetesVersion = fmt.Sprintf("1.%d.0", kubeadmcfg.NewestMinor) },
		"even control planes, acknowledged": func(s *Spec) {
			s.Hosts = s.Hosts[:2]
			s.Acknowledge = []Risk{EvenControlPlanes}
		},
		"the endpoint on a control plane, acknowledged": func(s *Spec) {
			s.Endpoint.Host = "10.0.0.11"
			s.Acknowledge = []Risk{EndpointOnControlPlane}
		},
		"dual-stack": func(s *Spec) {
			s.Networking = Networking{PodSubnet: "10.244.0.0/16,fd00:10:244::/56", ServiceSubnet: "10.96.0.0/12,fd00:10:96::/112"}
		},
		"IPv6 hosts":                    func(s *Spec) { s.Hosts = []Host{{Name: "cp1", Address: "fd00:1::1", Role: RoleControlPlane}} },
		"ipvs where the version has it": func(s *Spec) { s.KubeProxy = proxyMode("ipvs") },
		"an endpoint elsewhere, External": func(s *Spec) {
			s.LoadBalancer.Placement = PlacementExternal
			s.Endpoint = Endpoint{Host: "192.0.2.5", Port: 6443}
		},
		"dedicated balancers": func(s *Spec) {
			s.LoadBalancer.Placement = PlacementDedicated
			s.Hosts = append(s.Hosts, Host{Name: "lb1", Address: "10.0.0.31", Role: RoleLoadBalancer})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := validSpec()
			change(&s)
			require.NoError(t, s.Validate())
			_, err := New(s, unreachable)
			require.NoError(t, err)
		})
	}
}

func proxyMode(mode proxyv1alpha1.ProxyMode) *proxyv1alpha1.KubeProxyConfiguration {
	return &proxyv1alpha1.KubeProxyConfiguration{Mode: mode}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		change     func(*Spec)
		code, path string
		says       string // what the message has to tell the reader
	}{
		{"no name", func(s *Spec) { s.Name = "" }, "Name", "name", "RFC 1123"},
		{"a name with an underscore", func(s *Spec) { s.Name = "my_prod" }, "Name", "name", `"my_prod"`},
		{"no version", func(s *Spec) { s.KubernetesVersion = "" }, "Version", "kubernetesVersion", "v1.37.2"},
		{"a version without its patch", func(s *Spec) { s.KubernetesVersion = "v1.37" }, "Version", "kubernetesVersion", "v1.37"},
		{"a version before 1.22", func(s *Spec) { s.KubernetesVersion = "v1.21.14" }, "Version", "kubernetesVersion", "1.21"},
		{"a version after the newest", func(s *Spec) { s.KubernetesVersion = fmt.Sprintf("v1.%d.0", kubeadmcfg.NewestMinor+1) }, "Version", "kubernetesVersion", "1."},
		{"no endpoint", func(s *Spec) { s.Endpoint = Endpoint{} }, "Endpoint", "endpoint.host", "missing"},
		{"an endpoint that is no name", func(s *Spec) { s.Endpoint.Host = "api prod" }, "Endpoint", "endpoint.host", "api prod"},
		{"an address as the endpoint, with placement Local", func(s *Spec) { s.Endpoint.Host = "192.0.2.5" }, "Endpoint", "endpoint.host", "placement Local"},
		{"an endpoint's port out of range", func(s *Spec) { s.Endpoint.Port = 70000 }, "Port", "endpoint.port", "70000"},
		{"the endpoint on one master, by address", func(s *Spec) { s.Endpoint.Host = "10.0.0.12" }, "EndpointOnControlPlane", "endpoint.host", "cp2"},
		{"the endpoint on one master, by name", func(s *Spec) { s.Endpoint.Host = "cp2" }, "EndpointOnControlPlane", "endpoint.host", "cp2"},
		{"the balancer on the apiservers' port", func(s *Spec) { s.Endpoint.Port = 6443 }, "PortClash", "endpoint.port", "6443"},
		{"no hosts", func(s *Spec) { s.Hosts = nil }, "NoControlPlane", "hosts", "ControlPlane"},
		{"workers only", func(s *Spec) { s.Hosts = s.Hosts[3:] }, "NoControlPlane", "hosts", "ControlPlane"},
		{"an even number of control planes", func(s *Spec) { s.Hosts = s.Hosts[1:] }, "EvenControlPlanes", "hosts", "make it 1 or 3"},
		{"a host name in capitals", func(s *Spec) { s.Hosts[3].Name = "W1" }, "HostName", "hosts[3].name", `"W1"`},
		{"a host name with a dot", func(s *Spec) { s.Hosts[3].Name = "w1.prod" }, "HostName", "hosts[3].name", `"w1.prod"`},
		{"two hosts with one name", func(s *Spec) { s.Hosts[3].Name = "cp2" }, "DuplicateName", "hosts[3].name", "hosts[1]"},
		{"two hosts with one address", func(s *Spec) { s.Hosts[3].Address = "10.0.0.12" }, "DuplicateAddress", "hosts[3].address", "cp2"},
		{"one address written in two ways", func(s *Spec) { s.Hosts[3].Address = "::ffff:10.0.0.12" }, "DuplicateAddress", "hosts[3].address", "cp2"},
		{"a host without an address", func(s *Spec) { s.Hosts[3].Address = "" }, "HostAddress", "hosts[3].address", "IP address"},
		{"a name for an address", func(s *Spec) { s.Hosts[3].Address = "w1.internal" }, "HostAddress", "hosts[3].address", "w1.internal"},
		{"a loopback address", func(s *Spec) { s.Hosts[3].Address = "127.0.0.1" }, "HostAddress", "hosts[3].address", "127.0.0.1"},
		{"an unspecified address", func(s *Spec) { s.Hosts[3].Address = "0.0.0.0" }, "HostAddress", "hosts[3].address", "0.0.0.0"},
		{"a multicast address", func(s *Spec) { s.Hosts[3].Address = "224.0.0.1" }, "HostAddress", "hosts[3].address", "224.0.0.1"},
		{"a role that is none", func(s *Spec) { s.Hosts[3].Role = "Master" }, "Role", "hosts[3].role", `"Master"`},
		{"an ssh port out of range", func(s *Spec) { s.Hosts[3].SSH.Port = 65536 }, "Port", "hosts[3].ssh.port", "65536"},
		{"a pod range that is none", func(s *Spec) { s.Networking.PodSubnet = "10.244.0.0" }, "Subnet", "networking.podSubnet", "10.244.0.0"},
		{"a range with bits outside its mask", func(s *Spec) { s.Networking.PodSubnet = "10.244.1.0/16" }, "Subnet", "networking.podSubnet", "10.244.0.0/16"},
		{"pods and services overlap", func(s *Spec) { s.Networking.ServiceSubnet = "10.244.128.0/20" }, "Overlap", "networking.serviceSubnet", "podSubnet"},
		{"pods and services overlap in the second range", func(s *Spec) {
			s.Networking = Networking{PodSubnet: "10.244.0.0/16,fd00::/48", ServiceSubnet: "10.96.0.0/12,fd00::/112"}
		}, "Overlap", "networking.serviceSubnet", "fd00::/48"},
		{"a host in the pods' range", func(s *Spec) { s.Networking.PodSubnet = "10.0.0.16/28" }, "Overlap", "hosts[3].address", "podSubnet"},
		{"a host in the services' range", func(s *Spec) { s.Networking.ServiceSubnet = "10.0.0.16/28" }, "Overlap", "hosts[3].address", "serviceSubnet"},
		{"a DNS domain that is none", func(s *Spec) { s.Networking.DNSDomain = "cluster_local" }, "DNSDomain", "networking.dnsDomain", "cluster_local"},
		{"a placement that is none", func(s *Spec) { s.LoadBalancer.Placement = "Everywhere" }, "Placement", "loadBalancer.placement", "Everywhere"},
		{"haproxy without anonymous checks", func(s *Spec) {
			s.LoadBalancer.Engine = EngineHAProxy
			s.Kubeadm.APIServer.ExtraArgs = []kubeadmcfg.Arg{{Name: "anonymous-auth", Value: "false"}}
		}, "AnonymousAuth", "kubeadm.apiServer.extraArgs", "401"},
		{"an engine that is none", func(s *Spec) { s.LoadBalancer.Engine = "traefik" }, "Engine", "loadBalancer.engine", "traefik"},
		{"dedicated balancers and no host for them", func(s *Spec) { s.LoadBalancer.Placement = PlacementDedicated }, "NoBalancer", "loadBalancer.placement", "LoadBalancer"},
		{"a balancer host with placement Local", func(s *Spec) { s.Hosts[3].Role = RoleLoadBalancer }, "Placement", "loadBalancer.placement", "LoadBalancer"},
		{"a runtime that is none", func(s *Spec) { s.Runtime.Kind = "rkt" }, "Runtime", "runtime.kind", "rkt"},
		{"packages managed", func(s *Spec) { s.Packages.Manage = true }, "PackagesManage", "packages.manage", "not supported yet"},
		{"a risk that is none", func(s *Spec) { s.Acknowledge = []Risk{"Everything"} }, "Acknowledge", "acknowledge[0]", "Everything"},
		{"ipvs where the version has none", func(s *Spec) {
			s.KubernetesVersion, s.KubeProxy = "v1.43.0", proxyMode("ipvs")
		}, "IPVSRemoved", "kubeProxy.mode", "nftables"},
		{"kubeadm's version", func(s *Spec) { s.Kubeadm.KubernetesVersion = "v1.37.2" }, "Owned", "kubeadm.kubernetesVersion", "kubernetesVersion"},
		{"kubeadm's endpoint", func(s *Spec) { s.Kubeadm.ControlPlaneEndpoint = "x:1" }, "Owned", "kubeadm.controlPlaneEndpoint", "endpoint"},
		{"kubeadm's name", func(s *Spec) { s.Kubeadm.ClusterName = "x" }, "Owned", "kubeadm.clusterName", "name"},
		{"kubeadm's image repository", func(s *Spec) { s.Kubeadm.ImageRepository = "x" }, "Owned", "kubeadm.imageRepository", "imageRepository"},
		{"kubeadm's networking", func(s *Spec) { s.Kubeadm.Networking.DNSDomain = "x" }, "Owned", "kubeadm.networking", "networking"},
		{"external etcd", func(s *Spec) { s.Kubeadm.Etcd.External = &kubeadmcfg.ExternalEtcd{} }, "ExternalEtcd", "kubeadm.etcd.external", "stacked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := validSpec()
			tt.change(&s)
			err := s.Validate()
			var se *SpecError
			require.ErrorAs(t, err, &se)
			i := slices.IndexFunc(se.Problems, func(p Problem) bool { return p.Code == tt.code && p.Path == tt.path })
			require.GreaterOrEqual(t, i, 0, "want %s at %s, got %v", tt.code, tt.path, err)
			assert.Contains(t, se.Problems[i].Message, tt.says)
			for _, p := range se.Problems {
				assert.Contains(t, []string{tt.code, "Version"}, p.Code, "one mistake, one problem: %v", err)
			}
			_, err = New(s, unreachable)
			assert.ErrorAs(t, err, &se, "New refuses what Validate refuses")
		})
	}
}

// Each code that validation can give has a case above: a rule without one could stop working unseen.
func TestValidateReportsAllProblemsOfAnEmptySpec(t *testing.T) {
	t.Parallel()
	err := Spec{}.Validate()
	var se *SpecError
	require.ErrorAs(t, err, &se)
	var codes []string
	for _, p := range se.Problems {
		codes = append(codes, p.Code)
	}
	assert.ElementsMatch(t, []string{"Name", "Version", "NoControlPlane", "Endpoint"}, codes)
}

func TestAcknowledgedRisksAreNotOtherRisks(t *testing.T) {
	t.Parallel()
	s := validSpec()
	s.Hosts = s.Hosts[1:]
	s.Acknowledge = []Risk{EndpointOnControlPlane}
	require.Error(t, s.Validate(), "acknowledging one risk does not acknowledge another")
}

// An odd number of control planes is accepted and an even one is not, whatever it is.
func TestControlPlaneParity(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 9; n++ {
		s := validSpec()
		s.Hosts = nil
		for i := range n {
			s.Hosts = append(s.Hosts, Host{Name: fmt.Sprintf("cp%d", i), Address: fmt.Sprintf("10.0.0.%d", i+1), Role: RoleControlPlane})
		}
		assert.Equal(t, n%2 == 1, s.Validate() == nil, "%d control planes", n)
	}
}

// Defaults are complete: filling them in twice changes nothing, and what was set stays.
func TestDefaultsAreIdempotent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := validSpec()
		s.Endpoint.Port = rapid.SampledFrom([]int{0, 16443, 9443}).Draw(t, "port")
		s.SSHDefaults.User = rapid.SampledFrom([]string{"", "root", "admin"}).Draw(t, "user")
		for i := range s.Hosts {
			s.Hosts[i].SSH.User = rapid.SampledFrom([]string{"", "deploy"}).Draw(t, "host user")
		}
		once := s.withDefaults()
		assert.Equal(t, once, once.withDefaults())
		for i, h := range s.Hosts {
			want := h.SSH.User
			if want == "" {
				want = s.SSHDefaults.User
			}
			assert.Equal(t, want, once.Hosts[i].SSH.User)
		}
		assert.Empty(t, s.LoadBalancer.Placement, "the Spec that was given is not changed")
	})
}

func TestEndpointString(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "api.prod.internal:16443", Endpoint{Host: "api.prod.internal", Port: 16443}.String())
	assert.Equal(t, "10.0.0.1:6443", Endpoint{Host: "10.0.0.1", Port: 6443}.String())
	assert.Equal(t, "[fd00::1]:6443", Endpoint{Host: "fd00::1", Port: 6443}.String())
}
