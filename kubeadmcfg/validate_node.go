package kubeadmcfg

import (
	"encoding/hex"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

func (c *checker) init(i *InitConfiguration) {
	const at = kindInit
	for n, t := range i.BootstrapTokens {
		c.bootstrapToken(t, at+".bootstrapTokens["+strconv.Itoa(n)+"]")
	}
	c.node(i.NodeRegistration, at+".nodeRegistration")
	c.endpoint(i.LocalAPIEndpoint, at+".localAPIEndpoint")
	c.certificateKey(i.CertificateKey, at+".certificateKey")
}

func (c *checker) join(j *JoinConfiguration) {
	const at = kindJoin
	c.node(j.NodeRegistration, at+".nodeRegistration")
	if p := j.CACertPath; p != "" {
		c.want(path.IsAbs(p) && strings.HasSuffix(p, ".crt"), at+".caCertPath", CodeInvalid, "%q is no absolute path of a .crt file", p)
	}
	c.discovery(j.Discovery, at+".discovery")
	if cp := j.ControlPlane; cp != nil {
		c.endpoint(cp.LocalAPIEndpoint, at+".controlPlane.localAPIEndpoint")
		c.certificateKey(cp.CertificateKey, at+".controlPlane.certificateKey")
	}
}

func (c *checker) node(n NodeRegistrationOptions, at string) {
	if n.Name != "" {
		for _, msg := range validation.IsDNS1123Subdomain(n.Name) {
			c.add(at+".name", CodeInvalid, "%q: %s", n.Name, msg)
		}
	}
	c.criSocket(n.CRISocket, at+".criSocket")
	for i, t := range n.Taints {
		c.want(slices.Contains([]corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute}, t.Effect) && t.Key != "",
			at+".taints["+strconv.Itoa(i)+"]", CodeInvalid, "wants a key and an effect")
	}
	c.args(n.KubeletExtraArgs, at+".kubeletExtraArgs")
	c.pullPolicy(n.ImagePullPolicy, at+".imagePullPolicy")
	all := slices.ContainsFunc(n.IgnorePreflightErrors, func(s string) bool { return strings.EqualFold(s, "all") })
	c.want(!all || len(n.IgnorePreflightErrors) == 1, at+".ignorePreflightErrors", CodeConflict, "all goes with no single check")
}

// criSocket takes a unix:// URL, and a path, which kubeadm makes one of with a warning.
func (c *checker) criSocket(s, at string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	ok := err == nil && (u.Scheme == "unix" && path.IsAbs(u.Path) && u.Host == "" || path.IsAbs(s))
	c.want(ok, at, CodeInvalid, "%q is neither a unix:// URL nor an absolute path", s)
	if strings.HasSuffix(s, "/dockershim.sock") && c.version.AtLeast(dockershimRemovedMinor) {
		c.add(at, CodeVersion, "dockershim is gone since Kubernetes 1.%d", dockershimRemovedMinor)
	}
}

func (c *checker) args(list []Arg, at string) {
	for i, a := range list {
		c.want(a.Name != "", at+"["+strconv.Itoa(i)+"].name", CodeRequired, "an argument has no name")
		c.want(!strings.HasPrefix(a.Name, "-"), at+"["+strconv.Itoa(i)+"].name", CodeInvalid, "%q: names are without dashes", a.Name)
	}
}

func (c *checker) endpoint(e APIEndpoint, at string) {
	if e.AdvertiseAddress != "" {
		_, err := netip.ParseAddr(e.AdvertiseAddress)
		c.want(err == nil, at+".advertiseAddress", CodeInvalid, "%q is no IP address", e.AdvertiseAddress)
	}
	c.want(e.BindPort >= 0 && e.BindPort < 65536, at+".bindPort", CodeInvalid, "%d is no port", e.BindPort)
}

func (c *checker) certificateKey(k Secret, at string) {
	if k == "" {
		return
	}
	raw, err := hex.DecodeString(k.Reveal())
	c.want(err == nil && len(raw) == certificateKeySize, at, CodeInvalid, "is not %d bytes in hexadecimal", certificateKeySize)
}

func (c *checker) token(t Secret, at string) {
	c.want(validToken(t.Reveal()), at, CodeInvalid, "is not of the form [a-z0-9]{6}.[a-z0-9]{16}")
}

// bootstrapGroup is the form of a token's extra groups (k8s.io/cluster-bootstrap/token/api).
var bootstrapGroup = regexp.MustCompile(`\Asystem:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]\z`)

func (c *checker) bootstrapToken(t BootstrapToken, at string) {
	if t.Token != "" {
		c.token(t.Token, at+".token")
	}
	c.want(t.TTL == nil || t.Expires == nil, at, CodeConflict, "ttl and expires exclude each other")
	for i, u := range t.Usages {
		c.want(u == "signing" || u == "authentication", at+".usages["+strconv.Itoa(i)+"]", CodeInvalid, "%q is neither signing nor authentication", u)
	}
	c.want(len(t.Groups) == 0 || len(t.Usages) == 0 || slices.Contains(t.Usages, "authentication"),
		at+".groups", CodeConflict, "groups need the usage authentication")
	for i, g := range t.Groups {
		c.want(bootstrapGroup.MatchString(g), at+".groups["+strconv.Itoa(i)+"]", CodeInvalid, "%q does not match %s", g, bootstrapGroup)
	}
}

func (c *checker) discovery(d Discovery, at string) {
	switch b, f := d.BootstrapToken, d.File; {
	case b == nil && f == nil:
		c.add(at, CodeRequired, "bootstrapToken or file must be set")
	case b != nil && f != nil:
		c.add(at, CodeConflict, "bootstrapToken and file exclude each other")
	case b != nil:
		c.token(b.Token, at+".bootstrapToken.token")
		host, port, err := net.SplitHostPort(b.APIServerEndpoint)
		switch {
		case b.APIServerEndpoint == "":
			c.add(at+".bootstrapToken.apiServerEndpoint", CodeRequired, "must be set")
		case err != nil || host == "" || port == "":
			c.add(at+".bootstrapToken.apiServerEndpoint", CodeInvalid, "%q is not host:port", b.APIServerEndpoint)
		}
		c.want(len(b.CACertHashes) > 0 || b.UnsafeSkipCAVerification, at+".bootstrapToken.caCertHashes", CodeRequired,
			"no pin of the CA, and unsafeSkipCAVerification is not set")
		for i, h := range b.CACertHashes {
			sum, ok := strings.CutPrefix(strings.ToLower(h), "sha256:")
			raw, err := hex.DecodeString(sum)
			c.want(ok && err == nil && len(raw) == 32, at+".bootstrapToken.caCertHashes["+strconv.Itoa(i)+"]", CodeInvalid, "%q is not sha256: and 64 hexadecimal digits", h)
		}
	default:
		u, err := url.Parse(f.KubeConfigPath)
		c.want(err == nil && f.KubeConfigPath != "" && (u.Scheme == "" || u.Scheme == "https"), at+".file.kubeConfigPath", CodeInvalid,
			"%q is neither a path nor an https URL", f.KubeConfigPath)
	}
	if d.TLSBootstrapToken != "" {
		c.token(d.TLSBootstrapToken, at+".tlsBootstrapToken")
	}
}
