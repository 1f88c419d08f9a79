package lab

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// pollInterval is how often a condition on a host is looked at again.
const pollInterval = 50 * time.Millisecond

// poll calls check until it returns true or an error, or ctx ends.
func poll(ctx context.Context, check func() (bool, error)) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		ok, err := check()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// tool is a program of this machine to run, with what it gets and where its output goes.
type tool struct {
	argv  []string
	dir   string
	env   []string // added to nothing: the whole environment, nil is this process's own
	stdin io.Reader
}

// run runs the tool and returns its standard output. An error holds the end of its other output.
func (t tool) run(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, t.argv[0], t.argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = t.dir, t.env, t.stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	endAsGroup(cmd)
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w: %s", strings.Join(t.argv, " "), err, tail(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}

// run runs a program of this machine and returns its standard output.
func run(ctx context.Context, argv ...string) (string, error) {
	return tool{argv: argv}.run(ctx)
}

// endAsGroup puts cmd into a process group of its own, which the end of its context kills whole;
// an interrupt typed at the terminal does not reach it by itself.
func endAsGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
}

// tail is the end of a program's output, short enough for an error message.
func tail(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) > 15 {
		lines = append([]string{fmt.Sprintf("(%d lines omitted)", len(lines)-15)}, lines[len(lines)-15:]...)
	}
	return strings.Join(lines, "\n")
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
