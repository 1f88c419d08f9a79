package kubeadm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/ctrl"
	"github.com/quorate-dev/quorate/fake/internal/proc"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// run is one kubeadm command under way.
type run struct {
	*proc.Proc
	control *ctrl.Control
	version kubeadmcfg.Version
	flags   map[string]string

	cluster  kubeadmcfg.ClusterConfiguration
	bundle   kubeadmcfg.Bundle
	node     kubeadmcfg.NodeRegistrationOptions
	endpoint kubeadmcfg.APIEndpoint // of this host's own API server
	timeouts timeouts
	ignore   []string
	join     *kubeadmcfg.JoinConfiguration
	info     *clusterInfo
}

// exitError is an error with an exit code of its own, before 1.34.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// Exit codes of kubeadm before 1.34; afterwards it is always 1.
const (
	codePreflight  = 2
	codeValidation = 3
)

func preflightError(err error) error  { return &exitError{codePreflight, err} }
func validationError(err error) error { return &exitError{codeValidation, err} }

// Run runs kubeadm to its exit code.
func Run(p *proc.Proc, c *ctrl.Control) int {
	v, err := kubeadmcfg.ParseVersion(p.Host.KubernetesVersion)
	if err != nil {
		return p.Unsupported("kubeadm %s", p.Host.KubernetesVersion)
	}
	r := &run{Proc: p, control: c, version: v, flags: map[string]string{}}
	words, err := r.parse(p.Argv[1:])
	if err != nil {
		return p.Unsupported("%s: %v", strings.Join(p.Argv, " "), err)
	}
	verb, allowed := r.command(words)
	if verb == nil {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	for f := range r.flags {
		if !strings.Contains(" "+allowed+" ", " "+f+" ") {
			return p.Unsupported("%s: flag --%s", strings.Join(p.Argv, " "), f)
		}
	}
	if err := verb(); err != nil {
		return r.fail(err)
	}
	return 0
}

// fail prints the error as kubeadm does and returns the exit code.
func (r *run) fail(err error) int {
	if p := r.Ctx.Err(); p != nil || errors.Is(err, context.Canceled) {
		return proc.Killed
	}
	var failed *FaultError
	if errors.As(err, &failed) {
		r.Errorf("%s", failed.Stderr)
		return failed.Code
	}
	r.Errorf("error: %v\nTo see the stack trace of this error execute with --v=5 or higher\n", err)
	var e *exitError
	if errors.As(err, &e) && !r.version.AtLeast(34) {
		return e.code
	}
	return 1
}

// FaultError ends a command with an exit code and an error text that a test asked for.
type FaultError struct {
	Code   int
	Stderr string
}

func (e *FaultError) Error() string { return fmt.Sprintf("injected: exit code %d", e.Code) }

// parse splits words from flags.
func (r *run) parse(args []string) (words []string, err error) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if !strings.HasPrefix(a, "-") {
			words = append(words, a)
			continue
		}
		name, value, set := strings.Cut(strings.TrimLeft(a, "-"), "=")
		switch name {
		case "upload-certs", "force", "f":
			if !set {
				value = "true"
			}
		case "config", "o", "output", "cri-socket", "skip-phases", "kubernetes-version", "image-repository", "certificate-key", "v":
			if !set {
				if i++; i >= len(args) {
					return nil, fmt.Errorf("flag needs an argument: --%s", name)
				}
				value = args[i]
			}
		default:
			return nil, fmt.Errorf("flag --%s", name)
		}
		if name == "f" {
			name = "force"
		}
		if name == "o" {
			name = "output"
		}
		r.flags[name] = value
	}
	return words, nil
}

func (r *run) command(words []string) (verb func() error, flags string) {
	switch strings.Join(words, " ") {
	case "version":
		return r.printVersion, "output"
	case "config validate":
		return r.validate, "config"
	case "config images list":
		return r.listImages, "config kubernetes-version image-repository"
	case "init":
		r.Changing = true
		return r.init, "config upload-certs v"
	case "init phase upload-certs":
		r.Changing = true
		return r.uploadCertsPhase, "config upload-certs certificate-key"
	case "join":
		r.Changing = true
		return r.joinCluster, "config v"
	case "reset":
		r.Changing = true
		return r.reset, "force cri-socket skip-phases"
	}
	return nil, ""
}

func (r *run) printVersion() error {
	switch r.flags["output"] {
	case "short":
		r.Printf("%s\n", r.version)
	case "":
		r.Printf("kubeadm version: &version.Info{Major:\"%d\", Minor:\"%d\", GitVersion:\"%s\"}\n", r.version.Major, r.version.Minor, r.version)
	default:
		r.Host.Unsupported("kubeadm version -o " + r.flags["output"])
	}
	return r.Sleep(30 * time.Millisecond)
}

// named is one phase.
type named struct {
	name  string
	takes time.Duration
	do    func() error
}

// phases runs phases in order, each failing as "error execution phase NAME".
func (r *run) phases(command string, skip []string, list []named) error {
	for _, ph := range list {
		if skipped(skip, ph.name) {
			continue
		}
		if err := r.Phase(command+"/"+ph.name, ph.takes); err != nil {
			return err
		}
		if err := ph.do(); err != nil {
			if r.Ctx.Err() != nil {
				return r.Ctx.Err()
			}
			return fmt.Errorf("error execution phase %s: %w", ph.name, err)
		}
	}
	return nil
}

func skipped(skip []string, name string) bool {
	for _, s := range skip {
		if name == s || strings.HasPrefix(name, s+"/") {
			return true
		}
	}
	return false
}
