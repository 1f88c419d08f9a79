package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrUnknownOutcome means that the connection was lost after a command was sent and before its
// exit code came back. The command may have run, may be running, or may never have started: ask
// the host for its state before doing it again.
var ErrUnknownOutcome = errors.New("connection lost: the command may or may not have run")

// ErrNotStarted means that a program could not be started: it does not exist or may not be executed.
var ErrNotStarted = errors.New("program could not be started")

// ErrClosed is returned by calls on a Transport that was closed.
var ErrClosed = errors.New("transport is closed")

// ConnectError says that a host could not be reached or did not let us in.
// Trying again may help when Temporary is true (no route, refused, timed out), and will not when
// it is false (wrong host key, no accepted login, no sudo). Nothing was run.
type ConnectError struct {
	// Host is the name that the host was asked for by.
	Host string
	// Op is what was tried: "dial" (the network, or a jump host on the way), "handshake" (keys and
	// host key), "login", "session" (the server gave no channel to run something in, or its login
	// shell did not start what it was told to), "sudo".
	Op string
	// Temporary says whether the same attempt may succeed later.
	Temporary bool
	// Err is the cause.
	Err error
}

func (e *ConnectError) Error() string {
	return fmt.Sprintf("transport: %s %s: %v", e.Op, e.Host, e.Err)
}

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// ExitError says that a command ran and exited with another code than 0.
// Error shows the end of its standard error, or of its standard output where that was empty;
// nothing of either when the command was Sensitive.
type ExitError struct {
	Host     string
	Argv     []string
	ExitCode int
	// Stdout and Stderr are the whole output; empty for a sensitive command.
	Stdout, Stderr []byte
	sensitive      bool
}

func (e *ExitError) Error() string {
	var b strings.Builder
	b.WriteString("transport: ")
	if e.Host != "" {
		b.WriteString(e.Host + ": ")
	}
	b.WriteString(e.command())
	fmt.Fprintf(&b, ": exit code %d", e.ExitCode)
	if tail := lastLines(string(e.Stderr), string(e.Stdout)); tail != "" {
		b.WriteString(": " + tail)
	}
	return b.String()
}

func (e *ExitError) command() string {
	if e.sensitive && len(e.Argv) > 0 {
		return e.Argv[0] + " [redacted]"
	}
	return strings.Join(e.Argv, " ")
}

// errorLines is how many lines of a failed command's output its error shows.
const errorLines = 8

// lastLines joins the last lines of the first of the texts that has any.
func lastLines(texts ...string) string {
	for _, text := range texts {
		lines := strings.FieldsFunc(strings.TrimSpace(text), func(r rune) bool { return r == '\n' || r == '\r' })
		if len(lines) == 0 {
			continue
		}
		if omitted := len(lines) - errorLines; omitted > 0 {
			lines = append([]string{fmt.Sprintf("(%d lines omitted)", omitted)}, lines[omitted:]...)
		}
		return strings.Join(lines, " | ")
	}
	return ""
}

// Output runs argv on t and returns its standard output. Another exit code than 0 is an *ExitError
// that names host.
func Output(ctx context.Context, t Transport, host string, argv ...string) ([]byte, error) {
	res, err := RunOK(ctx, t, host, Command{Argv: argv})
	return res.Stdout, err
}

// RunOK runs cmd on t and turns another exit code than 0 into an *ExitError that names host.
func RunOK(ctx context.Context, t Transport, host string, cmd Command) (Result, error) {
	res, err := t.Run(ctx, cmd)
	if err != nil {
		return res, err
	}
	if res.ExitCode == 0 {
		return res, nil
	}
	e := &ExitError{Host: host, Argv: cmd.Argv, ExitCode: res.ExitCode, Stdout: res.Stdout, Stderr: res.Stderr, sensitive: cmd.Sensitive}
	if cmd.Sensitive {
		e.Argv, e.Stdout, e.Stderr = cmd.Argv[:min(1, len(cmd.Argv))], nil, nil
	}
	return res, e
}
