package ssh

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// login is what we can prove who we are with, for one connection.
type login struct {
	hop     hop
	signers []ssh.Signer
	tried   []string // for errors: names of keys and methods, no content
	agent   net.Conn
	failed  error // what kept a key that the server wanted from being used
}

// newLogin loads keys and asks the agent. Named keys come first: servers allow few attempts.
func newLogin(h hop) (*login, error) {
	l := &login{hop: h}
	held, err := l.agentSigners()
	if err != nil {
		l.tried = append(l.tried, "agent ("+err.Error()+")")
	}
	used := map[string]bool{}
	for _, f := range h.identities {
		signers, err := l.fileSigners(f, held)
		if err != nil {
			l.close()
			return nil, err
		}
		for _, s := range signers {
			used[string(s.PublicKey().Marshal())] = true
		}
		l.signers = append(l.signers, signers...)
	}
	if h.identitiesOnly {
		return l, nil
	}
	n := 0
	for _, s := range held {
		if !used[string(s.PublicKey().Marshal())] {
			l.signers = append(l.signers, s)
			n++
		}
	}
	if n > 0 {
		l.tried = append(l.tried, fmt.Sprintf("%d keys of the agent", n))
	}
	return l, nil
}

// agentSigners returns the keys that the agent holds.
func (l *login) agentSigners() ([]ssh.Signer, error) {
	if l.hop.agentSocket == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.hop.timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", l.hop.agentSocket)
	if err != nil {
		return nil, errors.New("not reachable")
	}
	l.agent = conn
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, errors.New("does not answer")
	}
	return signers, nil
}

// fileSigners returns what the private key at f signs with: its certificate, if there is one, and
// the key itself. A key that the agent holds too is used from there, without its passphrase.
func (l *login) fileSigners(f identityFile, held []ssh.Signer) ([]ssh.Signer, error) {
	key, err := l.loadKey(f, held)
	if err != nil || key == nil {
		return nil, err
	}
	l.tried = append(l.tried, f.path)
	signers := []ssh.Signer{key}
	text, err := os.ReadFile(f.path + "-cert.pub")
	if err != nil {
		return signers, nil
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	cert, ok := public.(*ssh.Certificate)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s-cert.pub holds no certificate", f.path)
	}
	certified, err := ssh.NewCertSigner(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s-cert.pub: %w", f.path, err)
	}
	return append([]ssh.Signer{certified}, signers...), nil
}

// loadKey reads a private key; nil where it does not exist and need not.
func (l *login) loadKey(f identityFile, held []ssh.Signer) (ssh.Signer, error) {
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		// The private half may be in the agent alone, with only the public one here.
		if public := publicKey(f.path); public != nil {
			if s := find(held, public); s != nil {
				return s, nil
			}
		}
		if !f.must {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("identity file: %w", err)
	}
	key, err := ssh.ParsePrivateKey(text)
	locked, ok := errors.AsType[*ssh.PassphraseMissingError](err)
	switch {
	case err == nil:
		if s := find(held, key.PublicKey()); s != nil {
			return s, nil
		}
		return key, nil
	case !ok && !f.must:
		return nil, nil
	case !ok:
		// The parser's message could quote the file.
		return nil, fmt.Errorf("identity file %s holds no private key that can be read", f.path)
	}
	public := locked.PublicKey
	if public == nil {
		public = publicKey(f.path) // the old PEM format does not say
	}
	if public != nil {
		if s := find(held, public); s != nil {
			return s, nil
		}
	}
	return l.lockedKey(f, text, public)
}

// publicKey reads PATH.pub; nil when there is none.
func publicKey(path string) ssh.PublicKey {
	text, err := os.ReadFile(path + ".pub")
	if err != nil {
		return nil
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return public
}

// find returns the signer of a public key.
func find(signers []ssh.Signer, public ssh.PublicKey) ssh.Signer {
	for _, s := range signers {
		if sameKey(s.PublicKey(), public) {
			return s
		}
	}
	return nil
}

// methods returns the ways to log in, in the order of ssh(1): keys, keyboard-interactive, password.
func (l *login) methods() []ssh.AuthMethod {
	var methods []ssh.AuthMethod
	if len(l.signers) > 0 {
		methods = append(methods, ssh.PublicKeys(l.signers...))
	}
	if l.hop.password != "" {
		l.tried = append(l.tried, "the password")
		methods = append(methods, ssh.KeyboardInteractive(l.answer), ssh.Password(string(l.hop.password)))
	}
	return methods
}

// answer gives the password where a server that knows only questions asks one, unseen.
func (l *login) answer(_, _ string, questions []string, echos []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range questions {
		if len(questions) > 1 || echos[i] {
			return nil, errors.New("the server asks for more than a password")
		}
		answers[i] = string(l.hop.password)
	}
	return answers, nil
}

// err returns what kept a key from being used, if anything did.
func (l *login) err() error { return l.failed }

// String lists what was tried.
func (l *login) String() string {
	if len(l.tried) == 0 {
		return "nothing: no key, no agent, no password"
	}
	return strings.Join(l.tried, ", ")
}

// close lets go of the agent.
func (l *login) close() {
	if l.agent != nil {
		l.agent.Close()
	}
}
