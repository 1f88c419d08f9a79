package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/ha"
)

// render runs hactl render without a way to any host.
func render(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := &cli{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, dial: unplugged(t)}
	code := c.run(t.Context(), append([]string{"-f", "testdata/cluster.yaml", "render"}, args...))
	return outcome{code, stdout.String(), stderr.String()}
}

func TestRenderGolden(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"render-cp1.txt":    {"cp1"},
		"kubeadm-join.yaml": {"w1", "/etc/quorate/kubeadm-join.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := render(t, args...)
			require.Equal(t, exitDone, o.code, o.stderr)
			assert.Empty(t, o.stderr)
			path := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(o.stdout), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), o.stdout)
		})
	}
}

// All files together are those of each host, one after the other.
func TestRenderEveryHost(t *testing.T) {
	t.Parallel()
	var parts []string
	for _, h := range []string{"cp1", "cp2", "cp3", "w1"} {
		parts = append(parts, render(t, h).stdout)
	}
	assert.Equal(t, strings.Join(parts, "\n"), render(t).stdout)

	var files []ha.HostFile
	require.NoError(t, json.Unmarshal([]byte(render(t, "-o", "json").stdout), &files))
	assert.Greater(t, len(files), 12)
	for _, f := range files {
		assert.Equal(t, f.Data, render(t, f.Host, f.Path).stdout, "one file is printed as it is, without a heading")
	}
}

var (
	tokenForm = regexp.MustCompile(`\b[a-z0-9]{6}\.[a-z0-9]{16}\b`)
	keyForm   = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
)

// Secrets are shown only when they are asked for, and are new ones each time.
func TestRenderReveals(t *testing.T) {
	t.Parallel()
	const path = "/etc/quorate/kubeadm-init.yaml"
	hidden := render(t, "cp1", path).stdout
	assert.Equal(t, 2, strings.Count(hidden, "[redacted]"))
	assert.Empty(t, tokenForm.FindAllString(hidden, -1))
	assert.Empty(t, keyForm.FindAllString(hidden, -1))

	shown := render(t, "cp1", path, "--reveal").stdout
	assert.NotContains(t, shown, "[redacted]")
	require.Len(t, tokenForm.FindAllString(shown, -1), 1)
	require.Len(t, keyForm.FindAllString(shown, -1), 1)
	again := render(t, "cp1", path, "--reveal").stdout
	assert.NotEqual(t, tokenForm.FindString(shown), tokenForm.FindString(again))
	assert.NotEqual(t, keyForm.FindString(shown), keyForm.FindString(again))
	// Nothing else differs, quotes aside, which depend on a secret's first letters.
	shown = keyForm.ReplaceAllString(tokenForm.ReplaceAllString(shown, "[redacted]"), "[redacted]")
	unquote := strings.NewReplacer(`"[redacted]"`, "[redacted]")
	assert.Equal(t, unquote.Replace(hidden), unquote.Replace(shown))
}
