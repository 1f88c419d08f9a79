package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/transport"
)

var update = flag.Bool("update", false, "write the golden files")

// outcome is how a run ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// invoke runs hactl as a script does: nobody sits at a terminal.
func invoke(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

// lab is a cluster file and the simulated hosts that it is about, in place of hosts that SSH reaches.
type lab struct {
	t    *testing.T
	file string
	dial transport.Dialer
}

// newLab writes the cluster file of the hosts' cluster. more is added to it.
func newLab(t *testing.T, hosts *fake.Cluster, more string) *lab {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cni.yaml"), networkManifest, 0o600))
	text := "name: prod\nkubernetesVersion: v1.37.2\nendpoint: {host: api.prod.internal}\ncni: {manifest: cni.yaml}\n" + more + "\nhosts:\n"
	for _, h := range hosts.Hosts() {
		role := ha.RoleWorker
		if strings.HasPrefix(h.Name(), "cp") {
			role = ha.RoleControlPlane
		}
		text += fmt.Sprintf("- {name: %s, address: %s, role: %s}\n", h.Name(), h.Address(), role)
	}
	file := filepath.Join(dir, "cluster.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return &lab{t: t, file: file, dial: hosts.Dial}
}

// cli is hactl with the lab's hosts.
func (l *lab) cli(stdout, stderr *bytes.Buffer) *cli {
	return &cli{stdin: strings.NewReader(""), stdout: stdout, stderr: stderr, dial: func(ha.Spec) transport.Dialer { return l.dial }}
}

// hactl runs it as a script does.
func (l *lab) hactl(args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := l.cli(&stdout, &stderr).run(l.t.Context(), append([]string{"-f", l.file}, args...))
	return outcome{code, stdout.String(), stderr.String()}
}

// answering runs it with somebody at the terminal who types answers.
func (l *lab) answering(answers string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	c := l.cli(&stdout, &stderr)
	c.stdin, c.terminal = strings.NewReader(answers), true
	code := c.run(l.t.Context(), append([]string{"-f", l.file}, args...))
	return outcome{code, stdout.String(), stderr.String()}
}

// lines reads what -o json printed.
func (o outcome) lines(t *testing.T) (events []ha.Event, status *ha.Status) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(o.stdout))
	dec.DisallowUnknownFields()
	for dec.More() {
		require.Nil(t, status, "the status comes last")
		var l line
		require.NoError(t, dec.Decode(&l))
		if l.Event != nil {
			events = append(events, *l.Event)
		}
		status = l.Status
	}
	return events, status
}

// unplugged is a Dialer that reaches nobody, and fails the test when it is asked to.
func unplugged(t *testing.T) func(ha.Spec) transport.Dialer {
	return func(ha.Spec) transport.Dialer {
		return func(_ context.Context, host string) (transport.Transport, error) {
			t.Errorf("%s was dialled", host)
			return nil, os.ErrClosed
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "cluster.yaml")
	require.NoError(t, os.WriteFile(file, []byte(goodFile), 0o600))
	planOf := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"nothing":               {nil, "say what to do"},
		"no such verb":          {[]string{"frobnicate"}, `unknown command "frobnicate"`},
		"no such flag":          {[]string{"plan", "--nope"}, "unknown flag: --nope"},
		"another verb's flag":   {[]string{"status", "--reveal"}, "unknown flag: --reveal"},
		"too many words":        {[]string{"plan", "cp1"}, `unknown command "cp1"`},
		"remove whom":           {[]string{"remove"}, "accepts 1 arg(s), received 0"},
		"render too much":       {[]string{"render", "a", "b", "c"}, "accepts at most 2 arg(s)"},
		"two sources":           {[]string{"-f", file, "--simulate", "plan"}, "it goes without -f"},
		"no such format":        {[]string{"-f", file, "plan", "-o", "xml"}, "-o xml: text and json are the formats"},
		"no such file":          {[]string{"-f", filepath.Join(dir, "none.yaml"), "plan"}, "none.yaml: no such file"},
		"nobody to ask":         {[]string{"-f", file, "apply"}, "standard input is not a terminal"},
		"nobody to ask, remove": {[]string{"remove", "w1", "-f", file}, "remove without asking takes --yes"},
		"reset without a name":  {[]string{"-f", file, "reset", "--yes"}, "--confirm with the cluster's name"},
		"reset without --yes":   {[]string{"-f", file, "reset", "--confirm", "prod"}, "reset without asking takes --yes"},
		"reset of another":      {[]string{"-f", file, "reset", "--yes", "--confirm", "staging"}, `not confirmed with the cluster's name: "staging" is not "prod"`},
		"render no such host":   {[]string{"-f", file, "render", "cp9"}, `no host "cp9"`},
		"render no such path":   {[]string{"-f", file, "render", "cp1", "/etc/passwd"}, "it gets\n  /etc/hosts"},
		"report nowhere":        {[]string{"-f", file, "apply", "--yes", "--report", filepath.Join(dir, "no", "r.html")}, "report: "},
		"no such plan":          {[]string{"-f", file, "apply", "--yes", "--plan", filepath.Join(dir, "none")}, "no such file"},
		"no plan":               {[]string{"-f", file, "apply", "--yes", "--plan", file}, "cluster.yaml: invalid character"},
		"plan with more":        {[]string{"-f", file, "apply", "--yes", "--plan", planOf("more", `{"cluster":"prod","colour":"red"}`)}, `unknown field "colour"`},
		"another's plan":        {[]string{"-f", file, "apply", "--yes", "--plan", planOf("other", `{"cluster":"staging"}`)}, `is for the cluster "staging"`},
		"a plan to reset":       {[]string{"-f", file, "apply", "--yes", "--plan", planOf("reset", `{"cluster":"prod","operation":{"kind":"Reset"}}`)}, `is for the operation "Reset"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			c := &cli{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, dial: unplugged(t)}
			assert.Equal(t, exitBadInput, c.run(t.Context(), test.args))
			assert.Contains(t, stderr.String(), test.want)
			assert.True(t, strings.HasPrefix(stderr.String(), "hactl: "), stderr.String())
			assert.Empty(t, stdout.String())
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"apply", "--help"}, {"help", "render"}} {
		o := invoke(t, args...)
		assert.Equal(t, exitDone, o.code)
		assert.Contains(t, o.stdout, "--simulate")
	}
}
