//go:build unix

package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sshtest"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
	xssh "golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// newKey returns a key that no server has.
func newKey(t *testing.T) xssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := xssh.NewSignerFromSigner(key)
	require.NoError(t, err)
	return signer
}

// authorized is a key as known_hosts writes it.
func authorized(key xssh.PublicKey) string {
	return strings.TrimSpace(string(xssh.MarshalAuthorizedKey(key)))
}

func TestHostKeyAccepted(t *testing.T) {
	t.Parallel()
	authority := newKey(t)
	for name, c := range map[string]struct {
		opts  sshtest.Options
		lines func(s *sshtest.Server, key string) string
		alias string
	}{
		"plain":           {lines: func(s *sshtest.Server, _ string) string { return s.KnownHostsLine() }},
		"amongOthers":     {opts: sshtest.Options{MoreHostKeys: true}, lines: func(s *sshtest.Server, _ string) string { return s.KnownHostsLine() }},
		"hashed":          {lines: func(s *sshtest.Server, key string) string { return knownhosts.HashHostname(entry(s)) + " " + key }},
		"wildcard":        {lines: func(s *sshtest.Server, key string) string { return fmt.Sprintf("other,[127.0.0.?]:%d %s", s.Port, key) }},
		"nameWithoutPort": {lines: func(_ *sshtest.Server, key string) string { return "127.0.0.1 " + key }},
		"alias":           {lines: func(_ *sshtest.Server, key string) string { return "Node-One " + key }, alias: "node-one"},
		"secondOfTwo": {lines: func(s *sshtest.Server, key string) string {
			return entry(s) + " " + authorized(authority.PublicKey()) + "\n" + entry(s) + " " + key
		}},
		"linesNobodyKnows": {lines: func(s *sshtest.Server, key string) string {
			return "# comment\n\nx y\n" + entry(s) + " ssh-new AAAA\n@new * ssh-ed25519 AAAA\n" + entry(s) + " " + key + " comment with words"
		}},
		"certificate": {opts: sshtest.Options{HostCertificate: authority, Principals: []string{"127.0.0.1"}}, lines: func(_ *sshtest.Server, _ string) string {
			return "@cert-authority * " + authorized(authority.PublicKey())
		}},
		"anotherKeyRevoked": {lines: func(s *sshtest.Server, key string) string {
			return "@revoked * " + authorized(authority.PublicKey()) + "\n" + entry(s) + " " + key
		}},
		"revokedElsewhere": {lines: func(s *sshtest.Server, key string) string {
			return "@revoked elsewhere " + key + "\n" + entry(s) + " " + key
		}},
		"windowsLineEndings": {lines: func(s *sshtest.Server, _ string) string { return s.KnownHostsLine() + "\r\n" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, c.opts)
			cfg := config(s)
			cfg.HostKeyAlias = c.alias
			cfg.KnownHostsFiles = []string{knownHostsFile(t, c.lines(s, authorized(s.HostKey)))}
			dial(t, cfg)
		})
	}
}

func entry(s *sshtest.Server) string { return fmt.Sprintf("[%s]:%d", s.Host, s.Port) }

func knownHostsFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known_hosts")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestHostKeyRefused(t *testing.T) {
	t.Parallel()
	other := newKey(t)
	otherKey := authorized(other.PublicKey())
	for name, c := range map[string]struct {
		opts  sshtest.Options
		lines func(s *sshtest.Server, key string) string
		want  error
		line  int
	}{
		"emptyFile":      {lines: func(*sshtest.Server, string) string { return "" }, want: ssh.ErrHostKeyUnknown},
		"otherHost":      {lines: func(_ *sshtest.Server, key string) string { return "elsewhere " + key }, want: ssh.ErrHostKeyUnknown},
		"otherPort":      {lines: func(_ *sshtest.Server, key string) string { return "[127.0.0.1]:1 " + key }, want: ssh.ErrHostKeyUnknown},
		"otherOnPort22":  {lines: func(*sshtest.Server, string) string { return "127.0.0.1 " + otherKey }, want: ssh.ErrHostKeyUnknown},
		"negated":        {lines: func(s *sshtest.Server, key string) string { return "*,!" + entry(s) + " " + key }, want: ssh.ErrHostKeyUnknown},
		"changed":        {lines: func(s *sshtest.Server, _ string) string { return "# first\n" + entry(s) + " " + otherKey }, want: ssh.ErrHostKeyChanged, line: 2},
		"revoked":        {lines: func(s *sshtest.Server, key string) string { return entry(s) + " " + key + "\n\n@revoked * " + key }, want: ssh.ErrHostKeyRevoked, line: 3},
		"authorityAsKey": {lines: func(s *sshtest.Server, key string) string { return "@cert-authority " + entry(s) + " " + key }, want: ssh.ErrHostKeyChanged, line: 1},
		"revokedAuthority": {opts: sshtest.Options{HostCertificate: other}, lines: func(*sshtest.Server, string) string {
			return "@cert-authority * " + otherKey + "\n@revoked * " + otherKey
		}, want: ssh.ErrHostKeyRevoked, line: 2},
		"otherAuthority": {opts: sshtest.Options{HostCertificate: newKey(t)}, lines: func(*sshtest.Server, string) string { return "@cert-authority * " + otherKey }, want: ssh.ErrHostKeyChanged, line: 1},
		"typeNotOffered": {lines: func(s *sshtest.Server, _ string) string { return entry(s) + " " + ecdsaKey }, want: ssh.ErrHostKeyChanged, line: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, c.opts)
			cfg := config(s)
			file := knownHostsFile(t, c.lines(s, authorized(s.HostKey)))
			cfg.KnownHostsFiles = []string{file}
			_, err := ssh.Dial(t.Context(), cfg)
			require.ErrorIs(t, err, c.want)
			requireConnectError(t, err, "handshake", false)
			refused, ok := errors.AsType[*ssh.HostKeyError](err)
			require.True(t, ok)
			require.Equal(t, entry(s), refused.Name)
			// A server without a key of a known type does not get to show the one it has.
			if name != "typeNotOffered" && name != "authorityAsKey" {
				require.Equal(t, xssh.FingerprintSHA256(s.HostKey), refused.Fingerprint)
				require.Contains(t, err.Error(), refused.Fingerprint)
			}
			if c.line > 0 {
				require.Len(t, refused.Known, 1)
				require.Equal(t, c.line, refused.Known[0].Line)
				require.Contains(t, err.Error(), fmt.Sprintf("%s:%d", file, c.line))
			} else {
				require.Empty(t, refused.Known)
				require.Contains(t, err.Error(), file)
			}
			require.Zero(t, s.Logins(), "nothing was sent to a server that is not known")
		})
	}
}

// ecdsaKey is a host key of a type that the test server does not have by default.
const ecdsaKey = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAfM2lw1Q2lro7wdauJKUyKdPknpvDSL0+OQsg2oJGrP7O4M/bN/ayKY5d8ioNCrz7dakL023tdAf8nDQGbWRhk="

func TestHostCertificateForAnotherName(t *testing.T) {
	t.Parallel()
	authority := newKey(t)
	s := sshtest.Start(t, sshtest.Options{HostCertificate: authority, Principals: []string{"elsewhere"}})
	cfg := config(s)
	cfg.KnownHostsFiles = []string{knownHostsFile(t, "@cert-authority * "+authorized(authority.PublicKey()))}
	_, err := ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "handshake", false)
	require.ErrorContains(t, err, "principal")
}

func TestKnownHostsFileMissing(t *testing.T) {
	t.Parallel()
	cfg := config(sshtest.Start(t, sshtest.Options{}))
	cfg.KnownHostsFiles = []string{filepath.Join(t.TempDir(), "missing")}
	_, err := ssh.Dial(t.Context(), cfg)
	requireConnectError(t, err, "handshake", false)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// requireConnectError checks the type of error that callers decide by.
func requireConnectError(t *testing.T, err error, op string, temporary bool) {
	t.Helper()
	e, ok := errors.AsType[*transport.ConnectError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, op, e.Op, "%v", err)
	require.Equal(t, temporary, e.Temporary, "%v", err)
	require.Equal(t, "cp1", e.Host)
}
