package lab_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/ha"
)

// killMoments are where hactl is killed: as soon as the step has begun, or when it has printed a line that holds the text.
// They are taken one after the other, in one build.
var killMoments = []struct{ step, line string }{
	{"cp2/sysctls", ""},
	{"cp3/balancer", ""},
	{"cp1/init", ""},
	{"cp1/init", "[kubelet-start]"},
	{"cp1/cni", ""},
	{"cp2/join", "[certs]"},
	{"cp2/join", "[etcd]"},
	{"cp3/join", "[kubelet-check]"},
	{"w1/balancer+cp3", ""},
	{"cp2/verify", ""},
}

// buildsThroughKills kills hactl (SIGKILL) at ten moments of a build, runs it again each time, and then to its end.
func (c *cluster) buildsThroughKills(ctx context.Context, t *testing.T) {
	for _, m := range killMoments {
		killed := false
		o := c.tool.watch(ctx, t, func(e ha.Event, kill func()) {
			begun := m.line == "" && e.Kind == ha.StepStarted
			printed := m.line != "" && e.Kind == ha.StepOutput && strings.Contains(e.Message, m.line)
			if !killed && e.Step == m.step && (begun || printed) {
				killed = true
				kill()
			}
		}, "apply", "--yes", "-o", "json", "-v")
		fmt.Printf("lab: killed at %s %s: %t, after %d steps\n", m.step, m.line, killed, len(o.steps(ha.StepDone)))
		if !killed {
			// A step that an earlier run's kubeadm finished by itself does not come again.
			require.Equal(t, 0, o.code, "%s", o.stderr)
		}
	}
	o := c.tool.apply(ctx, t)
	require.NotNil(t, o.status)
	assert.True(t, o.status.Healthy())
	assert.Equal(t, 0, c.tool.run(ctx, t, "plan", "--check").code)
}

// survivesLostHosts cuts one host off while it joins and takes another's power away: the error names hosts and steps, within the
// steps' limit; the others are left consistent; and apply goes on once they are back.
func (c *cluster) survivesLostHosts(ctx context.Context, t *testing.T) {
	require.Equal(t, 0, c.tool.run(ctx, t, "remove", "w2", "--yes").code)
	silent, off := c.lab.Host("w2"), c.lab.Host("w3")
	lose := map[string]func() error{
		"w2/join": func() error { return silent.DropPackets(ctx) },
		"w3/join": func() error { return off.Kill(ctx) },
	}
	lost := map[string]time.Time{}
	failed := map[string]time.Duration{}
	o := c.tool.watch(ctx, t, func(e ha.Event, _ func()) {
		switch {
		case e.Kind == ha.StepStarted && lose[e.Step] != nil && lost[e.Step].IsZero():
			lost[e.Step] = time.Now()
			assert.NoError(t, lose[e.Step]())
		case e.Kind == ha.StepFailed:
			failed[e.Step] = time.Since(lost[e.Step])
			fmt.Printf("lab: %s was reported after %.0f s: %s\n", e.Step, failed[e.Step].Seconds(), e.Message)
		}
	}, "apply", "--yes", "-o", "json")
	assert.Equal(t, 1, o.code)
	assert.Equal(t, []string{"w2/join", "w3/join"}, slices.Sorted(maps.Keys(failed)), "%s", o.stderr)
	for _, name := range []string{"w2", "w3"} {
		assert.Contains(t, o.stderr, "step "+name+"/join on "+name)
	}
	require.NoError(t, silent.Restore(ctx))
	require.NoError(t, off.Boot(ctx))
	c.tool.apply(ctx, t)
	c.isWhole(ctx, t)
}

// refusesBadHosts gives hactl hosts that are wrong in one way each: one clear error, exit code 2, and nothing changed.
func (c *cluster) refusesBadHosts(ctx context.Context, t *testing.T) {
	h := c.tool
	ssh := func(name string, settings map[string]any) func(map[string]any) {
		return func(file map[string]any) {
			for _, entry := range file["hosts"].([]any) {
				if host := entry.(map[string]any); host["name"] == name {
					host["ssh"] = settings
				}
			}
		}
	}
	osRelease, err := c.lab.Host("w1").Run(ctx, "cat", "/etc/os-release")
	require.NoError(t, err)
	for _, tt := range []struct {
		name  string
		edit  func(map[string]any)
		begin func() error
		end   func() error
		want  []string
	}{
		{name: "unreachable", edit: ssh("w1", map[string]any{"port": 1}), want: []string{"w1", "refused"}},
		{name: "wrong host key", edit: ssh("w1", map[string]any{"address": c.lab.Host("w2").Address.String(), "knownHostsFile": "swapped"}), want: []string{"w1", "host key"}},
		{name: "no sudo", edit: ssh("w1", map[string]any{"user": "admin"}), want: []string{"w1", "sudo"}},
		{name: "wrong operating system", want: []string{"w1", "Alpine"},
			begin: func() error {
				return c.lab.Host("w1").WriteFile(ctx, "/etc/os-release", "ID=alpine\nPRETTY_NAME=\"Alpine Linux\"\n")
			},
			end: func() error { return c.lab.Host("w1").WriteFile(ctx, "/etc/os-release", osRelease) }},
		{name: "unknown field", edit: func(f map[string]any) { f["colour"] = "red" }, want: []string{"cluster.yaml:", "colour", "unknown field"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h.file(t, tt.edit, "cp1", "cp2", "cp3", "w1")
			h.swapHostKey(t, "w2", "w1")
			if tt.begin != nil {
				require.NoError(t, tt.begin())
				defer func() { require.NoError(t, tt.end()) }()
			}
			unchanged := c.marks(ctx, t, "cp1", "cp2", "cp3")
			start := time.Now()
			o := h.run(ctx, t, "apply", "--yes")
			assert.Equal(t, 2, o.code, "%s", o.stderr)
			for _, want := range tt.want {
				assert.Contains(t, o.stderr, want)
			}
			assert.Less(t, time.Since(start), time.Minute)
			unchanged(t)
		})
	}
}
