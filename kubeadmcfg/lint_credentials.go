package kubeadmcfg

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// exampleToken is the one that `kubeadm config print init-defaults` writes.
const exampleToken = "abcdef.0123456789abcdef"

// sharedFiles are what every control plane must have alike: what --upload-certs uploads
// (cmd/kubeadm/app/phases/copycerts).
var sharedFiles = []string{
	"pki/ca.crt", "pki/ca.key", "pki/sa.key", "pki/sa.pub",
	"pki/front-proxy-ca.crt", "pki/front-proxy-ca.key", "pki/etcd/ca.crt", "pki/etcd/ca.key",
}

// credentialRules are about what lets hosts into the cluster.
func credentialRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC020", Title: "the token is the example of the documentation",
			Why:    "Everybody knows it, and whoever reaches the API can join a node of theirs with it.",
			Fix:    "Generate one: NewToken, or kubeadm token generate.",
			Source: "cmd/kubeadm/app/constants/constants.go, the default of print init-defaults",
		}, func(l *linter) {
			l.tokens(func(t Secret, path string) {
				if t.Reveal() == exampleToken {
					l.find(SeverityError, path, "is the public example")
				}
			})
		}},
		{Rule{
			Code: "KC021", Title: "a bootstrap token never expires",
			Why:    "Who ever learns it can join nodes for as long as the cluster lives.",
			Fix:    "Leave ttl out (24 h), or set it to what the joins take.",
			Source: "cmd/kubeadm/app/apis/bootstraptoken/v1/types.go",
		}, func(l *linter) {
			if l.Init == nil {
				return
			}
			for i, t := range l.Init.BootstrapTokens {
				if t.TTL != nil && t.TTL.Duration == 0 && t.Expires == nil {
					l.find(SeverityWarning, fmt.Sprintf("%s.bootstrapTokens[%d].ttl", kindInit, i), "0 is for ever")
				}
			}
		}},
		{Rule{
			Code: "KC022", Title: "a control plane joins without its certificates",
			Why:    "With no certificate key kubeadm downloads nothing, and preflight ends with the files that are missing: the cluster's three authorities and the service account key.",
			Fix:    "Set JoinConfiguration.controlPlane.certificateKey after `kubeadm init --upload-certs` (valid for 2 h), or copy all eight files.",
			Source: "cmd/kubeadm/app/cmd/phases/join/preflight.go; cmd/kubeadm/app/phases/copycerts",
		}, checkJoinCertificates},
		{Rule{
			Code: "KC023", Title: "more was copied to a joining host than it needs",
			Why:    "kubeadm join writes admin.conf itself; a copy gives the first host's administrator key to another.",
			Fix:    "Copy the eight files of the three authorities and the service account key alone, with mode 0600 for keys.",
			Source: "cmd/kubeadm/app/phases/copycerts",
		}, func(l *linter) {
			for i, h := range l.Hosts {
				for _, f := range h.CopiedFiles {
					if !slices.Contains(sharedFiles, f) {
						l.find(SeverityInfo, hostPath(i, "copiedFiles"), "%s need not be copied to %s", f, h.Name)
					}
				}
			}
		}},
		{Rule{
			Code: "KC024", Title: "a join does not check whose cluster it joins",
			Why:    "Who stands between the host and the API can give it a cluster of their own, with the kubelet's rights on the host.",
			Fix:    "Set discovery.bootstrapToken.caCertHashes (CACertHash) and not unsafeSkipCAVerification.",
			Source: "kubernetes.io/docs, kubeadm join, token-based discovery",
		}, func(l *linter) {
			if l.Join == nil || l.Join.Discovery.BootstrapToken == nil {
				return
			}
			b := l.Join.Discovery.BootstrapToken
			at := kindJoin + ".discovery.bootstrapToken."
			if b.UnsafeSkipCAVerification && len(b.CACertHashes) == 0 {
				l.find(SeverityWarning, at+"unsafeSkipCAVerification", "no pin of the CA")
			}
			for i, h := range b.CACertHashes {
				sum, ok := strings.CutPrefix(strings.ToLower(h), "sha256:")
				if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != 32 {
					l.find(SeverityError, fmt.Sprintf("%scaCertHashes[%d]", at, i), "is not sha256: and 64 hexadecimal digits, so that the join fails")
				}
			}
		}},
		{Rule{
			Code: "KC025", Title: "certificates are uploaded under a key that nobody will know later",
			Why:    "Without certificateKey `kubeadm init --upload-certs` makes one up and prints it once, so that its output has to be read.",
			Fix:    "Set InitConfiguration.certificateKey (NewCertificateKey) and give the same one to the joins.",
			Source: "cmd/kubeadm/app/cmd/phases/init/uploadcerts.go",
		}, func(l *linter) {
			if l.Init != nil && l.Init.CertificateKey == "" && len(l.controlPlanes()) > 1 {
				l.find(SeverityInfo, kindInit+".certificateKey", "is not set, and %d control planes are to share certificates", len(l.controlPlanes()))
			}
		}},
		{Rule{
			Code: "KC026", Title: "a certificate key that is none",
			Why:    "Below 1.29 kubeadm does not look at it until it encrypts or decrypts with it, in the middle of init or of a join.",
			Fix:    "Use 32 bytes in hexadecimal: NewCertificateKey, or kubeadm certs certificate-key.",
			Source: "cmd/kubeadm/app/phases/copycerts/copycerts.go",
		}, func(l *linter) {
			if l.Init != nil && malformedKey(l.Init.CertificateKey) {
				l.find(SeverityError, kindInit+".certificateKey", "is not %d bytes in hexadecimal", certificateKeySize)
			}
			if l.Join != nil && l.Join.ControlPlane != nil && malformedKey(l.Join.ControlPlane.CertificateKey) {
				l.find(SeverityError, kindJoin+".controlPlane.certificateKey", "is not %d bytes in hexadecimal", certificateKeySize)
			}
		}},
	}
}

// malformedKey says whether a certificate key is set and is not what kubeadm can use.
func malformedKey(k Secret) bool {
	raw, err := hex.DecodeString(k.Reveal())
	return k != "" && k.Reveal() != redacted && (err != nil || len(raw) != certificateKeySize)
}

// tokens calls each for every bootstrap token.
func (l *linter) tokens(each func(t Secret, path string)) {
	if l.Init != nil {
		for i, t := range l.Init.BootstrapTokens {
			each(t.Token, fmt.Sprintf("%s.bootstrapTokens[%d].token", kindInit, i))
		}
	}
	if l.Join != nil {
		if b := l.Join.Discovery.BootstrapToken; b != nil {
			each(b.Token, kindJoin+".discovery.bootstrapToken.token")
		}
		each(l.Join.Discovery.TLSBootstrapToken, kindJoin+".discovery.tlsBootstrapToken")
	}
}

func checkJoinCertificates(l *linter) {
	if l.Join == nil || l.Join.ControlPlane == nil || l.Join.ControlPlane.CertificateKey != "" {
		return
	}
	const at = kindJoin + ".controlPlane.certificateKey"
	known := false
	for i, h := range l.Hosts {
		if !h.ControlPlane || h.CopiedFiles == nil {
			continue
		}
		known = true
		var missing []string
		for _, f := range sharedFiles {
			if !slices.Contains(h.CopiedFiles, f) {
				missing = append(missing, f)
			}
		}
		if len(missing) > 0 {
			l.find(SeverityError, hostPath(i, "copiedFiles"), "%s has no certificate key, and lacks %s", h.Name, strings.Join(missing, ", "))
		}
	}
	if !known {
		l.find(SeverityError, at, "is not set, and no certificates were copied")
	}
}
