package transporttest

import (
	"path"
	"strconv"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var exitCases = []Case{
	{"Exit/codes", exitCodes},
	{"Exit/shellCodes", exitShellCodes},
	{"Exit/signals", exitSignals},
	{"Exit/background", exitBackground},
	{"NotStarted/missing", notStartedMissing},
	{"NotStarted/notExecutable", notStartedNotExecutable},
	{"NotStarted/interpreter", notStartedInterpreter},
}

func exitCodes(t *testing.T, h Host) {
	tr := connect(t, h)
	require.Equal(t, 0, run(t, tr, "true").ExitCode)
	require.Equal(t, 1, run(t, tr, "false").ExitCode)
	require.Equal(t, 0, run(t, tr, "test", "-e", h.Dir).ExitCode)
	require.Equal(t, 1, run(t, tr, "test", "-e", path.Join(h.Dir, "nothing")).ExitCode)
	// A program may itself exit with what shells use for "not found".
	require.Equal(t, 127, run(t, tr, "env", "quorate-no-such-program").ExitCode)
}

func exitShellCodes(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	for _, code := range []int{0, 1, 2, 3, 64, 90, 100, 125, 126, 127, 128, 129, 254, 255} {
		res := run(t, tr, "sh", "-c", "echo out; exit "+strconv.Itoa(code))
		require.Equal(t, code, res.ExitCode)
		require.Equal(t, "out\n", string(res.Stdout))
	}
}

func exitSignals(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	for name, code := range map[string]int{"HUP": 129, "INT": 130, "ABRT": 134, "KILL": 137, "SEGV": 139, "TERM": 143} {
		require.Equal(t, code, run(t, tr, "sh", "-c", "ulimit -c 0; kill -"+name+" $$").ExitCode, name)
	}
}

// exitBackground: what a command leaves behind does not keep Run from returning.
func exitBackground(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	done := background(limited(t), tr, transport.Command{Argv: []string{"sh", "-c", "sleep 60 & echo started; exit 5"}})
	o := await(t, done, "a command that left a child behind")
	require.NoError(t, o.err)
	require.Equal(t, 5, o.res.ExitCode)
	require.Equal(t, "started\n", string(o.res.Stdout))
}

func requireNotStarted(t *testing.T, tr transport.Transport, argv ...string) {
	t.Helper()
	for _, env := range [][]string{nil, {"QUORATE_X=1"}} {
		res, err := tr.Run(limited(t), transport.Command{Argv: argv, Env: env})
		require.ErrorIs(t, err, transport.ErrNotStarted, "%q exit code %d, %s", argv, res.ExitCode, res.Stderr)
		require.NotErrorIs(t, err, transport.ErrUnknownOutcome)
		require.Contains(t, err.Error(), argv[0], "the error names the program")
	}
}

func notStartedMissing(t *testing.T, h Host) {
	tr := connect(t, h)
	requireNotStarted(t, tr, "quorate-no-such-program")
	requireNotStarted(t, tr, "quorate-no-such-program", "arg")
	requireNotStarted(t, tr, path.Join(h.Dir, "no-such-program"))
	requireNotStarted(t, tr, "quorate no such 'program'")
	requireNotStarted(t, tr, "-n")
}

func notStartedNotExecutable(t *testing.T, h Host) {
	tr := connect(t, h)
	file := path.Join(h.Dir, "file")
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: file, Data: []byte("true\n"), Mode: 0o644}))
	requireNotStarted(t, tr, file)
	requireNotStarted(t, tr, h.Dir)
}

func notStartedInterpreter(t *testing.T, h Host) {
	h.needs(t, Shell)
	tr := connect(t, h)
	script := path.Join(h.Dir, "script")
	require.NoError(t, tr.WriteFile(limited(t), transport.File{Path: script, Data: []byte("#!/nonexistent/interpreter\n"), Mode: 0o755}))
	_, err := tr.Run(limited(t), transport.Command{Argv: []string{script}})
	require.ErrorIs(t, err, transport.ErrNotStarted)
}
