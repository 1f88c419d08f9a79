package kubeadmcfg

import (
	"encoding/hex"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	netutils "k8s.io/utils/net"
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
		name := strings.ToLower(strings.TrimSpace(n.Name)) // as kubeadm does first
		for _, msg := range validation.IsDNS1123Subdomain(name) {
			c.add(at+".name", CodeInvalid, "%q: %s", n.Name, msg)
		}
	}
	c.criSocket(n.CRISocket, at+".criSocket")
	c.args(n.KubeletExtraArgs, at+".kubeletExtraArgs")
	c.pullPolicy(n.ImagePullPolicy, at+".imagePullPolicy")
}

// criSocket takes what kubeadm takes for a unix:// URL or makes one of: from 1.24 it puts the scheme
// before what does not begin with its name; before, it took absolute paths.
func (c *checker) criSocket(s, at string) {
	if s == "" {
		return
	}
	urls := c.version.AtLeast(socketURLMinor)
	full := s
	if urls && !strings.HasPrefix(s, "unix") {
		full = "unix://" + s
	}
	u, err := url.Parse(full)
	ok := err == nil && (u.Scheme == "unix" || !urls && u.Scheme == "" && path.IsAbs(u.Path))
	c.want(ok, at, CodeInvalid, "%q is neither a unix:// URL nor an absolute path", s)
}

func (c *checker) args(list []Arg, at string) {
	for i, a := range list {
		c.want(a.Name != "" || !c.version.AtLeast(argNameMinor), at+"["+strconv.Itoa(i)+"].name", CodeRequired, "an argument has no name")
	}
}

func (c *checker) endpoint(e APIEndpoint, at string) {
	if e.AdvertiseAddress != "" {
		c.want(netutils.ParseIPSloppy(e.AdvertiseAddress) != nil, at+".advertiseAddress", CodeInvalid, "%q is no IP address", e.AdvertiseAddress)
	}
	c.want(e.BindPort >= 0 && e.BindPort < 65536, at+".bindPort", CodeInvalid, "%d is no port", e.BindPort)
}

func (c *checker) certificateKey(k Secret, at string) {
	if k == "" || !c.version.AtLeast(certificateKeyMinor) {
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
	// kubeadm sets the TTL to 24 h where it is not set, also where there is an end.
	c.want(t.Expires == nil, at+".expires", CodeConflict, "kubeadm takes a ttl alone")
	for i, u := range t.Usages {
		c.want(u == "signing" || u == "authentication", at+".usages["+strconv.Itoa(i)+"]", CodeInvalid, "%q is neither signing nor authentication", u)
	}
	// Without groups there is one by default, which needs it too.
	c.want(len(t.Usages) == 0 || slices.Contains(t.Usages, "authentication"),
		at+".groups", CodeConflict, "groups need the usage authentication")
	for i, g := range t.Groups {
		c.want(bootstrapGroup.MatchString(g), at+".groups["+strconv.Itoa(i)+"]", CodeInvalid, "%q does not match %s", g, bootstrapGroup)
	}
}

func (c *checker) discovery(d Discovery, at string) {
	b, f := d.BootstrapToken, d.File
	c.want(b != nil || f != nil, at, CodeRequired, "bootstrapToken or file must be set")
	c.want(b == nil || f == nil, at, CodeConflict, "bootstrapToken and file exclude each other")
	if b != nil {
		c.token(b.Token, at+".bootstrapToken.token")
		_, _, err := net.SplitHostPort(b.APIServerEndpoint)
		switch {
		case b.APIServerEndpoint == "":
			c.add(at+".bootstrapToken.apiServerEndpoint", CodeRequired, "must be set")
		case err != nil:
			c.add(at+".bootstrapToken.apiServerEndpoint", CodeInvalid, "%q is not host:port", b.APIServerEndpoint)
		}
		c.want(len(b.CACertHashes) > 0 || b.UnsafeSkipCAVerification, at+".bootstrapToken.caCertHashes", CodeRequired,
			"no pin of the CA, and unsafeSkipCAVerification is not set")
	}
	if f != nil {
		c.want(validKubeConfigPath(f.KubeConfigPath), at+".file.kubeConfigPath", CodeInvalid, "%q is neither a path nor an https URL", f.KubeConfigPath)
	}
	if d.TLSBootstrapToken != "" && (b != nil || f != nil) {
		c.token(d.TLSBootstrapToken, at+".tlsBootstrapToken")
	}
}

// validKubeConfigPath says whether s is a path, a file URL or an https URL. That the file exists is
// the host's to say.
func validKubeConfigPath(s string) bool {
	u, err := url.Parse(s)
	if err == nil && u.Scheme == "file" {
		s = u.Path
		u, err = url.Parse(s)
	}
	return err == nil && s != "" && (u.Scheme == "" || u.Scheme == "https")
}
