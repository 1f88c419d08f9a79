//go:build unix

package sshtest

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sudo is how the sudo on a server behaves.
type Sudo struct {
	// Password is what it asks for; empty: it does not ask.
	Password string
	// Denied says that the user may not use it.
	Denied bool
}

//go:embed sudo.sh
var sudoScript []byte

// installSudo puts the script and its settings into a directory that commands have in their PATH.
func (s *Server) installSudo(t testing.TB, sudo Sudo) {
	bin := filepath.Join(s.Dir, "bin")
	require.NoError(t, os.Mkdir(bin, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sudo"), sudoScript, 0o755))
	if sudo.Password != "" {
		require.NoError(t, os.WriteFile(filepath.Join(s.Dir, "sudo.password"), []byte(sudo.Password), 0o600))
	}
	if sudo.Denied {
		require.NoError(t, os.WriteFile(filepath.Join(s.Dir, "sudo.denied"), nil, 0o600))
	}
	s.path = bin + string(filepath.ListSeparator) + s.path
}

// SudoLog is what sudo was called with so far: arguments and environment.
func (s *Server) SudoLog(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "sudo.log"))
	require.NoError(t, err)
	return string(text)
}

// RemoveSudo makes the server one without sudo, also without the machine's own.
func (s *Server) RemoveSudo(t testing.TB) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.Dir, "bin", "sudo"), []byte("#!/bin/sh\necho 'sh: sudo: not found' >&2\nexit 127\n"), 0o755))
}
