package ssh

import (
	"fmt"
	"log/slog"
)

// Secret is a password or passphrase. It prints as [redacted] through fmt, encoding/json and
// log/slog; string(s) is the content.
type Secret string

const redacted = "[redacted]"

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// Format prints "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format prints the password as "[redacted]", also for verbs that fmt has no use for here.
func (Sudo) Format(f fmt.State, _ rune) { fmt.Fprint(f, "{Password:"+redacted+"}") }
