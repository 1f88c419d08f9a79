package ha

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// criSocket is where containerd serves.
const criSocket = "unix:///run/containerd/containerd.sock"

// tokenTTL is how long a join token lives, should nobody revoke it: longer than a join can take at worst.
const tokenTTL = 2 * time.Hour

// clusterConfiguration is the part of kubeadm's configuration that all control planes share.
func (s Spec) clusterConfiguration() *kubeadmcfg.ClusterConfiguration {
	c := s.Kubeadm.ClusterConfiguration
	c.ClusterName = s.Name
	c.KubernetesVersion = s.KubernetesVersion
	c.ControlPlaneEndpoint = s.Endpoint.String()
	c.ImageRepository = s.ImageRepository
	c.Networking = kubeadmcfg.Networking{
		PodSubnet:     s.Networking.PodSubnet,
		ServiceSubnet: s.Networking.ServiceSubnet,
		DNSDomain:     s.Networking.DNSDomain,
	}
	// kubeadm adds the endpoint and each control plane's own name and address. With a balancer on
	// every host people reach the API by loopback names too.
	sans := c.APIServer.CertSANs[:len(c.APIServer.CertSANs):len(c.APIServer.CertSANs)]
	switch s.LoadBalancer.Placement {
	case PlacementLocal:
		sans = append(sans, "localhost", "127.0.0.1")
	case PlacementDedicated:
		for _, h := range s.byRole(RoleLoadBalancer) {
			sans = append(sans, h.Name, h.Address)
		}
	}
	c.APIServer.CertSANs = sans
	return &c
}

// nodeRegistration is how a host becomes a Node: under its name in the Spec and at its address there, whatever
// other interfaces it has.
func (s Spec) nodeRegistration(h Host) kubeadmcfg.NodeRegistrationOptions {
	return kubeadmcfg.NodeRegistrationOptions{
		Name:                  h.Name,
		CRISocket:             criSocket,
		KubeletExtraArgs:      []kubeadmcfg.Arg{{Name: "node-ip", Value: h.Address}},
		IgnorePreflightErrors: s.Kubeadm.IgnorePreflightErrors,
	}
}

// localEndpoint is where a control plane's own apiserver is.
func (s Spec) localEndpoint(h Host) kubeadmcfg.APIEndpoint {
	return kubeadmcfg.APIEndpoint{AdvertiseAddress: h.Address, BindPort: int32(s.apiServerPort())}
}

// initBundle is the configuration of kubeadm init on h, with our own token and certificate key: kubeadm's output
// need not be read for them.
func (s Spec) initBundle(h Host, token, certificateKey kubeadmcfg.Secret) kubeadmcfg.Bundle {
	return kubeadmcfg.Bundle{
		Init: &kubeadmcfg.InitConfiguration{
			BootstrapTokens: []kubeadmcfg.BootstrapToken{{
				Token: token, Description: tokenDescription, TTL: &metav1.Duration{Duration: tokenTTL},
				Usages: []string{"signing", "authentication"}, Groups: []string{tokenGroup},
			}},
			NodeRegistration: s.nodeRegistration(h),
			LocalAPIEndpoint: s.localEndpoint(h),
			CertificateKey:   certificateKey,
			// What it would print is a join command with a token in it.
			SkipPhases: []string{"show-join-command"},
		},
		Cluster:   s.clusterConfiguration(),
		Kubelet:   s.Kubelet,
		KubeProxy: s.KubeProxy,
	}
}

// joinBundle is the configuration of kubeadm join on h. The cluster's CA is pinned by its hash.
func (s Spec) joinBundle(h Host, c credentials) kubeadmcfg.Bundle {
	join := &kubeadmcfg.JoinConfiguration{
		NodeRegistration: s.nodeRegistration(h),
		Discovery: kubeadmcfg.Discovery{BootstrapToken: &kubeadmcfg.BootstrapTokenDiscovery{
			Token: c.token, APIServerEndpoint: s.Endpoint.String(), CACertHashes: []string{c.caHash},
		}},
	}
	if h.Role == RoleControlPlane {
		join.ControlPlane = &kubeadmcfg.JoinControlPlane{LocalAPIEndpoint: s.localEndpoint(h), CertificateKey: c.key}
	}
	return kubeadmcfg.Bundle{Join: join}
}

// previewSecret stands for a secret that is made when the step runs.
const previewSecret = kubeadmcfg.Secret("[redacted]")

// previewCredentials are what a Plan shows of a join.
var previewCredentials = credentials{token: previewSecret, key: previewSecret, caHash: "sha256:(of the cluster's CA)"}

// preview renders a bundle for a Plan.
func preview(bundle kubeadmcfg.Bundle, v kubeadmcfg.Version) string {
	text, err := kubeadmcfg.RenderRedacted(bundle, v)
	if err != nil {
		return "# " + err.Error() + "\n"
	}
	return string(text)
}
