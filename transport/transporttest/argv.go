package transporttest

import (
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var argvCases = []Case{
	{"Argv/bytes", argvBytes},
	{"Argv/long", argvLong},
	{"Argv/invalid", argvInvalid},
	{"Env/added", envAdded},
	{"Env/bytes", envBytes},
}

// awkward are arguments that a shell, a prompt or an encoding on the way would change.
func awkward() []string {
	every := make([]byte, 0, 255)
	for b := 1; b < 256; b++ {
		every = append(every, byte(b))
	}
	return []string{
		"", " ", "a b", "  two  ", "tab\there", "line\nbreak", "\n", "trailing\n\n", "\r\n",
		`'`, `''`, `it's`, `"`, `"quoted"`, `'"'"'`, "`id`", "$(id)", "${HOME}", "$HOME", "$$", "$1", "!!", "!a",
		`\`, `\\`, `\n`, `\'`, `a\`, "*", "/*", "?", "[a-z]", "{a,b}", "~", "~root", "#comment", "a;b", "a&b", "a|b", ">file", "<file", "(a)",
		"-", "--", "-n", "-e", "--help", "-x y", "=", "A=B", "%s", "%d%n", "\x01", "\x7f", "\x1b[31m",
		"\xff\xfe", "\xc3\x28", "\x80", "\x81\x82\x83\x84\x85\x86\x87\x88", "ü", "日本語", "\u2028", "a\\\nb", "EOF", "'\n'",
		string(every),
	}
}

func argvBytes(t *testing.T, h Host) {
	tr := connect(t, h)
	args := awkward()
	res := run(t, tr, append([]string{"printf", "[%s]"}, args...)...)
	require.Zero(t, res.ExitCode)
	require.Equal(t, "["+strings.Join(args, "][")+"]", string(res.Stdout))
	require.Empty(t, string(res.Stderr))
	// Each alone as well: one argument must not protect the next.
	for _, a := range []string{"", "\n", `'`, `\`, "-n", string([]byte{0xff})} {
		require.Equal(t, "["+a+"]", string(run(t, tr, "printf", "[%s]", a).Stdout))
	}
}

func argvLong(t *testing.T, h Host) {
	tr := connect(t, h)
	// Linux takes 128 KiB in one argument (MAX_ARG_STRLEN), NUL included.
	one := strings.Repeat("0123456789abcde'", 120<<10/16)
	res := run(t, tr, "printf", "[%s]", one)
	require.True(t, "["+one+"]" == string(res.Stdout), "an argument of %d bytes arrived as %d", len(one), len(res.Stdout)-2)
	args := make([]string, 32)
	for i := range args {
		args[i] = strings.Repeat(string(rune('a'+i%26)), 16<<10)
	}
	res = run(t, tr, append([]string{"printf", "[%s]"}, args...)...)
	require.True(t, "["+strings.Join(args, "][")+"]" == string(res.Stdout), "512 KiB of arguments arrived as %d bytes", len(res.Stdout))
}

func argvInvalid(t *testing.T, h Host) {
	tr := connect(t, h)
	for _, cmd := range []transport.Command{
		{},
		{Argv: []string{""}},
		{Argv: []string{"printf", "a\x00b"}},
		{Argv: []string{"env"}, Env: []string{"NOVALUE"}},
		{Argv: []string{"env"}, Env: []string{"=x"}},
		{Argv: []string{"env"}, Env: []string{"A=\x00"}},
	} {
		_, err := tr.Run(limited(t), cmd)
		require.Error(t, err, "%q %q", cmd.Argv, cmd.Env)
	}
}

func envAdded(t *testing.T, h Host) {
	tr := connect(t, h)
	res, err := tr.Run(limited(t), transport.Command{Argv: []string{"env"}, Env: []string{"QUORATE_ONE=1", "QUORATE_EMPTY="}})
	require.NoError(t, err)
	got := strings.Split(string(res.Stdout), "\n")
	require.Contains(t, got, "QUORATE_ONE=1")
	require.Contains(t, got, "QUORATE_EMPTY=")
	require.Contains(t, string(res.Stdout), "PATH=", "the host's own environment stays")
	require.NotContains(t, string(run(t, tr, "env").Stdout), "QUORATE_ONE", "a setting is for one command")
}

func envBytes(t *testing.T, h Host) {
	tr := connect(t, h)
	env := []string{
		`QUORATE_QUOTES='"$(id)\`, "QUORATE_SPACE= a  b ", "QUORATE_LINES=a\nb", "QUORATE_EQUALS=a=b=c",
		"QUORATE_BYTES=\xff\x81", "quorate.dotted-name=v",
	}
	res, err := tr.Run(limited(t), transport.Command{Argv: []string{"env"}, Env: env})
	require.NoError(t, err)
	for _, kv := range env {
		require.Contains(t, "\n"+string(res.Stdout), "\n"+kv+"\n")
	}
}
