package ha

import (
	"context"
	"slices"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"github.com/quorate-dev/quorate/transport"
)

// step is a Step together with what it does. Apply asks done; if it says no, do works; then done must say
// yes. So one loop is idempotence, resuming after a crash, and proof.
type step struct {
	Step
	// done says whether what the step is for is true already. It changes nothing.
	done func(ctx context.Context, r *stepRun) (bool, error)
	// do makes it true.
	do func(ctx context.Context, r *stepRun) error
}

// stepRun is one step under way.
type stepRun struct {
	*session
	step *step
	conn *hostConn
}

// report sends a line of output.
func (r *stepRun) report(line string) {
	r.cluster.emit(Event{Kind: StepOutput, Host: r.step.Host, Step: r.step.ID, Title: r.step.Title, Message: r.redact(line)})
}

// stream runs argv on the step's host and reports its lines.
func (r *stepRun) stream(ctx context.Context, argv ...string) error {
	return r.conn.stream(ctx, r.report, argv...)
}

// The limits of steps. A control-plane join waits, at worst, for discovery (5 min), TLS bootstrap (5 min), the
// kubelet (4 min), etcd twice (2 min each) and the components (4 min): kubeadm's own time-outs
// (cmd/kubeadm/app/constants), which must end first, since they say what went wrong.
const (
	limitShort  = 2 * time.Minute
	limitInit   = 15 * time.Minute
	limitJoin   = 25 * time.Minute
	limitDrain  = 10 * time.Minute
	limitReset  = 10 * time.Minute
	limitVerify = 10 * time.Minute
)

// stepID names a step of a host.
func stepID(host, what string) string { return host + "/" + what }

// runChange is a command in a Plan.
func runChange(argv ...string) Change { return Change{Command: argv} }

// fileChange is a file in a Plan, with what changes in it.
func fileChange(path, old, new string) Change {
	return Change{File: path, Diff: udiff.Unified(path, path, old, new)}
}

// managedFile is a file whose whole content is ours.
type managedFile struct {
	path string
	data string
	mode uint32
}

// stale returns those of files that are not on the host as they should be.
func stale(ctx context.Context, conn *hostConn, files ...managedFile) ([]managedFile, error) {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.path
	}
	there, err := conn.readFiles(ctx, paths)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(files), func(f managedFile) bool {
		data, ok := there[f.path]
		return ok && data == f.data
	}), nil
}

// filesCurrent says whether all of files are on the host as they should be.
func filesCurrent(ctx context.Context, conn *hostConn, files ...managedFile) (bool, error) {
	old, err := stale(ctx, conn, files...)
	return err == nil && len(old) == 0, err
}

// writeFiles puts files in place.
func writeFiles(ctx context.Context, conn *hostConn, files ...managedFile) error {
	for _, f := range files {
		if err := conn.write(ctx, transport.File{Path: f.path, Data: []byte(f.data), Mode: fileMode(f.mode)}); err != nil {
			return err
		}
	}
	return nil
}
