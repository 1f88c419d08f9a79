package kubeadmcfg

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation"
)

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
	c.sans(k.APIServer.CertSANs, at+".apiServer.certSANs")
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

// versionLabel are the names that kubeadm looks up on the internet.
var versionLabel = regexp.MustCompile(`^((ci|release)/)?(stable|latest)(-[0-9]+(\.[0-9]+)?)?$`)

// kubernetesVersion checks that the checker's version of kubeadm can install s: its own minor and
// the one before (kubeadm's skew policy).
func (c *checker) kubernetesVersion(s, at string) {
	if s == "" || versionLabel.MatchString(s) {
		return
	}
	v, err := ParseVersion(s)
	switch {
	case err != nil:
		c.add(at, CodeInvalid, "%q is not of the form v1.37.2", s)
	case v.Major != c.version.Major || v.Minor > c.version.Minor || v.Minor+1 < c.version.Minor:
		c.add(at, CodeVersion, "kubeadm %s cannot install %s", c.version, v)
	}
}

func (c *checker) networking(k *ClusterConfiguration, at string) {
	n := k.Networking
	if n.DNSDomain != "" {
		for _, msg := range validation.IsDNS1123Subdomain(n.DNSDomain) {
			c.add(at+".dnsDomain", CodeInvalid, "%q: %s", n.DNSDomain, msg)
		}
	}
	services := c.subnets(n.ServiceSubnet, 10, at+".serviceSubnet")
	for _, p := range services {
		c.want(hostBits(p) <= 20, at+".serviceSubnet", CodeInvalid, "%s is too large: more than 20 bits for services", p)
	}
	pods := c.subnets(n.PodSubnet, 14, at+".podSubnet")
	if lastArg(k.ControllerManager.ExtraArgs, "allocate-node-cidrs") != "false" {
		for _, p := range pods {
			c.nodeMask(p, k.ControllerManager.ExtraArgs, at+".podSubnet")
		}
	}
	for _, s := range services {
		for _, p := range pods {
			c.want(!s.Overlaps(p), at+".podSubnet", CodeConflict, "%s overlaps the services' %s", p, s)
		}
	}
}

// subnets reads one CIDR or two of different families, each with at least least addresses.
func (c *checker) subnets(s string, least int, at string) []netip.Prefix {
	if s == "" {
		return nil
	}
	var out []netip.Prefix
	for _, text := range splitComma(s) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			c.add(at, CodeInvalid, "%q is no CIDR", text)
			return nil
		}
		c.want(hostBits(p) >= 31 || 1<<hostBits(p) >= least, at, CodeInvalid, "%s has fewer than %d addresses", p, least)
		out = append(out, p.Masked())
	}
	if len(out) > 2 || len(out) == 2 && out[0].Addr().Is4() == out[1].Addr().Is4() {
		c.add(at, CodeInvalid, "%q is neither one CIDR nor one of each family", s)
		return nil
	}
	return out
}

// nodeMask checks that nodes' networks fit into the pods', and that there are not too many.
func (c *checker) nodeMask(p netip.Prefix, args []Arg, at string) {
	name, mask := "node-cidr-mask-size-ipv4", 24
	if p.Addr().Is6() {
		name, mask = "node-cidr-mask-size-ipv6", 64
	}
	if s := lastArg(args, name); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			c.add(at, CodeInvalid, "the controller manager's %s is no number", name)
			return
		}
		mask = n
	}
	switch {
	case p.Bits() > mask:
		c.add(at, CodeInvalid, "%s is smaller than one node's network, a /%d", p, mask)
	case mask-p.Bits() > 16:
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
	c.want(len(x.Endpoints) > 0, at+".endpoints", CodeRequired, "at least one endpoint")
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
		_, err := netip.ParseAddr(s)
		ok := err == nil || len(validation.IsDNS1123Subdomain(s)) == 0 || len(validation.IsWildcardDNS1123Subdomain(s)) == 0
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
	c.want(s == "" || repository.MatchString(s), at, CodeInvalid, "%q is no image repository", s)
}

// featureGate checks kubeadm's own gates where the table knows them.
func (c *checker) featureGate(name, at string) {
	switch {
	case name == "ControlPlaneKubeletLocalMode" && c.version.KubeletLocalMode() == StageLocked:
		c.add(at, CodeVersion, "the gate is gone since Kubernetes 1.%d", localModeLockedMinor)
	case name != "RootlessControlPlane" && c.version.AtLeast(rootlessOnlyMinor):
		c.add(at, CodeVersion, "%s is no gate of kubeadm %s", name, c.version)
	}
}

// validHostPort says whether s is a host, or host:port, of an IP address or a DNS name.
func validHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = s, ""
	}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	_, err = netip.ParseAddr(host)
	return err == nil || len(validation.IsDNS1123Subdomain(host)) == 0
}
