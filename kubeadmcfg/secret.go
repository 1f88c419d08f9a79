package kubeadmcfg

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a set Secret shows of itself.
const redacted = "[redacted]"

// Secret is a string that must not be seen: a bootstrap token, a certificate key, a password.
// It shows itself as [redacted] through every verb of fmt, through encoding/json, YAML and
// log/slog, and inside any value that those print; the empty Secret shows as nothing. Reveal is the
// only way to the text. Two limits: fmt cannot call methods on unexported struct fields, so keep
// Secrets in exported fields of anything that may be printed; and encoding/json writes the keys of
// a map as they are, so do not use Secrets as such.
//
// Secrets are comparable; a comparison is not constant-time.
type Secret string

// Reveal returns the text itself, to be handed to what needs it and never printed.
func (s Secret) Reveal() string { return string(s) }

// Format writes the redaction, whatever the verb and flags are.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// String returns the redaction.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString returns the redaction.
func (s Secret) GoString() string { return s.String() }

// MarshalText returns the redaction, so that JSON and YAML encoders show no more than fmt does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text as the secret. It refuses a redaction: a file that was written to
// be looked at must not be mistaken for one with secrets in it.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return fmt.Errorf("kubeadmcfg: secret: %s stands for a secret and is none", redacted)
	}
	*s = Secret(text)
	return nil
}

// LogValue returns the redaction.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
