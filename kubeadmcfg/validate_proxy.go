package kubeadmcfg

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
)

// oldSchedulers are the IPVS schedulers that kube-proxy took before 1.27.
var oldSchedulers = []string{"", "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq"}

func (c *checker) proxy(k *proxyv1alpha1.KubeProxyConfiguration) {
	const at = kindKubeProxy
	c.proxyMode(k, at)
	c.bit(k.IPTables.MasqueradeBit, at+".iptables.masqueradeBit")
	c.bit(k.NFTables.MasqueradeBit, at+".nftables.masqueradeBit")
	c.periods(k.IPTables.SyncPeriod, k.IPTables.MinSyncPeriod, at+".iptables")
	c.periods(k.NFTables.SyncPeriod, k.NFTables.MinSyncPeriod, at+".nftables")
	c.periods(k.IPVS.SyncPeriod, k.IPVS.MinSyncPeriod, at+".ipvs")
	for _, t := range []struct {
		name string
		d    time.Duration
	}{
		{"ipvs.tcpTimeout", k.IPVS.TCPTimeout.Duration}, {"ipvs.tcpFinTimeout", k.IPVS.TCPFinTimeout.Duration}, {"ipvs.udpTimeout", k.IPVS.UDPTimeout.Duration},
		{"conntrack.udpTimeout", k.Conntrack.UDPTimeout.Duration}, {"conntrack.udpStreamTimeout", k.Conntrack.UDPStreamTimeout.Duration},
		{"configSyncPeriod", k.ConfigSyncPeriod.Duration},
	} {
		c.want(t.d >= 0, at+"."+t.name, CodeInvalid, "%s is negative", t.d)
	}
	for i, s := range k.IPVS.ExcludeCIDRs {
		_, err := netip.ParsePrefix(s)
		c.want(err == nil, fmt.Sprintf("%s.ipvs.excludeCIDRs[%d]", at, i), CodeInvalid, "%q is no CIDR", s)
	}
	c.want(c.version.AtLeast(schedulerFreeMinor) || slices.Contains(oldSchedulers, k.IPVS.Scheduler), at+".ipvs.scheduler", CodeInvalid,
		"%q is no scheduler", k.IPVS.Scheduler)
	if a := k.OOMScoreAdj; a != nil {
		c.want(*a >= -1000 && *a <= 1000, at+".oomScoreAdj", CodeInvalid, "%d is not within ±1000", *a)
	}
	if k.BindAddress != "" {
		_, err := netip.ParseAddr(k.BindAddress)
		c.want(err == nil, at+".bindAddress", CodeInvalid, "%q is no IP address", k.BindAddress)
	}
	c.subnets(k.ClusterCIDR, 1, at+".clusterCIDR")
	for i, s := range k.NodePortAddresses {
		_, err := netip.ParsePrefix(s)
		c.want(err == nil || s == "primary" || s == "localhost" || s == "all", fmt.Sprintf("%s.nodePortAddresses[%d]", at, i), CodeInvalid, "%q is no CIDR", s)
	}
}

func (c *checker) proxyMode(k *proxyv1alpha1.KubeProxyConfiguration, at string) {
	at += ".mode"
	switch ipvs := c.version.IPVS(); k.Mode {
	case "", "iptables":
	case "nftables":
		c.want(c.version.AtLeast(nftablesMinor), at, CodeVersion, "nftables needs Kubernetes 1.%d", nftablesMinor)
	case "ipvs":
		gate := k.FeatureGates["KubeProxyIPVS"]
		_, set := k.FeatureGates["KubeProxyIPVS"]
		switch {
		case !ipvs.Available:
			c.add(at, CodeVersion, "ipvs is gone since Kubernetes 1.%d", ipvsGoneMinor)
		case ipvs.NeedsGate && !gate:
			c.add(at, CodeVersion, "ipvs needs the feature gate KubeProxyIPVS since Kubernetes 1.%d", ipvsOffMinor)
		case ipvs.Gate && set && !gate:
			c.add(at, CodeConflict, "ipvs, and the feature gate KubeProxyIPVS is off")
		}
	case "userspace":
		c.want(!c.version.AtLeast(userspaceGoneMinor), at, CodeVersion, "userspace is gone since Kubernetes 1.%d", userspaceGoneMinor)
	default:
		c.add(at, CodeInvalid, "%q is none of iptables, nftables, ipvs", k.Mode)
	}
	if _, set := k.FeatureGates["KubeProxyIPVS"]; set && !c.version.IPVS().Gate {
		c.add(kindKubeProxy+".featureGates.KubeProxyIPVS", CodeVersion, "the gate is there from Kubernetes 1.%d to 1.%d", ipvsGateMinor, ipvsGoneMinor-1)
	}
}

func (c *checker) bit(b *int32, at string) {
	c.want(b == nil || *b >= 0 && *b <= 31, at, CodeInvalid, "is not within 0 and 31")
}

// periods checks that syncing happens, and not more often than at least so long apart.
func (c *checker) periods(sync, least metav1.Duration, at string) {
	c.want(sync.Duration >= 0, at+".syncPeriod", CodeInvalid, "%s is negative", sync.Duration)
	c.want(least.Duration >= 0, at+".minSyncPeriod", CodeInvalid, "%s is negative", least.Duration)
	c.want(sync.Duration == 0 || sync.Duration >= least.Duration, at+".syncPeriod", CodeConflict, "is less than minSyncPeriod")
}

// hostBits returns how many bits of p's addresses are free.
func hostBits(p netip.Prefix) int { return p.Addr().BitLen() - p.Bits() }

func splitComma(s string) []string { return strings.Split(s, ",") }

// lastArg returns the value of the argument that wins, the last of its name.
func lastArg(args []Arg, name string) string {
	for _, a := range slices.Backward(args) {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}
