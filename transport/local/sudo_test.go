//go:build unix

package local_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/sudotest"
	"github.com/quorate-dev/quorate/transport/local"
	"github.com/quorate-dev/quorate/transport/transporttest"
	"github.com/stretchr/testify/require"
)

const password = "correct-horse"

func withPassword(p string) local.Config {
	return local.Config{Sudo: &local.Sudo{Password: func() (string, error) { return p, nil }}}
}

// install puts the sudo of the test first. PATH belongs to the process: tests that use it take turns.
func install(t *testing.T, s sudotest.Sudo) *sudotest.Installed {
	sudo := sudotest.Install(t, s)
	t.Setenv("PATH", sudo.Bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return sudo
}

// TestSudoConformance runs the cases again that sudo could get in the way of.
func TestSudoConformance(t *testing.T) {
	sudo := install(t, sudotest.Sudo{Password: password})
	selected := regexp.MustCompile(`^(Argv|Env|Std|NotStarted|Cancel|ReadFile|WriteFile|Large|Close|Leak)/`)
	for _, c := range transporttest.Cases() {
		if !selected.MatchString(c.Name) {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			h := host(t, withPassword(password))
			h.Large = 4 << 20
			c.Run(t, h)
		})
	}
	t.Cleanup(func() { require.NotContains(t, sudo.Log(t), password) })
}

func TestSudoRefused(t *testing.T) {
	for name, c := range map[string]struct {
		sudo sudotest.Sudo
		cfg  local.Config
		says string
	}{
		"denied":         {sudotest.Sudo{Denied: true}, local.Config{Sudo: &local.Sudo{}}, "not in the sudoers file"},
		"passwordNeeded": {sudotest.Sudo{Password: password}, local.Config{Sudo: &local.Sudo{}}, "a password is required"},
		"wrongPassword":  {sudotest.Sudo{Password: password}, withPassword("battery-staple"), "did not accept the password"},
		"missing":        {sudotest.Sudo{Missing: true}, local.Config{Sudo: &local.Sudo{}}, "127"},
	} {
		t.Run(name, func(t *testing.T) {
			install(t, c.sudo)
			_, err := local.New(t.Context(), c.cfg)
			e, ok := errors.AsType[*transport.ConnectError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, "sudo", e.Op)
			require.False(t, e.Temporary)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, fmt.Sprintf("%+v", err), password)
			require.NotContains(t, fmt.Sprintf("%+v", err), "battery-staple")
		})
	}
}

func TestSudoPasswordNotHad(t *testing.T) {
	t.Parallel()
	gone := errors.New("nobody there to ask")
	_, err := local.New(t.Context(), local.Config{Sudo: &local.Sudo{Password: func() (string, error) { return "", gone }}})
	require.ErrorIs(t, err, gone)
}
