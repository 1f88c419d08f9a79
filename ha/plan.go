package ha

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// OperationKind names what a Plan is for.
type OperationKind string

const (
	// OperationApply brings the cluster to what its Spec says.
	OperationApply OperationKind = "Apply"
	// OperationRemove takes one host out of the cluster.
	OperationRemove OperationKind = "Remove"
	// OperationReset takes the whole cluster down.
	OperationReset OperationKind = "Reset"
)

// Operation is what a Plan is for, and whom it concerns.
type Operation struct {
	Kind OperationKind `json:"kind"`
	// Host is the host that Remove takes out.
	Host string `json:"host,omitempty"`
}

// Plan is the steps from what was found on the hosts to what was asked for. It is data: it prints,
// goes through JSON and back, and can be approved by one person and applied by another. Apply looks
// at the hosts again and refuses a Plan whose steps are no longer those it would make itself.
//
// A Plan holds no secret: what is secret in a file or a command is shown as [redacted].
type Plan struct {
	// Cluster is the Spec's name, Version its Kubernetes version.
	Cluster   string    `json:"cluster"`
	Version   string    `json:"kubernetesVersion"`
	Operation Operation `json:"operation"`
	// Steps are in an order in which they could run one after the other; After says what really
	// has to wait.
	Steps []Step `json:"steps"`
	// Notes are findings that no step changes: a node that the Spec does not name, a version that differs.
	Notes []string `json:"notes,omitempty"`
}

// Step is one change on one host.
type Step struct {
	// ID is unique in the Plan: "cp2/join".
	ID string `json:"id"`
	// Host is where it happens.
	Host string `json:"host"`
	// Title says what is true afterwards.
	Title string `json:"title"`
	// After holds the IDs of the steps that come before.
	After []string `json:"after,omitempty"`
	// Changes are the files, commands and API calls, in order.
	Changes []Change `json:"changes,omitempty"`
	// Limit is how long the step may take, retries included.
	Limit time.Duration `json:"limit"`
}

// Change is one thing that a step does. One of its fields is set, besides Diff.
type Change struct {
	// File is the path of a file that is written, and Diff what changes in it (unified).
	File string `json:"file,omitempty"`
	Diff string `json:"diff,omitempty"`
	// Command is an argument vector that runs on the host.
	Command []string `json:"command,omitempty"`
	// API is a change through the Kubernetes API or etcd's, in words.
	API string `json:"api,omitempty"`
}

// Empty says whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 }

// Hosts returns the hosts that the steps touch, sorted.
func (p *Plan) Hosts() []string {
	var hosts []string
	for _, s := range p.Steps {
		hosts = append(hosts, s.Host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Hash is a SHA-256 over everything the Plan would do, in hexadecimal: equal Plans have equal hashes.
func (p *Plan) Hash() string {
	data, err := json.Marshal(p)
	if err != nil { // a Plan is strings and numbers: it always marshals
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// String prints every step with its commands and file diffs.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan for cluster %s (%s): ", p.Cluster, p.Version)
	switch {
	case p.Empty():
		b.WriteString("nothing to do.\n")
	default:
		fmt.Fprintf(&b, "%s on %s.\n", plural(len(p.Steps), "step"), plural(len(p.Hosts()), "host"))
	}
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "\n%d. %s: %s\n", i+1, s.ID, s.Title)
		if len(s.After) > 0 {
			fmt.Fprintf(&b, "   after %s\n", strings.Join(s.After, ", "))
		}
		for _, c := range s.Changes {
			switch {
			case c.File != "":
				fmt.Fprintf(&b, "   write %s\n", c.File)
				for line := range strings.Lines(c.Diff) {
					b.WriteString("     " + strings.TrimRight(line, "\n") + "\n")
				}
			case len(c.Command) > 0:
				fmt.Fprintf(&b, "   run %s\n", strings.Join(c.Command, " "))
			case c.API != "":
				fmt.Fprintf(&b, "   api %s\n", c.API)
			}
		}
	}
	return b.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// changedSince says what a fresh plan has that p had not.
func (p *Plan) changedSince(fresh *Plan) *PlanChangedError {
	old := map[string]string{}
	for _, s := range p.Steps {
		old[s.ID] = stepText(s)
	}
	e := &PlanChangedError{}
	for _, s := range fresh.Steps {
		text, ok := old[s.ID]
		switch {
		case !ok:
			e.New = append(e.New, s.ID)
		case text != stepText(s):
			e.Changed = append(e.Changed, s.ID)
		}
		delete(old, s.ID)
	}
	for id := range old {
		e.Gone = append(e.Gone, id)
	}
	slices.Sort(e.Gone)
	return e
}

func stepText(s Step) string {
	data, err := json.Marshal(s)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
