package kubeadmcfg

import (
	"cmp"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	netutils "k8s.io/utils/net"
)

// oldSchedulers are the IPVS schedulers that kube-proxy took before 1.27.
var oldSchedulers = []string{"", "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq"}

// proxy checks what kube-proxy's own Validate does after its defaulting.
func (c *checker) proxy(k *proxyv1alpha1.KubeProxyConfiguration) {
	const at = kindKubeProxy
	c.gates(k.FeatureGates, at+".featureGates")
	c.proxyMode(k, at)
	c.proxyPeriods(k, at)
	c.bit(k.IPTables.MasqueradeBit, at+".iptables.masqueradeBit")
	if k.Mode == "nftables" {
		c.bit(k.NFTables.MasqueradeBit, at+".nftables.masqueradeBit")
	}
	if k.Mode == "ipvs" {
		c.ipvs(k.IPVS, at+".ipvs")
	}
	c.conntrack(k.Conntrack, at+".conntrack")
	c.want(k.ConfigSyncPeriod.Duration >= 0, at+".configSyncPeriod", CodeInvalid, "%s is negative", k.ConfigSyncPeriod.Duration)
	if a := k.OOMScoreAdj; a != nil {
		c.want(*a >= -1000 && *a <= 1000, at+".oomScoreAdj", CodeInvalid, "%d is not within ±1000", *a)
	}
	c.want(k.ClientConnection.Burst >= 0, at+".clientConnection.burst", CodeInvalid, "%d is negative", k.ClientConnection.Burst)
	c.want(k.BindAddress == "" || netutils.ParseIPSloppy(k.BindAddress) != nil, at+".bindAddress", CodeInvalid, "%q is no IP address", k.BindAddress)
	c.ipPort(k.HealthzBindAddress, at+".healthzBindAddress")
	c.ipPort(k.MetricsBindAddress, at+".metricsBindAddress")
	if s := k.ShowHiddenMetricsForVersion; s != "" {
		previous := fmt.Sprintf("%d.%d", c.version.Major, c.version.Minor-1)
		c.want(s == previous, at+".showHiddenMetricsForVersion", CodeInvalid, "%q is not %s, the only one that can be", s, previous)
	}
	c.proxyLocal(k, at)
	c.nodePorts(k.NodePortAddresses, at+".nodePortAddresses")
	if c.version.AtLeast(detectLocalModeMinor) {
		c.logging(k, at+".logging")
	}
}

func (c *checker) proxyMode(k *proxyv1alpha1.KubeProxyConfiguration, at string) {
	at += ".mode"
	switch ipvs := c.version.IPVS(); k.Mode {
	case "", "iptables":
	case "nftables":
		c.want(c.version.AtLeast(nftablesMinor), at, CodeVersion, "nftables needs Kubernetes 1.%d", nftablesMinor)
		if c.version.componentGate("NFTablesProxyMode") != gateGone && c.version.AtLeast(nftablesMinor) && !c.version.AtLeast(nftablesGAMinor) {
			c.want(c.version.gateIn(k.FeatureGates, "NFTablesProxyMode"), at, CodeConflict, "nftables needs the feature gate NFTablesProxyMode before Kubernetes 1.%d", nftablesGAMinor)
		}
	case "ipvs":
		switch {
		case !ipvs.Available:
			c.add(at, CodeVersion, "ipvs is gone since Kubernetes 1.%d", ipvsGoneMinor)
		case ipvs.Gate && !c.version.gateIn(k.FeatureGates, "KubeProxyIPVS"):
			c.add(at, CodeConflict, "ipvs needs the feature gate KubeProxyIPVS, which is off")
		}
	case "userspace":
		c.want(!c.version.AtLeast(userspaceGoneMinor), at, CodeVersion, "userspace is gone since Kubernetes 1.%d", userspaceGoneMinor)
	default:
		c.add(at, CodeInvalid, "%q is none of iptables, nftables, ipvs", k.Mode)
	}
}

// proxyPeriods checks how often rules are synced: up to 1.30 those of iptables always, and those of
// the mode that is set; from 1.31 those of the mode that is set alone. 0 is set to a default, but
// for the least of ipvs.
func (c *checker) proxyPeriods(k *proxyv1alpha1.KubeProxyConfiguration, at string) {
	one := c.version.AtLeast(proxySyncMinor)
	if k.Mode == "ipvs" {
		c.periods(k.IPVS.SyncPeriod, k.IPVS.MinSyncPeriod, 0, at+".ipvs")
	}
	if k.Mode == "nftables" {
		c.periods(k.NFTables.SyncPeriod, k.NFTables.MinSyncPeriod, time.Second, at+".nftables")
	}
	if !one || k.Mode != "ipvs" && k.Mode != "nftables" {
		c.periods(k.IPTables.SyncPeriod, k.IPTables.MinSyncPeriod, time.Second, at+".iptables")
	}
}

// periods checks that syncing happens, and not more often than at least so long apart.
func (c *checker) periods(sync, least metav1.Duration, byDefault time.Duration, at string) {
	every, apart := cmp.Or(sync.Duration, 30*time.Second), cmp.Or(least.Duration, byDefault)
	c.want(every > 0, at+".syncPeriod", CodeInvalid, "%s is negative", every)
	c.want(apart >= 0, at+".minSyncPeriod", CodeInvalid, "%s is negative", apart)
	c.want(every >= apart, at+".syncPeriod", CodeConflict, "is less than minSyncPeriod")
}

func (c *checker) ipvs(i proxyv1alpha1.KubeProxyIPVSConfiguration, at string) {
	for name, d := range map[string]metav1.Duration{"tcpTimeout": i.TCPTimeout, "tcpFinTimeout": i.TCPFinTimeout, "udpTimeout": i.UDPTimeout} {
		c.want(d.Duration >= 0, at+"."+name, CodeInvalid, "%s is negative", d.Duration)
	}
	for n, s := range i.ExcludeCIDRs {
		c.want(isCIDR(s), fmt.Sprintf("%s.excludeCIDRs[%d]", at, n), CodeInvalid, "%q is no CIDR", s)
	}
	c.want(c.version.AtLeast(schedulerFreeMinor) || slices.Contains(oldSchedulers, i.Scheduler), at+".scheduler", CodeInvalid, "%q is no scheduler", i.Scheduler)
}

func (c *checker) conntrack(k proxyv1alpha1.KubeProxyConntrackConfiguration, at string) {
	for name, n := range map[string]*int32{"maxPerCore": k.MaxPerCore, "min": k.Min} {
		c.want(n == nil || *n >= 0, at+"."+name, CodeInvalid, "is negative")
	}
	for name, d := range map[string]*metav1.Duration{
		"tcpEstablishedTimeout": k.TCPEstablishedTimeout, "tcpCloseWaitTimeout": k.TCPCloseWaitTimeout,
		"udpTimeout": &k.UDPTimeout, "udpStreamTimeout": &k.UDPStreamTimeout,
	} {
		c.want(d == nil || d.Duration >= 0, at+"."+name, CodeInvalid, "is negative")
	}
}

// ipPort takes IP:port, and an IP address, which kube-proxy puts its own port behind.
func (c *checker) ipPort(s, at string) {
	if s == "" || netutils.ParseIPSloppy(s) != nil {
		return
	}
	host, port, err := net.SplitHostPort(s)
	n, atoiErr := strconv.Atoi(port)
	c.want(err == nil && netutils.ParseIPSloppy(host) != nil && atoiErr == nil && n >= 1 && n <= 65535, at, CodeInvalid, "%q is not IP:port", s)
}

// proxyLocal checks how traffic of pods is told from other traffic.
func (c *checker) proxyLocal(k *proxyv1alpha1.KubeProxyConfiguration, at string) {
	sync := c.version.AtLeast(proxySyncMinor)
	if !sync {
		_, err := utilnet.ParsePortRange(k.PortRange)
		c.want(err == nil, at+".portRange", CodeInvalid, "%q is no range of ports", k.PortRange)
	}
	if k.ClusterCIDR != "" && (!sync || k.DetectLocalMode == "" || k.DetectLocalMode == "ClusterCIDR") {
		c.want(validProxyCIDRs(k.ClusterCIDR), at+".clusterCIDR", CodeInvalid, "%q is neither one CIDR nor one of each family", k.ClusterCIDR)
	}
	if c.version.AtLeast(detectLocalModeMinor) {
		known := []proxyv1alpha1.LocalMode{"", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"}
		c.want(slices.Contains(known, k.DetectLocalMode), at+".detectLocalMode", CodeInvalid, "%q is no mode", k.DetectLocalMode)
	}
	if c.version.AtLeast(detectLocalMinor) {
		c.want(k.DetectLocalMode != "BridgeInterface" || k.DetectLocal.BridgeInterface != "", at+".detectLocal.bridgeInterface", CodeRequired, "detectLocalMode needs it")
		c.want(k.DetectLocalMode != "InterfaceNamePrefix" || k.DetectLocal.InterfaceNamePrefix != "", at+".detectLocal.interfaceNamePrefix", CodeRequired, "detectLocalMode needs it")
	}
}

// validProxyCIDRs takes one CIDR, or two of different families.
func validProxyCIDRs(s string) bool {
	list := splitComma(s)
	switch len(list) {
	case 1:
		return isCIDR(s)
	case 2:
		dual, err := netutils.IsDualStackCIDRStrings(list)
		return err == nil && dual
	default:
		return false
	}
}

// nodePorts checks the addresses that node ports are served at: CIDRs, and from 1.31 the word
// primary alone, from 1.37 also localhost and all, each once.
func (c *checker) nodePorts(list []string, at string) {
	seen := map[string]bool{}
	for i, s := range list {
		at := fmt.Sprintf("%s[%d]", at, i)
		if c.version.AtLeast(nodePortKeywordsMinor) && (s == "primary" || s == "localhost" || s == "all") {
			c.want(!seen[s], at, CodeConflict, "%s is there twice", s)
			seen[s] = true
			continue
		}
		if c.version.AtLeast(proxySyncMinor) && s == "primary" {
			c.want(len(list) == 1, at, CodeConflict, "primary goes with no other")
			return
		}
		c.want(isCIDR(s), at, CodeInvalid, "%q is no CIDR", s)
	}
}

// logging checks what component-base/logs/api/v1 does.
func (c *checker) logging(k *proxyv1alpha1.KubeProxyConfiguration, at string) {
	l := k.Logging
	c.want(l.FlushFrequency.Duration.Duration >= 0 || !c.version.AtLeast(flushFrequencyMinor), at+".flushFrequency", CodeInvalid, "%s is negative", l.FlushFrequency.Duration.Duration)
	c.want(l.Verbosity <= math.MaxInt32, at+".verbosity", CodeInvalid, "%d is too large", l.Verbosity)
	switch l.Format {
	case "", "text":
	case "json":
		c.want(c.version.gateIn(k.FeatureGates, "LoggingBetaOptions"), at+".format", CodeConflict, "json needs the feature gate LoggingBetaOptions")
		c.want(len(l.VModule) == 0, at+".vmodule", CodeConflict, "goes with the format text alone")
	default:
		c.add(at+".format", CodeInvalid, "%q is neither text nor json", l.Format)
	}
	for i, m := range l.VModule {
		at := fmt.Sprintf("%s.vmodule[%d]", at, i)
		c.want(m.FilePattern != "", at+".filePattern", CodeRequired, "must be set")
		c.want(!strings.ContainsAny(m.FilePattern, "=,"), at+".filePattern", CodeInvalid, "%q has an equal sign or comma", m.FilePattern)
		c.want(m.Verbosity <= math.MaxInt32, at+".verbosity", CodeInvalid, "%d is too large", m.Verbosity)
	}
	alpha := c.version.gateIn(k.FeatureGates, "LoggingAlphaOptions")
	text, json := l.Options.Text, l.Options.JSON
	c.want(alpha || !text.SplitStream && text.InfoBufferSize.Value() == 0, at+".options.text", CodeConflict, "needs the feature gate LoggingAlphaOptions")
	c.want(alpha || !json.SplitStream && json.InfoBufferSize.Value() == 0, at+".options.json", CodeConflict, "needs the feature gate LoggingAlphaOptions")
}

func (c *checker) bit(b *int32, at string) {
	c.want(b == nil || *b >= 0 && *b <= 31, at, CodeInvalid, "is not within 0 and 31")
}

func isCIDR(s string) bool {
	_, _, err := netutils.ParseCIDRSloppy(s)
	return err == nil
}

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
