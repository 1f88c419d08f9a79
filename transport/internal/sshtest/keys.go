//go:build unix

package sshtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// makeIdentity writes the key that is let in.
func (s *Server) makeIdentity(t testing.TB) {
	if s.opts.Identity != nil {
		s.Identity = *s.opts.Identity
	} else {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		s.Identity = key
	}
	s.IdentityFile = filepath.Join(s.Dir, "id_ed25519")
	WriteKey(t, s.IdentityFile, s.Identity)
}

// WriteKey writes a private key in OpenSSH's format, without a passphrase.
func WriteKey(t testing.TB, path string, key crypto.PrivateKey) {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(key, "")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
}

// addHostKeys makes the host keys and known_hosts.
func (s *Server) addHostKeys(t testing.TB) {
	if s.opts.MoreHostKeys {
		rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		ecdsaKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		for _, key := range []crypto.Signer{rsaKey, ecdsaKey} {
			signer, err := ssh.NewSignerFromSigner(key)
			require.NoError(t, err)
			s.config.AddHostKey(signer)
		}
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromSigner(key)
	require.NoError(t, err)
	s.HostKey = signer.PublicKey()
	if authority := s.opts.HostCertificate; authority != nil {
		cert := &ssh.Certificate{Key: s.HostKey, CertType: ssh.HostCert, ValidPrincipals: s.opts.Principals, ValidBefore: ssh.CertTimeInfinity}
		require.NoError(t, cert.SignCert(rand.Reader, authority))
		signer, err = ssh.NewCertSigner(cert, signer)
		require.NoError(t, err)
	}
	s.config.AddHostKey(signer)
	s.KnownHostsFile = filepath.Join(s.Dir, "known_hosts")
	require.NoError(t, os.WriteFile(s.KnownHostsFile, []byte(s.KnownHostsLine()+"\n"), 0o600))
}

// KnownHostsLine is what known_hosts should say about the server.
func (s *Server) KnownHostsLine() string {
	return knownhosts.Line([]string{s.listener.Addr().String()}, s.HostKey)
}

func (s *Server) checkKey(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
	want, err := ssh.NewPublicKey(s.Identity.Public())
	if err == nil && s.opts.Password == "" && meta.User() == s.User && string(key.Marshal()) == string(want.Marshal()) {
		return nil, nil
	}
	return nil, errors.New("not this key")
}

func (s *Server) checkPassword(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
	if meta.User() == s.User && string(password) == s.opts.Password {
		return nil, nil
	}
	return nil, errors.New("not this password")
}

func (s *Server) askPassword(meta ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
	answers, err := ask("", "", []string{"Password: "}, []bool{false})
	if err != nil || len(answers) != 1 {
		return nil, errors.New("no answer")
	}
	return s.checkPassword(meta, []byte(answers[0]))
}
