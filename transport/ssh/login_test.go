//go:build unix

package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// startAgent serves keys as ssh-agent does and returns its socket.
func startAgent(t *testing.T, keys ...ed25519.PrivateKey) string {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: k}))
	}
	dir, err := os.MkdirTemp("", "agent")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, c)
		}
	}()
	return l.Addr().String()
}

func newIdentity(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}

func TestLoginWithAgent(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.NoAgent, cfg.AgentSocket = false, startAgent(t, newIdentity(t), s.Identity)
	cfg.IdentityFiles = nil
	dial(t, cfg)
}

func TestLoginWithIdentitiesOnly(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	cfg := config(s)
	cfg.NoAgent, cfg.AgentSocket = false, startAgent(t, s.Identity)
	other := filepath.Join(t.TempDir(), "other")
	sshtest.WriteKey(t, other, newIdentity(t))
	cfg.IdentityFiles = []string{other}
	dial(t, cfg) // the agent's key is offered as well
	cfg.IdentitiesOnly = true
	_, err := ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "login", false)

	// Naming its public half is enough for a key that only the agent has.
	public, err := xssh.NewPublicKey(s.Identity.Public())
	require.NoError(t, err)
	half := filepath.Join(t.TempDir(), "half")
	require.NoError(t, os.WriteFile(half+".pub", xssh.MarshalAuthorizedKey(public), 0o600))
	cfg.IdentityFiles = []string{half}
	dial(t, cfg)
}

func TestLoginWithEncryptedKey(t *testing.T) {
	t.Parallel()
	// Keys that one round of bcrypt protects: ssh-keygen -a 1.
	const file, other = "testdata/locked", "testdata/other_locked"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	key, err := xssh.ParseRawPrivateKeyWithPassphrase(text, []byte("open sesame"))
	require.NoError(t, err)
	s := sshtest.Start(t, sshtest.Options{Identity: key.(*ed25519.PrivateKey)})
	cfg := config(s)
	cfg.IdentityFiles = []string{other, file}

	var asked atomic.Int64
	answer := func(secret ssh.Secret, err error) func(string) (ssh.Secret, error) {
		return func(f string) (ssh.Secret, error) {
			asked.Add(1)
			require.Equal(t, file, f, "only the key that the server wants is unlocked")
			return secret, err
		}
	}
	cfg.Passphrase = answer("open sesame", nil)
	dial(t, cfg)
	require.EqualValues(t, 1, asked.Load())

	cfg.Passphrase = answer("wrong-phrase", nil)
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "login", false)
	require.ErrorContains(t, err, file)
	require.NotContains(t, fmt.Sprintf("%+v %v", err, cfg), "wrong-phrase")

	gone := errors.New("nobody there to ask")
	cfg.Passphrase = answer("", gone)
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "login", false)
	require.ErrorIs(t, err, gone)

	cfg.Passphrase = nil
	_, err = ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "login", false)
	require.ErrorContains(t, err, "encrypted")

	cfg.NoAgent, cfg.AgentSocket = false, startAgent(t, s.Identity)
	dial(t, cfg) // what the agent holds needs no passphrase
}

func TestLoginWithPassword(t *testing.T) {
	t.Parallel()
	for name, interactive := range map[string]bool{"password": false, "interactive": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, sshtest.Options{Password: "let-me-in", Interactive: interactive})
			cfg := config(s)
			cfg.Password = "let-me-in"
			dial(t, cfg)
			cfg.Password = "not-that-one"
			_, err := ssh.Dial(t.Context(), cfg)
			requireConnectError(t, err, "login", false)
			require.NotContains(t, fmt.Sprintf("%+v %#v", err, cfg), "not-that-one")
			cfg.Password = ""
			_, err = ssh.Dial(t.Context(), cfg)
			requireConnectError(t, err, "login", false)
		})
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	s := sshtest.Start(t, sshtest.Options{})
	for name, change := range map[string]func(cfg *ssh.Config){
		"user":        func(cfg *ssh.Config) { cfg.User = "somebody" },
		"missingFile": func(cfg *ssh.Config) { cfg.IdentityFiles = []string{filepath.Join(s.Dir, "missing")} },
		"notAKey":     func(cfg *ssh.Config) { cfg.IdentityFiles = []string{s.KnownHostsFile} },
		"deadAgent": func(cfg *ssh.Config) {
			cfg.User, cfg.NoAgent, cfg.AgentSocket = "somebody", false, filepath.Join(s.Dir, "no-agent")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(s)
			change(&cfg)
			_, err := ssh.Dial(t.Context(), cfg)
			requireConnectError(t, err, "login", false)
		})
	}
}

func TestSecretsPrintRedacted(t *testing.T) {
	t.Parallel()
	cfg := ssh.Config{Host: "cp1", Password: "hunter2", Sudo: &ssh.Sudo{Password: "hunter2"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.NotContains(t, fmt.Sprintf(verb, cfg), "hunter2")
		require.NotContains(t, fmt.Sprintf(verb, cfg), "68756e74657232")
		require.NotContains(t, fmt.Sprintf(verb, *cfg.Sudo), "hunter2")
	}
	text, err := ssh.Secret("hunter2").MarshalText()
	require.NoError(t, err)
	require.Equal(t, "[redacted]", string(text))
	require.Equal(t, "[redacted]", ssh.Secret("hunter2").LogValue().String())
	require.Equal(t, "[redacted]", ssh.Secret("hunter2").String())
}
