package lab_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/lab"
)

// tool is the program hactl, run where the lab's hosts can be reached, with an ordinary cluster file.
type tool struct {
	lab *lab.Lab
	bin string
	dir string // holds cluster.yaml and the files that it names

	mu     sync.Mutex
	output bytes.Buffer // everything that it ever printed, to be searched for secrets
}

// newTool builds hactl.
func newTool(ctx context.Context, t *testing.T, l *lab.Lab) *tool {
	t.Helper()
	h := &tool{lab: l, bin: filepath.Join(t.TempDir(), "hactl"), dir: t.TempDir()}
	build := exec.CommandContext(ctx, "go", "build", "-o", h.bin, "./examples/hactl")
	build.Dir = ".."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return h
}

// file writes the cluster file for some of the lab's hosts. edit may change it.
func (h *tool) file(t *testing.T, edit func(map[string]any), hosts ...string) {
	t.Helper()
	require.NoError(t, h.lab.WriteClusterFiles(h.dir, func(file map[string]any) {
		file["hosts"] = slices.DeleteFunc(file["hosts"].([]any), func(entry any) bool {
			return !slices.Contains(hosts, entry.(map[string]any)["name"].(string))
		})
		if edit != nil {
			edit(file)
		}
	}))
}

// outcome is how a run of hactl ended.
type outcome struct {
	code           int
	stdout, stderr string
	events         []ha.Event
	status         *ha.Status
}

// steps are the IDs of the steps that did something.
func (o outcome) steps(kinds ...ha.EventKind) []string {
	var ids []string
	for _, e := range o.events {
		if slices.Contains(kinds, e.Kind) {
			ids = append(ids, e.Step)
		}
	}
	return ids
}

// hosts are the hosts on which steps worked.
func (o outcome) hosts() []string {
	set := map[string]bool{}
	for _, e := range o.events {
		if e.Kind == ha.StepDone {
			set[e.Host] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// run runs hactl with the cluster file to its end.
func (h *tool) run(ctx context.Context, t *testing.T, args ...string) outcome {
	t.Helper()
	return h.watch(ctx, t, nil, args...)
}

// line is what hactl -o json prints a line of.
type line struct {
	Event  *ha.Event  `json:"event"`
	Status *ha.Status `json:"status"`
}

// watch is run, and gives every event to seen as it comes. seen gets a function that kills hactl (SIGKILL).
func (h *tool) watch(ctx context.Context, t *testing.T, seen func(e ha.Event, kill func()), args ...string) outcome {
	t.Helper()
	argv := append([]string{h.bin, "-f", filepath.Join(h.dir, "cluster.yaml")}, args...)
	cmd := h.lab.DriverCommand(ctx, argv...)
	cmd.Env = append(os.Environ(), "HOME="+h.dir)
	var stdout, stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill := func() { _ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL) }
	var o outcome
	lines := bufio.NewReader(io.TeeReader(pipe, &stdout))
	for {
		text, err := lines.ReadBytes('\n')
		var l line
		if json.Unmarshal(text, &l) == nil {
			if l.Event != nil {
				o.events = append(o.events, *l.Event)
				if seen != nil {
					seen(*l.Event, kill)
				}
			}
			if l.Status != nil {
				o.status = l.Status
			}
		}
		if err != nil {
			break
		}
	}
	_ = cmd.Wait() // the exit code says it
	o.code, o.stdout, o.stderr = cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
	h.mu.Lock()
	defer h.mu.Unlock()
	fmt.Fprintf(&h.output, "$ hactl %q\n%s%s", args, o.stdout, o.stderr)
	return o
}

// apply runs hactl apply and requires that it succeeds.
func (h *tool) apply(ctx context.Context, t *testing.T) outcome {
	t.Helper()
	o := h.run(ctx, t, "apply", "--yes", "-o", "json")
	require.Equal(t, 0, o.code, "%s", o.stderr)
	return o
}

// status runs hactl status.
func (h *tool) status(ctx context.Context, t *testing.T) *ha.Status {
	t.Helper()
	o := h.run(ctx, t, "status", "-o", "json")
	var st ha.Status
	require.NoError(t, json.Unmarshal([]byte(o.stdout), &st), "%s%s", o.stdout, o.stderr)
	return &st
}

// swapHostKey writes a known_hosts file, swapped, in which one host has another's key.
func (h *tool) swapHostKey(t *testing.T, name, other string) {
	t.Helper()
	known, err := os.ReadFile(filepath.Join(h.dir, "known_hosts"))
	require.NoError(t, err)
	var swapped string
	for text := range strings.Lines(string(known)) {
		if names, key, ok := strings.Cut(text, " "); ok && strings.Contains(names, h.lab.Host(other).Address.String()) {
			swapped += h.lab.Host(name).Address.String() + " " + key
		}
	}
	require.NotEmpty(t, swapped, "known_hosts holds the key of %s", other)
	require.NoError(t, os.WriteFile(filepath.Join(h.dir, "swapped"), []byte(swapped), 0o600))
}
