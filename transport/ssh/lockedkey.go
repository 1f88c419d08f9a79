package ssh

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"
)

// lockedSigner is an encrypted private key. The passphrase is asked for when the server has said
// that it would accept the key, and never otherwise.
type lockedSigner struct {
	public ssh.PublicKey
	unlock func() (ssh.Signer, error)
}

var _ ssh.AlgorithmSigner = (*lockedSigner)(nil)

// lockedKey returns the signer for the encrypted key in text. Where its public half is not known
// without the passphrase, it is asked for now. nil when nobody can be asked.
func (l *login) lockedKey(f identityFile, text []byte, public ssh.PublicKey) (ssh.Signer, error) {
	if l.hop.passphrase == nil {
		l.tried = append(l.tried, f.path+" (not used: it is encrypted, there is no passphrase and the agent does not hold it)")
		return nil, nil
	}
	unlock := sync.OnceValues(func() (ssh.Signer, error) {
		passphrase, err := l.hop.passphrase(f.path)
		if err != nil {
			return nil, fmt.Errorf("passphrase for %s: %w", f.path, err)
		}
		key, err := ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
		if err != nil {
			return nil, fmt.Errorf("the passphrase for %s is not right", f.path)
		}
		return key, nil
	})
	if public == nil {
		return unlock()
	}
	return &lockedSigner{public: public, unlock: func() (ssh.Signer, error) {
		key, err := unlock()
		if err != nil {
			l.failed = err
		}
		return key, err
	}}, nil
}

// PublicKey implements ssh.Signer.
func (s *lockedSigner) PublicKey() ssh.PublicKey { return s.public }

// Sign implements ssh.Signer.
func (s *lockedSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return s.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm implements ssh.AlgorithmSigner.
func (s *lockedSigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	key, err := s.unlock()
	if err != nil {
		return nil, err
	}
	if algorithm == "" {
		return key.Sign(rand, data)
	}
	with, ok := key.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("the key cannot choose its algorithm")
	}
	return with.SignWithAlgorithm(rand, data, algorithm)
}
