package kubeadmcfg

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// Environment is what Lint knows beside the configuration. Its zero value is "nothing is known",
// and what is not known is not judged.
type Environment struct {
	// Hosts are the machines of the cluster.
	Hosts []HostFacts
	// Balancer is what stands before the apiservers; nil: nothing is known of one.
	Balancer *BalancerFacts
	// NetworkPlugin is what gives pods their network.
	NetworkPlugin NetworkPlugin
}

// HostFacts is what is known of one host. A field with its zero value is not known.
type HostFacts struct {
	// Name of its Node.
	Name string
	// Addresses at which others reach it.
	Addresses []netip.Addr
	// ControlPlane says that it is one, or is to be one.
	ControlPlane bool
	// Kernel is its release, as uname -r says it: 6.1.0-38-amd64.
	Kernel string
	// Modules are the kernel modules that are loaded or built in. Nil: not known.
	Modules []string
	// LoadModules are those that are asked for, by modprobe or in /etc/modules-load.d.
	LoadModules []string
	// Systemd says that its init is systemd.
	Systemd bool
	// CgroupVersion is 1 or 2.
	CgroupVersion int
	// RuntimeCgroupDriver is the container runtime's: systemd or cgroupfs.
	RuntimeCgroupDriver string
	// CopiedFiles are the files that were brought to it for a join, below /etc/kubernetes, such as
	// pki/ca.crt. Nil: not known; empty: none.
	CopiedFiles []string
	// SELinux is enforcing, permissive or disabled.
	SELinux string
	// FirewallOff says that the host's firewall was turned off.
	FirewallOff bool
	// UnsignedRepositories are package repositories whose signatures are not checked.
	UnsignedRepositories []string
	// Swap says that swap is in use.
	Swap bool
}

// BalancerFacts is what is known of the load balancer before the apiservers.
type BalancerFacts struct {
	// Hosts are the names of the hosts that it runs on. One is a single point of failure.
	Hosts []string
	// Listen is where it takes connections.
	Listen []netip.AddrPort
	// Backends are the apiservers that it leads to.
	Backends []netip.AddrPort
	// Names are further names and addresses that clients reach it by, beside the endpoint's.
	Names []string
	// VirtualIPs are the addresses of an IPVS service that it is, if it is one.
	VirtualIPs []netip.Addr
	// ActiveChecks says that it asks the apiservers for /readyz itself.
	ActiveChecks bool
}

// NetworkPlugin is what gives pods their network.
type NetworkPlugin struct {
	// Source is the path or URL of its manifest.
	Source string
	// PodCIDRs are the networks that it gives to pods.
	PodCIDRs []netip.Prefix
}

// controlPlanes returns the hosts that are one.
func (e Environment) controlPlanes() []HostFacts {
	return slices.DeleteFunc(slices.Clone(e.Hosts), func(h HostFacts) bool { return !h.ControlPlane })
}

// is says whether name is the host's, or one of its addresses.
func (h HostFacts) is(name string) bool {
	addr, err := netip.ParseAddr(name)
	return name != "" && h.Name == name || err == nil && slices.Contains(h.Addresses, addr)
}

// splitEndpoint returns the host of a controlPlaneEndpoint, and its port, 6443 when it has none.
func splitEndpoint(endpoint string) (host string, port uint16) {
	host, text, err := net.SplitHostPort(endpoint)
	if err != nil {
		return endpoint, defaultBindPort
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return host, 0
	}
	return host, uint16(n)
}

// defaultBindPort is where an apiserver listens (cmd/kubeadm/app/constants, KubeAPIServerPort).
const defaultBindPort = 6443
