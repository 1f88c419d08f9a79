package transport

import (
	"context"
	"io"
	"io/fs"
	"net"
)

// Transport works on one host: it runs commands, reads and writes files and opens connections there.
//
// Every method honours its context: when it ends, the method returns promptly, and a command
// that is still running on the host is ended together with all its children (its process group).
// A Transport is safe for concurrent use. Commands and file operations run with the rights of
// root when the implementation was set up so (by logging in as root, or through sudo).
//
// transporttest.Run is the contract as a test; an implementation that passes it can be used by
// every package of this module.
type Transport interface {
	// Run runs cmd to its exit and returns how it ended. A command that ran and exited with
	// another code than 0 is not an error: the code is in the Result (128+n where signal n
	// ended it). An error means that there is no exit code: the host could not be reached, the
	// program could not be started (an error that wraps ErrNotStarted), the context ended, or the
	// connection was lost, so that nobody can say whether the command ran (ErrUnknownOutcome).
	// Run does not wait for background children that the command leaves behind, nor for output
	// that they may write later.
	Run(ctx context.Context, cmd Command) (Result, error)

	// ReadFile returns the whole content of the file at the absolute path. The error wraps
	// fs.ErrNotExist where there is no such file, and fs.ErrPermission where it may not be read.
	ReadFile(ctx context.Context, path string) ([]byte, error)

	// WriteFile puts f in place atomically: a reader, or a crash at any moment, sees the old file
	// whole or the new one whole. Content, mode and owner are set and synced before the name
	// appears. Missing parent directories are made with mode 0755. A symbolic link at the path is
	// replaced, not followed. When the context ends in the middle, the old file stays and nothing
	// else is left in the directory.
	WriteFile(ctx context.Context, f File) error

	// Dial opens a connection as the host itself would: address is resolved with the host's
	// resolver and /etc/hosts, and connected to from there. Networks are "tcp" and "unix".
	Dial(ctx context.Context, network, address string) (net.Conn, error)

	// Close ends the Transport and whatever it holds: calls under way fail, their commands are
	// ended as if the context had been, and connections from Dial are closed. Later calls return
	// ErrClosed. Closing again does nothing and returns nil.
	Close() error
}

// Dialer returns the Transport to a host, by the host's name in the caller's own terms (for ha:
// its name in the Spec). The caller closes what it gets. Packages ssh, local and fake each give one.
type Dialer func(ctx context.Context, host string) (Transport, error)

// Command is a program to run: an argument vector, never shell text. Arguments arrive byte for
// byte, whatever they contain (quotes, spaces, newlines, bytes that are not UTF-8; not NUL,
// which no argument vector can hold).
type Command struct {
	// Argv holds the program, found on the host's PATH unless it contains a slash, and its arguments.
	Argv []string
	// Env holds "NAME=value" settings added to the environment that the host gives.
	Env []string
	// Stdin is what the program reads; nil is an empty input. When reading it fails, the command
	// is ended and Run returns that error: a program never takes half an input for a whole one.
	// A Read that has not returned when the command ends is not waited for.
	Stdin io.Reader
	// Stdout and Stderr receive the output as it comes. A nil one is collected in the Result.
	// When writing fails, the command is ended and Run returns that error. The two may be
	// written to at the same time: they must not be the same unsynchronised writer.
	Stdout, Stderr io.Writer
	// Sensitive says that the arguments or the output hold a secret: errors and events show
	// neither. (A secret is better sent through Stdin or a file: arguments are visible in ps.)
	Sensitive bool
}

// Result is how a command ended.
type Result struct {
	// ExitCode is the exit status, or 128+n where signal n ended the command.
	ExitCode int
	// Stdout and Stderr are what was written, where Command named no writer for it.
	Stdout, Stderr []byte
}

// File is a file to put in place.
type File struct {
	// Path is absolute.
	Path string
	// Data is the whole content.
	Data []byte
	// Mode holds the permission bits; zero means 0644.
	Mode fs.FileMode
	// Owner is "user" or "user:group" as chown takes it; empty means whoever writes (root).
	Owner string
}
