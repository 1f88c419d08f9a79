package kubeadmcfg

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	apiversion "k8s.io/apimachinery/pkg/util/version"
	netutils "k8s.io/utils/net"
)

// cluster checks what ValidateClusterConfiguration does, and what is asked before it is called.
func (c *checker) cluster(k *ClusterConfiguration) {
	const at = kindCluster
	c.etcd(k.Etcd, at+".etcd")
	c.networking(k, at+".networking")
	c.kubernetesVersion(k.KubernetesVersion, at+".kubernetesVersion")
	if k.ControlPlaneEndpoint != "" {
		c.want(validHostPort(k.ControlPlaneEndpoint), at+".controlPlaneEndpoint", CodeInvalid,
			"%q is not host[:port] with an IP address or a DNS name", k.ControlPlaneEndpoint)
	}
	c.args(k.APIServer.ExtraArgs, at+".apiServer.extraArgs")
	lower := make([]string, len(k.APIServer.CertSANs)) // kubeadm does so here, and for etcd does not
	for i, s := range k.APIServer.CertSANs {
		lower[i] = strings.ToLower(s)
	}
	c.sans(lower, at+".apiServer.certSANs")
	c.args(k.ControllerManager.ExtraArgs, at+".controllerManager.extraArgs")
	c.args(k.Scheduler.ExtraArgs, at+".scheduler.extraArgs")
	c.imageRepository(k.DNS.ImageRepository, at+".dns.imageRepository")
	c.absolute(k.CertificatesDir, at+".certificatesDir")
	c.imageRepository(k.ImageRepository, at+".imageRepository")
	for _, g := range slices.Sorted(maps.Keys(k.FeatureGates)) {
		c.featureGate(g, at+".featureGates."+g)
	}
	c.want(slices.Contains([]EncryptionAlgorithm{"", EncryptionRSA2048, EncryptionRSA3072, EncryptionRSA4096, EncryptionECDSAP256, EncryptionECDSAP384}, k.EncryptionAlgorithm),
		at+".encryptionAlgorithm", CodeInvalid, "%q is no algorithm", k.EncryptionAlgorithm)
}

var (
	// exactVersion is what kubeadm takes for a version and no label (cmd/kubeadm/app/util/version.go).
	exactVersion = regexp.MustCompile(`^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-\w.+]*)?$`)
	// versionBucket is a version or label with where it is looked up.
	versionBucket = regexp.MustCompile(`^((release|ci)/)?([-\w.+]+)$`)
	// versionLabel are the names that kubeadm looks up on the internet.
	versionLabel = regexp.MustCompile(`^((latest|stable)+(-[1-9](\.[1-9](\d)?)?)?)\z`)
)

// kubernetesVersion checks that s is a version, or a label, that kubeadm can read, and no older than
// the checker's kubeadm installs: the minor before its own. That it is not newer is asked by a
// preflight check alone.
func (c *checker) kubernetesVersion(s, at string) {
	if s == "" {
		return
	}
	m := versionBucket.FindStringSubmatch(s)
	switch {
	case m == nil && !exactVersion.MatchString(s):
		c.add(at, CodeInvalid, "%q is not of the form v1.37.2", s)
		return
	case m != nil:
		s = m[3]
	}
	if versionLabel.MatchString(s) {
		return
	}
	v, err := apiversion.ParseSemantic(s)
	if !exactVersion.MatchString(s) || err != nil {
		c.add(at, CodeInvalid, "%q is not of the form v1.37.2", s)
		return
	}
	oldest := apiversion.MustParseSemantic(fmt.Sprintf("%d.%d.0", c.version.Major, c.version.Minor-1))
	if c.version.Pre != "" && !v.WithMinor(v.Minor()+1).LessThan(oldest) {
		return
	}
	c.want(!v.LessThan(oldest), at, CodeVersion, "kubeadm %s cannot install %s", c.version, v)
}

func (c *checker) networking(k *ClusterConfiguration, at string) {
	n := k.Networking
	if n.DNSDomain != "" {
		for _, msg := range validation.IsDNS1123Subdomain(n.DNSDomain) {
			c.add(at+".dnsDomain", CodeInvalid, "%q: %s", n.DNSDomain, msg)
		}
	}
	// Up to 1.22 the gate could say that there is one family alone.
	on, set := k.FeatureGates["IPv6DualStack"]
	single := set && !on && !c.version.AtLeast(dualStackGateGoneMinor)
	for _, p := range c.subnets(n.ServiceSubnet, 10, single, at+".serviceSubnet") {
		ones, bits := p.Mask.Size()
		c.want(bits-ones <= 20, at+".serviceSubnet", CodeInvalid, "%s is too large: more than 20 bits for services", p)
	}
	pods := c.subnets(n.PodSubnet, 14, single, at+".podSubnet")
	if lastArg(k.ControllerManager.ExtraArgs, "allocate-node-cidrs") != "false" {
		for _, p := range pods {
			c.nodeMask(p, k.ControllerManager.ExtraArgs, single, at+".podSubnet")
		}
	}
}

// subnets reads one CIDR or two of different families, each with at least least addresses.
func (c *checker) subnets(s string, least int64, single bool, at string) []*net.IPNet {
	if s == "" {
		return nil
	}
	out, err := netutils.ParseCIDRs(strings.Split(s, ","))
	if err != nil {
		c.add(at, CodeInvalid, "%q is not one CIDR or two with a comma", s)
		return nil
	}
	dual := len(out) == 2 && netutils.IsIPv6CIDR(out[0]) != netutils.IsIPv6CIDR(out[1])
	c.want(len(out) == 1 || dual && !single, at, CodeInvalid, "%q is neither one CIDR nor one of each family", s)
	for _, p := range out {
		size := netutils.RangeSize(p)
		c.want(size >= least, at, CodeInvalid, "%s counts as %d addresses and needs %d", p, size, least)
	}
	return out
}

// nodeMask checks that nodes' networks fit into the pods', and that there are not too many.
func (c *checker) nodeMask(p *net.IPNet, args []Arg, single bool, at string) {
	name, mask := "node-cidr-mask-size-ipv4", 24
	if netutils.IsIPv6CIDR(p) {
		name, mask = "node-cidr-mask-size-ipv6", 64
	}
	if single {
		name = "node-cidr-mask-size"
	}
	if s := lastArg(args, name); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			c.add(at, CodeInvalid, "the controller manager's %s is no number", name)
			return
		}
		mask = n
	}
	switch ones, _ := p.Mask.Size(); {
	case ones > mask:
		c.add(at, CodeInvalid, "%s is smaller than one node's network, a /%d", p, mask)
	case mask-ones > 16:
		c.add(at, CodeInvalid, "%s is too large: more than 16 bits of nodes' networks of /%d", p, mask)
	}
}

func (c *checker) etcd(e Etcd, at string) {
	if e.Local != nil && e.External != nil {
		c.add(at, CodeConflict, "local and external exclude each other")
	}
	if l := e.Local; l != nil {
		c.absolute(l.DataDir, at+".local.dataDir")
		c.args(l.ExtraArgs, at+".local.extraArgs")
		c.sans(l.ServerCertSANs, at+".local.serverCertSANs")
		c.sans(l.PeerCertSANs, at+".local.peerCertSANs")
		c.imageRepository(l.ImageRepository, at+".local.imageRepository")
	}
	x := e.External
	if x == nil {
		return
	}
	at += ".external"
	c.want(len(x.Endpoints) > 0 || !c.version.AtLeast(etcdEndpointsMinor), at+".endpoints", CodeRequired, "at least one endpoint")
	plain := x.CAFile == "" && x.CertFile == "" && x.KeyFile == ""
	c.urls(x.Endpoints, !plain, at+".endpoints")
	c.urls(x.HTTPEndpoints, false, at+".httpEndpoints")
	c.want((x.CertFile == "") == (x.KeyFile == ""), at, CodeConflict, "certFile and keyFile go together")
	c.want(x.CertFile == "" || x.KeyFile == "" || x.CAFile != "", at+".caFile", CodeRequired, "certFile and keyFile need it")
	c.absolute(x.CAFile, at+".caFile")
	c.absolute(x.CertFile, at+".certFile")
	c.absolute(x.KeyFile, at+".keyFile")
}

func (c *checker) urls(list []string, https bool, at string) {
	for i, s := range list {
		u, err := url.Parse(s)
		at := fmt.Sprintf("%s[%d]", at, i)
		switch {
		case err != nil || u.Scheme == "":
			c.add(at, CodeInvalid, "%q is no URL with a scheme", s)
		case https && u.Scheme != "https":
			c.add(at, CodeInvalid, "%q is not https, which certificates need", s)
		}
	}
}

func (c *checker) sans(list []string, at string) {
	for i, s := range list {
		ok := netutils.ParseIPSloppy(s) != nil || len(validation.IsDNS1123Subdomain(s)) == 0 || len(validation.IsWildcardDNS1123Subdomain(s)) == 0
		c.want(ok, fmt.Sprintf("%s[%d]", at, i), CodeInvalid, "%q is neither an IP address nor a DNS name", s)
	}
}

func (c *checker) absolute(p, at string) {
	c.want(p == "" || path.IsAbs(p), at, CodeInvalid, "%q is no absolute path", p)
}

// repository is the form of an image's name without its last part (the grammar of
// github.com/distribution/reference): a host with or without a port, then a path in lower case.
var repository = regexp.MustCompile(`^(([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(:[0-9]+)?|\[[a-fA-F0-9:]+\](:[0-9]+)?|[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

func (c *checker) imageRepository(s, at string) {
	c.want(s == "" || repository.MatchString(s) || !c.version.AtLeast(imageRepositoryMinor), at, CodeInvalid, "%q is no image repository", s)
}

// featureGate checks that the checker's kubeadm has one of its own gates.
func (c *checker) featureGate(name, at string) {
	g, known := kubeadmGates[name]
	switch {
	case !known:
		c.add(at, CodeInvalid, "is no gate of kubeadm")
	case !c.version.AtLeast(g.first):
		c.add(at, CodeVersion, "the gate is there since Kubernetes 1.%d", g.first)
	case g.gone > 0 && c.version.AtLeast(g.gone):
		c.add(at, CodeVersion, "the gate is gone since Kubernetes 1.%d", g.gone)
	}
}

// validHostPort says whether s is a host, or host:port, of an IP address or a DNS name.
func validHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = s, ""
	}
	if port != "" {
		if n, err := netutils.ParsePort(port, true); err != nil || n == 0 {
			return false
		}
	}
	return netutils.ParseIPSloppy(host) != nil || len(validation.IsDNS1123Subdomain(host)) == 0
}
