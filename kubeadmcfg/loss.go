package kubeadmcfg

import "strings"

// Loss is something set in a Bundle that a Kubernetes version's configuration cannot say.
type Loss struct {
	// Path of the field, beginning with the kind: ClusterConfiguration.dns.disabled.
	Path string
	// Reason says why, with the version that has it: "needs v1beta4 (Kubernetes 1.31)".
	Reason string
	// Hint says how the same is had otherwise; empty when it cannot be.
	Hint string
}

// String returns path, reason and hint in one line.
func (l Loss) String() string {
	s := l.Path + ": " + l.Reason
	if l.Hint != "" {
		s += "; " + l.Hint
	}
	return s
}

// LossError lists everything that could not be rendered for a version. Nothing was rendered.
type LossError struct {
	// Version that was rendered for; zero where API is set.
	Version Version
	// API is the version of kubeadm's configuration that was converted to.
	API APIVersion
	// Losses in the order of the documents and their fields.
	Losses []Loss
}

// Error returns all losses, one a line when there are several.
func (e *LossError) Error() string {
	lines := make([]string, len(e.Losses))
	for i, l := range e.Losses {
		lines[i] = l.String()
	}
	target := "Kubernetes " + e.Version.String()
	if e.API != "" {
		target = string(e.API)
	}
	if len(lines) == 1 {
		return target + " cannot be told " + lines[0]
	}
	return target + " cannot be told:\n  " + strings.Join(lines, "\n  ")
}
