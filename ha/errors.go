package ha

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrPlanChanged means that the hosts or the cluster are no longer what a Plan was computed from:
// make a new one. Errors that wrap it are of type *PlanChangedError.
var ErrPlanChanged = errors.New("the hosts changed since the plan was made")

// ErrQuorum means that an operation was refused because etcd would lose its quorum.
var ErrQuorum = errors.New("etcd would lose its quorum")

// ErrNoSuchNode means that the cluster has no node of the name that was to be removed.
var ErrNoSuchNode = errors.New("the cluster has no such node")

// ErrNotConfirmed means that an operation that destroys a cluster was not confirmed with its name.
var ErrNotConfirmed = errors.New("not confirmed with the cluster's name")

// Problem is one thing that is wrong with a Spec or with a host.
type Problem struct {
	// Code names the rule, for programs: "EvenControlPlanes", "UnknownField".
	Code string `json:"code"`
	// Host is the host concerned; empty for a problem of the Spec itself.
	Host string `json:"host,omitempty"`
	// Path is the field in the Spec: "hosts[2].address".
	Path string `json:"path,omitempty"`
	// Line is the line in the cluster file, from 1; 0 where there is no file or no such line.
	Line int `json:"line,omitempty"`
	// Message says what is wrong and what would be right.
	Message string `json:"message"`
	// Err is the cause, where there is one.
	Err error `json:"-"`
}

func (p Problem) String() string {
	var b strings.Builder
	for _, part := range []string{p.Host, p.Path} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(p.Message)
	return b.String()
}

// SpecError reports everything that is wrong with a Spec.
type SpecError struct {
	// File is the cluster file; empty where the Spec did not come from one.
	File     string
	Problems []Problem
}

func (e *SpecError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		place := e.File
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, p.Line)
			if e.File == "" {
				place = fmt.Sprintf("line %d", p.Line)
			}
		}
		if place != "" {
			place += ": "
		}
		lines[i] = place + p.String()
	}
	return "ha: cluster file: " + joinProblems(lines)
}

// HostsError reports everything about the hosts that stands in the way of a plan: found before any host is touched.
type HostsError struct{ Problems []Problem }

func (e *HostsError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "ha: hosts: " + joinProblems(lines)
}

// Unwrap returns the causes.
func (e *HostsError) Unwrap() []error {
	var errs []error
	for _, p := range e.Problems {
		if p.Err != nil {
			errs = append(errs, p.Err)
		}
	}
	return errs
}

func joinProblems(lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	return fmt.Sprintf("%d problems:\n  %s", len(lines), strings.Join(lines, "\n  "))
}

// StepError says that a step failed. Apply can be called again with a new plan once the cause is gone.
type StepError struct {
	// Step is the step's ID and Title its sentence.
	Step, Title string
	// Host is where it ran.
	Host string
	// After is how long it ran before it failed, Limit what it was allowed.
	After, Limit time.Duration
	// Err is the cause; context.DeadlineExceeded where the step's time ran out.
	Err error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("ha: step %s on %s (%s): %v", e.Step, e.Host, e.Title, e.Err)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// PlanChangedError says which steps a fresh plan has that the given one had not, and the other way round.
type PlanChangedError struct {
	// New are steps that are needed now; Gone are steps that no longer are; Changed do something else now.
	New, Gone, Changed []string
}

func (e *PlanChangedError) Error() string {
	var parts []string
	for _, p := range []struct {
		what  string
		steps []string
	}{{"new", e.New}, {"gone", e.Gone}, {"changed", e.Changed}} {
		if len(p.steps) > 0 {
			parts = append(parts, p.what+": "+strings.Join(p.steps, ", "))
		}
	}
	if len(parts) == 0 {
		return "ha: apply: " + ErrPlanChanged.Error()
	}
	return "ha: apply: " + ErrPlanChanged.Error() + ": " + strings.Join(parts, "; ")
}

// Is reports whether target is ErrPlanChanged.
func (e *PlanChangedError) Is(target error) bool { return target == ErrPlanChanged }
