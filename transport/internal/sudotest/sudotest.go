//go:build unix

package sudotest

import (
	_ "embed"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sudo is how sudo behaves.
type Sudo struct {
	// Password is what it asks for; empty: it does not ask.
	Password string
	// Denied says that the user may not use it.
	Denied bool
	// Missing says that the host has no sudo; one that the machine has is hidden.
	Missing bool
}

// Installed is a sudo in place.
type Installed struct {
	// Bin is the directory to put first into PATH.
	Bin string
	log string
}

//go:embed sudo.sh
var script string

// Install puts the script into a directory of its own, which is removed with the test.
func Install(t testing.TB, s Sudo) *Installed {
	t.Helper()
	dir := t.TempDir()
	in := &Installed{Bin: filepath.Join(dir, "bin"), log: filepath.Join(dir, "log")}
	text := "#!/bin/sh\nSUDO_TEST_DIR='" + dir + "'\n" + script
	if s.Missing {
		text = "#!/bin/sh\necho 'sh: sudo: not found' >&2\nexit 127\n"
	}
	require.NoError(t, os.Mkdir(in.Bin, 0o755))
	WriteScript(t, filepath.Join(in.Bin, "sudo"), text)
	if s.Password != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "password"), []byte(s.Password), 0o600))
	}
	if s.Denied {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "denied"), nil, 0o600))
	}
	return in
}

// WriteScript writes an executable script. No process is started meanwhile: it would inherit the
// open file for a moment, and the kernel executes no file that somebody may still write to.
func WriteScript(t testing.TB, path, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
}

// Log is what sudo was called with so far: arguments and environment.
func (in *Installed) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(in.log)
	require.NoError(t, err)
	return string(text)
}
