package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Backdate is how long before its making a certificate is valid from, as kubeadm's.
const Backdate = 5 * time.Minute

// CA is a certificate authority.
type CA struct {
	Cert *x509.Certificate
	Key  crypto.Signer
	// CertPEM and KeyPEM are its files.
	CertPEM, KeyPEM []byte
}

// Leaf describes a certificate to be signed.
type Leaf struct {
	CommonName   string
	Organization []string
	Hosts        []string // DNS names and addresses
	Usages       []x509.ExtKeyUsage
	Validity     time.Duration
}

// NewKey makes a private key and its PEM file.
func NewKey() (crypto.Signer, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// PublicPEM is the PEM file of a key's public part.
func PublicPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func serial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 62))
}

// NewCA makes a self-signed authority. It is valid from a little before now and before the time of
// this machine's clock, which is what real clients judge it by.
func NewCA(name string, now time.Time, validity time.Duration) (*CA, error) {
	key, keyPEM, err := NewKey()
	if err != nil {
		return nil, err
	}
	sn, err := serial()
	if err != nil {
		return nil, err
	}
	from := now
	if real := time.Now(); real.Before(from) {
		from = real
	}
	tmpl := &x509.Certificate{
		SerialNumber: sn, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from.Add(-Backdate).UTC(), NotAfter: now.Add(validity).UTC(),
		KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &CA{Cert: cert, Key: key, CertPEM: certPEM(der), KeyPEM: keyPEM}, nil
}

func certPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Sign makes a key and a certificate for it.
func (ca *CA) Sign(l Leaf, now time.Time) (cert, key []byte, err error) {
	signer, keyPEM, err := NewKey()
	if err != nil {
		return nil, nil, err
	}
	cert, err = ca.SignKey(l, signer.Public(), now)
	return cert, keyPEM, err
}

// SignKey makes a certificate for somebody's public key.
func (ca *CA) SignKey(l Leaf, public crypto.PublicKey, now time.Time) ([]byte, error) {
	sn, err := serial()
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: sn, Subject: pkix.Name{CommonName: l.CommonName, Organization: l.Organization}, NotBefore: ca.Cert.NotBefore, NotAfter: now.Add(l.Validity).UTC(),
		KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature, ExtKeyUsage: l.Usages, BasicConstraintsValid: true,
	}
	for _, h := range l.Hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else if h != "" {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca.Cert, public, ca.Key)
	if err != nil {
		return nil, err
	}
	return certPEM(der), nil
}

// ParseCert reads the first certificate of a PEM file.
func ParseCert(data []byte) (*x509.Certificate, error) {
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			return nil, errors.New("no certificate in PEM data")
		}
		if b.Type == "CERTIFICATE" {
			return x509.ParseCertificate(b.Bytes)
		}
	}
}

// ParseKey reads the private key of a PEM file.
func ParseKey(data []byte) (crypto.Signer, error) {
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			return nil, errors.New("no private key in PEM data")
		}
		switch b.Type {
		case "EC PRIVATE KEY":
			return x509.ParseECPrivateKey(b.Bytes)
		case "RSA PRIVATE KEY":
			return x509.ParsePKCS1PrivateKey(b.Bytes)
		case "PRIVATE KEY":
			k, err := x509.ParsePKCS8PrivateKey(b.Bytes)
			if err != nil {
				return nil, err
			}
			if s, ok := k.(crypto.Signer); ok {
				return s, nil
			}
			return nil, fmt.Errorf("a %T cannot sign", k)
		}
	}
}

// ParseCA reads an authority from its two files.
func ParseCA(cert, key []byte) (*CA, error) {
	c, err := ParseCert(cert)
	if err != nil {
		return nil, err
	}
	k, err := ParseKey(key)
	if err != nil {
		return nil, err
	}
	return &CA{Cert: c, Key: k, CertPEM: cert, KeyPEM: key}, nil
}

// Hash is how joins pin an authority: sha256:HEX over its public key.
func Hash(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Kubeconfig is a kubeconfig file with one user. cert and key empty leave the user without credentials;
// token is another kind.
func Kubeconfig(cluster, server, userName string, ca, cert, key []byte, token string) ([]byte, error) {
	c := clientcmdapi.NewConfig()
	c.Clusters[cluster] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	name := userName + "@" + cluster
	c.Contexts[name] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: userName}
	c.AuthInfos[userName] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key, Token: token}
	c.CurrentContext = name
	return clientcmd.Write(*c)
}
