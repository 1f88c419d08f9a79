package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

// Sudo says that programs are run by sudo.
type Sudo struct {
	// Password is given to sudo if it asks; empty: sudo must not ask.
	Password string
}

// Runner runs commands and moves files on one host. It is safe for concurrent use if its Starters are.
type Runner struct {
	// Package and Host begin every error: "ssh: run cp1: ...".
	Package, Host string
	// Start starts a command's shell, StartKill one that ends another's process group: it must
	// not wait for commands under way.
	Start, StartKill Starter
	// Sudo is nil where the login user runs everything.
	Sudo *Sudo
}

// Run implements transport.Transport.
func (r *Runner) Run(ctx context.Context, cmd transport.Command) (transport.Result, error) {
	if err := cmd.Validate(); err != nil {
		return transport.Result{}, fmt.Errorf("%s: run %s: %w", r.Package, r.Host, err)
	}
	var out, errs collector
	nonce := newNonce()
	j := job{nonce: nonce, script: commandScript(nonce, cmd), stdin: cmd.Stdin, stdout: cmd.Stdout, stderr: cmd.Stderr}
	j.collect(&out, &errs)
	code, err := r.converse(ctx, j, r.Start)
	if err != nil {
		return transport.Result{}, r.wrap("run", cmd.Argv[0], err)
	}
	return transport.Result{ExitCode: code, Stdout: out.take(), Stderr: errs.take()}, nil
}

// ReadFile implements transport.Transport.
func (r *Runner) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if err := transport.ValidatePath(path); err != nil {
		return nil, fmt.Errorf("%s: read %s: %w", r.Package, r.Host, err)
	}
	var out, errs collector
	nonce := newNonce()
	done := nonce + ".end"
	code, err := r.converse(ctx, job{nonce: nonce, script: readScript(path, done), stdout: &out, stderr: &errs}, r.Start)
	if err == nil {
		err = fileError(code, string(errs.take()))
	}
	content, whole := bytes.CutSuffix(out.take(), []byte(done+"\n"))
	if err == nil && !whole {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, r.wrap("read", path, err)
	}
	return content, nil
}

// WriteFile implements transport.Transport.
func (r *Runner) WriteFile(ctx context.Context, f transport.File) error {
	if err := f.Validate(); err != nil {
		return fmt.Errorf("%s: write %s: %w", r.Package, r.Host, err)
	}
	var errs collector
	nonce := newNonce()
	j := job{nonce: nonce, script: writeScript(f, nonce), undo: "rm -f " + Quote(tempName(f.Path, nonce)), stdin: bytes.NewReader(f.Data), stdout: io.Discard, stderr: &errs}
	code, err := r.converse(ctx, j, r.Start)
	if err == nil {
		err = fileError(code, string(errs.take()))
	}
	if err != nil {
		return r.wrap("write", f.Path, err)
	}
	return nil
}

// kill ends the process group of a command and runs undo. It has its own time limit: the caller's
// has ended.
func (r *Runner) kill(ctx context.Context, h header, undo string) error {
	nonce := newNonce()
	j := job{nonce: nonce, script: killScript(h.target, h.start, undo), stdout: io.Discard, stderr: io.Discard}
	_, err := r.converse(ctx, j, r.StartKill)
	return err
}

// wrap adds the place to err. A *transport.ConnectError names its host already.
func (r *Runner) wrap(op, what string, err error) error {
	if _, ok := errors.AsType[*transport.ConnectError](err); ok {
		return err
	}
	return fmt.Errorf("%s: %s %s: %s: %w", r.Package, op, r.Host, what, err)
}

// fileError turns the exit code of a file script into an error.
func fileError(code int, stderr string) error {
	switch code {
	case 0:
		return nil
	case exitNotExist:
		return fs.ErrNotExist
	case exitPermission:
		return fs.ErrPermission
	case exitDirectory:
		return errors.New("is a directory")
	case exitNotDir:
		return errors.New("a parent is not a directory")
	case exitTruncated:
		return io.ErrUnexpectedEOF
	}
	text := strings.Join(strings.FieldsFunc(strings.TrimSpace(stderr), func(c rune) bool { return c == '\n' }), " | ")
	return fmt.Errorf("the host's shell ended with code %d: %s", code, text)
}
