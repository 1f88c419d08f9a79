package ssh

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// What may be wrong with a host key. A *HostKeyError wraps one of them.
var (
	// ErrHostKeyUnknown means that no known_hosts file has a key for the host.
	ErrHostKeyUnknown = errors.New("host key is not in known_hosts")
	// ErrHostKeyChanged means that known_hosts has other keys for the host: it was installed
	// anew, or somebody is in between.
	ErrHostKeyChanged = errors.New("host key differs from known_hosts")
	// ErrHostKeyRevoked means that known_hosts marks the key as @revoked.
	ErrHostKeyRevoked = errors.New("host key is revoked in known_hosts")
)

// HostKeyError says that a server's key was not accepted. It is the cause of a
// *transport.ConnectError with the Op "handshake".
type HostKeyError struct {
	// Err is ErrHostKeyUnknown, ErrHostKeyChanged or ErrHostKeyRevoked.
	Err error
	// Name is what known_hosts was searched for, as it would stand there.
	Name string
	// Type and Fingerprint are those of the server's key ("ssh-ed25519", "SHA256:...").
	Type, Fingerprint string
	// Known are the entries that decided: the keys that the host should have had, or the
	// revocation. None when the host is unknown.
	Known []KnownHost
	// Files are the known_hosts files that were searched.
	Files []string
}

// KnownHost is an entry of a known_hosts file.
type KnownHost struct {
	File              string
	Line              int
	Type, Fingerprint string
}

func (e *HostKeyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s offers %s %s", e.Err, e.Name, e.Type, e.Fingerprint)
	for i, k := range e.Known {
		b.WriteString([]string{"; known: ", ", "}[min(i, 1)])
		fmt.Fprintf(&b, "%s %s at %s:%d", k.Type, k.Fingerprint, k.File, k.Line)
	}
	if len(e.Known) == 0 {
		files := strings.Join(e.Files, ", ")
		if files == "" {
			files = "no file"
		}
		fmt.Fprintf(&b, "; searched %s", files)
	}
	return b.String()
}

// Unwrap returns which of the three it is.
func (e *HostKeyError) Unwrap() error { return e.Err }

func knownHost(l knownLine) KnownHost {
	return KnownHost{File: l.file, Line: l.number, Type: l.key.Type(), Fingerprint: ssh.FingerprintSHA256(l.key)}
}
