package kubeadmcfg

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
)

const (
	// tokenAlphabet are the characters of a bootstrap token.
	tokenAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	tokenIDLength = 6
	tokenLength   = 16
	// certificateKeySize is the size in bytes of the AES-256 key that kubeadm encrypts certificates with.
	certificateKeySize = 32
)

// NewToken returns a bootstrap token, six characters, a dot and sixteen, made from the bytes that
// random gives (crypto/rand.Reader, but for tests). Characters are drawn without bias.
func NewToken(random io.Reader) (Secret, error) {
	id, err := randomText(random, tokenIDLength)
	if err != nil {
		return "", fmt.Errorf("kubeadmcfg: new token: %w", err)
	}
	secret, err := randomText(random, tokenLength)
	if err != nil {
		return "", fmt.Errorf("kubeadmcfg: new token: %w", err)
	}
	return Secret(id + "." + secret), nil
}

// TokenID returns the public part of a bootstrap token, the one that names its Secret
// (bootstrap-token-ID in kube-system), and false when the token is malformed.
func TokenID(token Secret) (string, bool) {
	if !validToken(token.Reveal()) {
		return "", false
	}
	return token.Reveal()[:tokenIDLength], true
}

// NewCertificateKey returns the key that `kubeadm init --upload-certs` encrypts and a control-plane
// join decrypts the shared certificates with: 32 bytes from random, in hexadecimal.
func NewCertificateKey(random io.Reader) (Secret, error) {
	key := make([]byte, certificateKeySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("kubeadmcfg: new certificate key: %w", err)
	}
	return Secret(hex.EncodeToString(key)), nil
}

// CACertHash returns the pin of a CA certificate as a join takes it in caCertHashes: "sha256:" and
// the hexadecimal SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469). bundle is PEM text
// such as /etc/kubernetes/pki/ca.crt; its first certificate counts.
func CACertHash(bundle []byte) (string, error) {
	for rest := bundle; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return "", errors.New("kubeadmcfg: CA hash: no certificate in the PEM text")
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", fmt.Errorf("kubeadmcfg: CA hash: %w", err)
		}
		sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
		return "sha256:" + hex.EncodeToString(sum[:]), nil
	}
}

// randomText draws n characters of the token alphabet. Bytes past the largest multiple of the
// alphabet's size are thrown away: a plain modulus would favour the first letters.
func randomText(random io.Reader, n int) (string, error) {
	const limit = 256 - 256%len(tokenAlphabet)
	text := make([]byte, 0, n)
	var b [1]byte
	for len(text) < n {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", err
		}
		if int(b[0]) < limit {
			text = append(text, tokenAlphabet[int(b[0])%len(tokenAlphabet)])
		}
	}
	return string(text), nil
}

// validToken says whether s has the form of a bootstrap token.
func validToken(s string) bool {
	if len(s) != tokenIDLength+1+tokenLength || s[tokenIDLength] != '.' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i != tokenIDLength && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
