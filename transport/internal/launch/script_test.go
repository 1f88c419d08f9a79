//go:build unix

package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

// feed runs the receiving end in a shell, gives it input and announces size bytes of script.
func feed(t *testing.T, name string, size int, input string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := shell(name, fmt.Sprintf(receive, "qNONCE", size))
	cmd.Stdin = strings.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ok := err.(*exec.ExitError); !ok {
		require.NoError(t, err)
	}
	_, stdout, _ = strings.Cut(out.String(), "\n") // the header
	_, stderr, _ = strings.Cut(errs.String(), "\n")
	return stdout, stderr, cmd.ProcessState.ExitCode()
}

func TestCommandScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		file := filepath.Join(dir, name)
		// A process started meanwhile would inherit the open file, which is then "busy".
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
		return file
	}
	script := write("script", "#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 127\n", 0o755)
	equals := write("a=b", "#!/bin/sh\nprintf '[%s]' \"$X\" \"$@\"\n", 0o755)
	dash := write("-dash", "#!/bin/sh\nprintf '[%s]' \"$@\"\n", 0o755)
	plain := write("plain", "true\n", 0o644)
	broken := write("broken", "#!/nonexistent/interpreter\n", 0o755)
	const marked = "qNONCE!"
	for _, c := range []struct {
		argv, env []string
		input     string
		out       string
		code      int
	}{
		{argv: []string{"printf", "[%s]", "a b", ""}, out: "[a b][]"},
		{argv: []string{"cat"}, input: "rest of the input", out: "rest of the input"},
		{argv: []string{script, "x"}, out: "[x]", code: 127},
		{argv: []string{"printenv", "A.B"}, env: []string{"A.B=c d"}, out: "c d\n"},
		{argv: []string{equals, "y"}, env: []string{"X=x y"}, out: "[x y][y]"},
		{argv: []string{dash, "z"}, out: "[z]"},
		{argv: []string{"sh", "-c", "exit 126"}, code: 126},
		{argv: []string{"quorate-no-such-program"}, out: marked + "missing\n", code: 127},
		{argv: []string{"-dash"}, out: marked + "missing\n", code: 127},
		{argv: []string{dir + "/nothing"}, out: marked + "missing\n", code: 127},
		{argv: []string{plain}, out: marked + "not-executable\n", code: 127},
		{argv: []string{dir}, out: marked + "not-executable\n", code: 127},
		{argv: []string{broken}, out: marked + "not-executable\n", code: 127},
		{argv: []string{plain}, env: []string{"A=b"}, out: marked + "not-executable\n", code: 127},
	} {
		text := commandScript("qNONCE", transport.Command{Argv: c.argv, Env: c.env})
		for _, name := range shells() {
			if name == "zsh" {
				continue // only ever a login shell
			}
			out, _, code := feed(t, name, len(text), text+c.input)
			require.Equal(t, c.out, out, "%s: %q", name, c.argv)
			require.Equal(t, c.code, code, "%s: %q", name, c.argv)
		}
	}
}

// TestTruncatedScript: a shell that gets only a part of the script runs nothing of it, wherever
// the connection broke.
func TestTruncatedScript(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := commandScript("qNONCE", transport.Command{Argv: []string{"mkdir", dir + "/a", dir + "/b c"}, Env: []string{"A=b"}})
	for n := range len(text) {
		if n%7 != 0 && n < len(text)-40 {
			continue
		}
		feed(t, "sh", len(text), text[:n])
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, entries, "after %d of %d bytes", n, len(text))
	}
	_, stderr, code := feed(t, "sh", len(text), text)
	require.Zero(t, code, stderr)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "the whole script does it")
}

// startTime is what the kernel says about when a process was started.
func startTime(t *testing.T, pid int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /proc: start times are not known here")
	}
	require.NoError(t, err)
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[19]
}

// TestKillScriptSparesOthers: a process group whose number was given away again is not ended.
func TestKillScriptSparesOthers(t *testing.T) {
	t.Parallel()
	sleeper := exec.Command("sleep", "3600")
	sleeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, sleeper.Start())
	ended := make(chan error, 1)
	go func() { ended <- sleeper.Wait() }()
	pgid, start := fmt.Sprint(sleeper.Process.Pid), startTime(t, sleeper.Process.Pid)

	require.NoError(t, exec.Command("sh", "-c", killScript("-"+pgid, start+"1", "")).Run())
	require.NoError(t, syscall.Kill(sleeper.Process.Pid, 0))
	require.Empty(t, ended)
	require.NoError(t, exec.Command("sh", "-c", killScript("-"+pgid, start, "")).Run())
	require.Error(t, <-ended, "and the right one is")
}

// TestKillScriptClearsUp: a writer that got past TERM and had to be killed leaves nothing behind. A
// shell that is forked at the moment of TERM may do so: its child has not forgotten the traps yet.
func TestKillScriptClearsUp(t *testing.T) {
	t.Parallel()
	temp := filepath.Join(t.TempDir(), "it's half written")
	writer := exec.Command("sh", "-c", `trap "" TERM; echo; exec cat >"$1"`, "sh", temp)
	writer.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := writer.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	stdout, err := writer.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, writer.Start())
	_, err = stdout.Read(make([]byte, 1)) // TERM is ignored by now
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- writer.Wait() }()
	require.Eventually(t, func() bool { _, err := os.Stat(temp); return err == nil }, 10*time.Second, time.Millisecond)

	script := killScript(fmt.Sprint(-writer.Process.Pid), startTime(t, writer.Process.Pid), "rm -f "+Quote(temp))
	require.NoError(t, exec.Command("sh", "-c", script).Run())
	require.ErrorContains(t, <-ended, "killed")
	require.NoFileExists(t, temp)
}

// TestContextError: a closed Transport is not the caller's cancellation.
func TestContextError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(transport.ErrClosed)
	require.ErrorIs(t, ContextError(ctx), transport.ErrClosed)
	require.NotErrorIs(t, ContextError(ctx), context.Canceled)

	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(os.ErrInvalid)
	require.ErrorIs(t, ContextError(ctx), context.Canceled)
	require.ErrorIs(t, ContextError(ctx), os.ErrInvalid)

	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(nil)
	require.ErrorIs(t, ContextError(ctx), context.Canceled)
}
