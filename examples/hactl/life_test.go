package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
)

// The life of a cluster, by the exit codes and outputs that scripts see.
func TestLife(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, hosts *fake.Cluster) {
		l := newLab(t, hosts, "")
		saved := filepath.Join(t.TempDir(), "plan.json")

		o := l.hactl("plan", "--check", "--out", saved)
		assert.Equal(t, exitNotEmpty, o.code, o.stderr)
		assert.Contains(t, o.stdout, "run kubeadm init --config /etc/quorate/kubeadm-init.yaml")
		assert.Contains(t, o.stderr, "looking at 5 hosts")

		// The approved plan is applied, events and all.
		page := filepath.Join(t.TempDir(), "report.html")
		o = l.hactl("apply", "--yes", "-o", "json", "--plan", saved, "--report", page)
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Empty(t, o.stderr)
		events, status := o.lines(t)
		assert.True(t, status.Healthy())
		done := map[string]bool{}
		for _, e := range events {
			if e.Kind == ha.StepDone || e.Kind == ha.StepSkipped {
				done[e.Step] = true
			}
		}
		var plan ha.Plan
		text, err := os.ReadFile(saved)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &plan))
		for _, s := range plan.Steps {
			assert.True(t, done[s.ID], s.ID)
		}
		html, err := os.ReadFile(page)
		require.NoError(t, err)
		assert.Contains(t, string(html), "Cluster prod: healthy")

		// It is not the hosts' plan any more.
		o = l.hactl("apply", "--yes", "--plan", saved)
		assert.Equal(t, exitFailed, o.code)
		assert.Contains(t, o.stderr, "the hosts changed since the plan was made")

		// A second apply does nothing.
		for _, h := range hosts.Hosts() {
			h.ClearHistory()
		}
		o = l.hactl("plan", "--check")
		assert.Equal(t, exitDone, o.code, o.stdout)
		assert.Equal(t, "Plan for cluster prod (v1.37.2): nothing to do.\n", o.stdout)
		o = l.hactl("apply", "--yes")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Contains(t, o.stdout, "nothing to do")
		for _, h := range hosts.Hosts() {
			assert.Empty(t, h.Changes(), h.Name())
		}

		// The table at the end of apply is that of status.
		_, table, _ := strings.Cut(o.stdout, "\n\n")
		o = l.hactl("status", "--check")
		assert.Equal(t, exitDone, o.code, o.stderr)
		assert.Equal(t, table, o.stdout)
		assert.Regexp(t, `(?m)^Cluster prod, Kubernetes v1.37.2 at api.prod.internal:16443: healthy$`, o.stdout)
		assert.Regexp(t, `(?m)^NAME +ROLE +STATUS +VERSION +ETCD +APISERVER +BALANCER +ADDRESS$`, o.stdout)
		assert.Regexp(t, `(?m)^cp2 +ControlPlane +Ready +v1.37.2 +(voter|leader) +ready +ok +10.0.0.12$`, o.stdout)
		assert.Regexp(t, `(?m)^w1 +Worker +Ready +v1.37.2 +- +- +ok +10.0.0.21$`, o.stdout)

		o = l.hactl("kubeconfig")
		assert.Equal(t, exitDone, o.code, o.stderr)
		assert.Contains(t, o.stdout, "server: https://api.prod.internal:16443")
		o = l.hactl("kubeconfig", "-o", "json")
		assert.Equal(t, exitDone, o.code, o.stderr)
		assert.True(t, json.Valid([]byte(o.stdout)))

		o = l.hactl("remove", "w9", "--yes")
		assert.Equal(t, exitBadInput, o.code)
		assert.Contains(t, o.stderr, "hactl: remove w9: the cluster has no such node")

		// A worker leaves, and comes back.
		o = l.hactl("remove", "w1", "--yes")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Regexp(t, `(?m)^w1 +Worker +not joined `, o.stdout)
		assert.Equal(t, exitFailed, l.hactl("status", "--check").code)
		o = l.hactl("apply", "--yes")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Regexp(t, `(?m)^w1 +Worker +Ready `, o.stdout)

		o = l.hactl("reset", "--yes", "--confirm", "prod")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Contains(t, o.stdout, "The cluster prod is gone; its hosts are bare.\n")
		o = l.hactl("kubeconfig")
		assert.Equal(t, exitFailed, o.code)
		assert.Empty(t, hosts.Unhandled())
	}, fake.ControlPlanes(3), fake.Workers(2))
}

// Somebody at the terminal sees what is about to happen and decides.
func TestQuestions(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, hosts *fake.Cluster) {
		l := newLab(t, hosts, "")
		for _, answer := range []string{"n\n", "\n", "", "yo\n"} {
			o := l.answering(answer, "apply")
			assert.Equal(t, exitFailed, o.code)
			assert.Contains(t, o.stdout, "  cp1/init ")
			assert.Contains(t, o.stderr, "Go on? [y/N] ")
			assert.Contains(t, o.stderr, "hactl: not confirmed: nothing was changed\n")
		}
		for _, h := range hosts.Hosts() {
			assert.Empty(t, h.Changes(), h.Name())
		}
		o := l.answering("Yes\n", "apply", "-o", "json")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Contains(t, o.stderr, "  cp1/init ", "what is asked about is not in the way of JSON")
		_, status := o.lines(t)
		assert.True(t, status.Healthy())

		o = l.answering("staging\n", "reset")
		assert.Equal(t, exitBadInput, o.code)
		assert.Contains(t, o.stderr, "Everything in the cluster prod will be lost. Type its name to go on: ")
		assert.Equal(t, []string{"cp1"}, hosts.Etcd().Voters())
		o = l.answering("prod\n", "reset")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.Empty(t, hosts.Etcd().Voters())
	}, fake.ControlPlanes(1))
}

// cancelling is a writer that ends a context when it sees a text.
type cancelling struct {
	bytes.Buffer
	text   string
	cancel context.CancelFunc
}

func (c *cancelling) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(c.text)) {
		c.cancel()
	}
	return c.Buffer.Write(p)
}

// Ctrl-C ends what runs on hosts; the next run goes on.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, hosts *fake.Cluster) {
		l := newLab(t, hosts, "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var stdout bytes.Buffer
		stderr := &cancelling{text: "cp2/join: begins", cancel: cancel}
		c := l.cli(&stdout, nil)
		c.stderr = stderr
		assert.Equal(t, exitFailed, c.run(ctx, []string{"-f", l.file, "apply", "--yes"}))
		assert.Contains(t, stderr.String(), "hactl: interrupted; apply goes on from here when it is run again\n")
		o := l.hactl("apply", "--yes")
		require.Equal(t, exitDone, o.code, o.stderr)
		assert.NotContains(t, o.stderr, "cp1/init")
	}, fake.ControlPlanes(3))
}

// A step that fails is named with its host and its cause, and the report is written all the same.
func TestFailedStep(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, hosts *fake.Cluster) {
		l := newLab(t, hosts, "")
		page := filepath.Join(t.TempDir(), "report.html")
		mend := hosts.Inject(fake.On("w1").Exec("kubeadm join*").Exit(1, "\x1b[31merror execution phase preflight: no <route>\x1b[0m\n").Times(0))
		o := l.hactl("apply", "--yes", "--report", page)
		assert.Equal(t, exitFailed, o.code)
		assert.Contains(t, o.stderr, "hactl: step w1/join on w1 (w1 is a worker): ")
		assert.Contains(t, o.stderr, "error execution phase preflight: no <route>")
		assert.NotContains(t, o.stderr, "\x1b", "what hosts print does not steer the terminal")
		assert.Positive(t, hosts.Injected())
		html, err := os.ReadFile(page)
		require.NoError(t, err)
		assert.Contains(t, string(html), "no &lt;route&gt;")
		assert.Contains(t, string(html), "Cluster prod: not asked")
		mend()
		o = l.hactl("apply", "--yes")
		require.Equal(t, exitDone, o.code, o.stderr)
	}, fake.ControlPlanes(1), fake.Workers(1))
}

// Hosts that are not fit are bad input: all of it is said, and nothing is changed.
func TestUnfitHosts(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, hosts *fake.Cluster) {
		l := newLab(t, hosts, "")
		require.NoError(t, hosts.Host("w1").WriteFile("/etc/os-release", []byte("ID=alpine\nPRETTY_NAME=\"Alpine Linux\"\n"), 0o644))
		hosts.Host("w2").Crash()
		for _, args := range [][]string{{"plan"}, {"apply", "--yes"}} {
			o := l.hactl(args...)
			assert.Equal(t, exitBadInput, o.code)
			assert.Contains(t, o.stderr, "w2: ")
			assert.Empty(t, o.stdout)
		}
		hosts.Host("w2").Boot()
		o := l.hactl("apply", "--yes")
		assert.Equal(t, exitBadInput, o.code)
		assert.Contains(t, o.stderr, "hactl: hosts: w1: Alpine Linux is not supported")
		for _, h := range hosts.Hosts() {
			assert.Empty(t, h.Changes(), h.Name())
		}
	}, fake.ControlPlanes(1), fake.Workers(2))
}
