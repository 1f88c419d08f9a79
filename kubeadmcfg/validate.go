package kubeadmcfg

import (
	"fmt"
	"strings"

	logsv1 "k8s.io/component-base/logs/api/v1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
)

// Problem is one thing wrong with a Bundle.
type Problem struct {
	// Path of the field, beginning with the kind: InitConfiguration.nodeRegistration.name.
	Path string
	// Code is short and stable: required, invalid, conflict, or version (not in that version).
	Code string
	// Message says what is wrong. It holds no secret.
	Message string
}

// The codes of problems.
const (
	// CodeRequired: something must be set and is not.
	CodeRequired = "required"
	// CodeInvalid: a value is malformed or out of range.
	CodeInvalid = "invalid"
	// CodeConflict: values exclude each other.
	CodeConflict = "conflict"
	// CodeVersion: the Kubernetes version has not got it, or no longer.
	CodeVersion = "version"
	// CodeUnknown: a field or document that is not known.
	CodeUnknown = "unknown"
)

// String returns path and message.
func (p Problem) String() string { return p.Path + ": " + p.Message }

// ValidationError is everything wrong with a Bundle.
type ValidationError struct {
	// Problems in the order of the documents and their fields; at least one.
	Problems []Problem
}

// Error returns all problems, one a line when there are several.
func (e *ValidationError) Error() string {
	if len(e.Problems) == 1 {
		return "kubeadmcfg: invalid configuration: " + e.Problems[0].String()
	}
	var b strings.Builder
	b.WriteString("kubeadmcfg: invalid configuration:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		b.WriteString(p.String())
	}
	return b.String()
}

// Validate returns a *ValidationError with everything in b that kubeadm of version v would refuse
// or drop, or nil. The rules are those of v: kubeadm's (cmd/kubeadm/app/apis/kubeadm/validation),
// kube-proxy's (pkg/proxy/apis/config/validation), and for the kubelet that v has each field and,
// from 1.32, each gate. The verdict is compared with the real programs' over thousands of files
// (lab/oracle/kubeadm). What they accept and what then does not work, Lint finds.
//
// It asks nothing about a host: that a file exists, a name resolves or an address is free.
func Validate(b Bundle, v Version) error {
	c := checker{version: v}
	if err := v.Supported(); err != nil {
		c.add("", CodeVersion, "%v", err)
		return c.err()
	}
	c.losses(b)
	for _, u := range b.Unknown {
		c.unknown(u)
	}
	if b.Init != nil {
		c.init(b.Init)
	}
	if b.Cluster != nil {
		c.cluster(b.Cluster)
	}
	if b.Join != nil {
		c.join(b.Join)
	}
	if b.Reset != nil {
		c.reset(b.Reset)
	}
	if b.Upgrade != nil {
		c.upgrade(b.Upgrade)
	}
	if b.Kubelet != nil {
		c.kubelet(b.Kubelet)
	}
	if b.KubeProxy != nil {
		c.proxy(b.KubeProxy)
	}
	return c.err()
}

// kubelet checks what the kubelet's strict reader and its defaulting refuse, beside fields that the
// version has not got. The kubelet's own validation is not mirrored: it asks for gates and values
// that differ with every minor, and most of it is about a host.
func (c *checker) kubelet(k *kubeletv1beta1.KubeletConfiguration) {
	c.flushFrequency(k.Logging, kindKubelet+".logging.flushFrequency")
	if c.version.AtLeast(kubeletGatesMinor) {
		c.gates(k.FeatureGates, kindKubelet+".featureGates")
	}
}

// flushFrequency refuses a duration where there was a number of nanoseconds.
func (c *checker) flushFrequency(l logsv1.LoggingConfiguration, at string) {
	c.want(!l.FlushFrequency.SerializeAsString || c.version.AtLeast(flushFrequencyTextMinor), at, CodeVersion,
		"is a number of nanoseconds before Kubernetes 1.%d", flushFrequencyTextMinor)
}

// checker collects problems for one version.
type checker struct {
	version  Version
	problems []Problem
}

func (c *checker) add(path, code, format string, args ...any) {
	c.problems = append(c.problems, Problem{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

// want adds a problem unless ok.
func (c *checker) want(ok bool, path, code, format string, args ...any) {
	if !ok {
		c.add(path, code, format, args...)
	}
}

func (c *checker) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &ValidationError{Problems: c.problems}
}

// losses adds what cannot be rendered.
func (c *checker) losses(b Bundle) {
	api, _ := c.version.API()
	_, losses, err := documents(b, c.version, api)
	switch {
	case len(losses) > 0:
		for _, l := range losses {
			c.add(l.Path, CodeVersion, "%s", strings.TrimPrefix(l.String(), l.Path+": "))
		}
	case err != nil:
		c.add("", CodeRequired, "%v", err)
	}
}
