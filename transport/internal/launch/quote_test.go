//go:build unix

package launch

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shells are the POSIX shells that this machine has; sh is always among them.
func shells() []string {
	found := []string{"sh"}
	for _, name := range []string{"dash", "bash", "mksh", "ksh", "zsh", "busybox"} {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	return found
}

// shell is a command that runs text in the named shell.
func shell(name, text string) *exec.Cmd {
	if name == "busybox" {
		return exec.Command("busybox", "sh", "-c", text)
	}
	return exec.Command(name, "-c", text)
}

var awkward = []string{
	"", " ", "a", "it's", "''", `"`, `\`, `\'`, "$(id)", "`id`", "$HOME", "!!", "a\nb", "\n", "*", "~", "-n", "\x01\x7f",
	"\x81\x82\x83\x84\x85\x86\x87\x88", "\xff\xfe", "ü", "a'b'c", "'\\''", strings.Repeat("'", 1000),
}

func TestQuote(t *testing.T) {
	t.Parallel()
	require.Equal(t, `''`, Quote(""))
	require.Equal(t, `'a b'`, Quote("a b"))
	require.Equal(t, `'it'\''s'`, Quote("it's"))
	require.Equal(t, `'a' '' '$b'`, QuoteAll([]string{"a", "", "$b"}))
	for _, name := range shells() {
		out, err := shell(name, "for a in "+QuoteAll(awkward)+`; do printf '[%s]' "$a"; done`).Output()
		require.NoError(t, err, name)
		require.Equal(t, "["+strings.Join(awkward, "][")+"]", string(out), name)
	}
}

// FuzzQuote: a real shell reads back what was quoted, whatever it is.
func FuzzQuote(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) || len(s) > 64<<10 {
			return
		}
		out, err := exec.Command("sh", "-c", "printf %s "+Quote(s)).Output()
		require.NoError(t, err)
		require.Equal(t, s, string(out))
	})
}
