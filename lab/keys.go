package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// keys are the lab's login key and the list of its hosts' keys.
type keys struct {
	identity   string // file of the private key that every host lets in
	authorized string // its public half, as a line of authorized_keys
	knownHosts string // file

	mu *sync.Mutex // guards the known_hosts file
}

// newKeys makes the login key, and an empty known_hosts file, in dir.
func newKeys(dir string) (keys, error) {
	k := keys{identity: filepath.Join(dir, "id_ed25519"), knownHosts: filepath.Join(dir, "known_hosts"), mu: new(sync.Mutex)}
	private, public, err := newKey("lab")
	if err != nil {
		return keys{}, err
	}
	k.authorized = public
	if err := os.WriteFile(k.identity, []byte(private), 0o600); err != nil {
		return keys{}, err
	}
	return k, os.WriteFile(k.knownHosts, nil, 0o644)
}

// trust adds a host's public key to the known_hosts file, under its address and its name.
func (k keys) trust(h *Host, public string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, err := os.OpenFile(k.knownHosts, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s,%s %s\n", h.Address, h.Name, strings.TrimSpace(public))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// newKey makes a key pair: the private half as OpenSSH stores it, the public one as a line.
func newKey(comment string) (private, public string, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	block, err := ssh.MarshalPrivateKey(priv, comment)
	if err != nil {
		return "", "", err
	}
	key, err := ssh.NewPublicKey(pub)
	if err != nil {
		return "", "", err
	}
	return string(pem.EncodeToMemory(block)), string(ssh.MarshalAuthorizedKey(key)), nil
}

// IdentityFile is the private key that every host lets in as root, deploy and admin.
func (l *Lab) IdentityFile() string { return l.keys.identity }

// KnownHostsFile lists the keys of all hosts added so far, by address and by name.
func (l *Lab) KnownHostsFile() string { return l.keys.knownHosts }
