package lab_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab"
)

// TestSweepClearsAwayAfterAKilledProcess boots a host in another process, kills that, and looks for
// what is left; the lab of this process is left alone.
func TestSweepClearsAwayAfterAKilledProcess(t *testing.T) {
	ctx := needLab(t)
	mine := newLab(ctx, t)
	require.NoError(t, mine.AddHosts(ctx, "mine"))

	program := filepath.Join(t.TempDir(), "labup")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/labup").CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := exec.CommandContext(ctx, program, "-dir", t.TempDir(), "-hosts", "other")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var prefix string
	for lines := bufio.NewScanner(stdout); lines.Scan() && !strings.HasPrefix(lines.Text(), "Interrupt"); {
		if m := regexp.MustCompile(`(ql[0-9a-f]{6})-driver`).FindStringSubmatch(lines.Text()); m != nil {
			prefix = m[1]
		}
	}
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.NotEmpty(t, prefix, "the other process booted its host")
	require.NotEmpty(t, leftOf(t, prefix), "a killed process cannot clear away")

	require.NoError(t, lab.Sweep(ctx))
	assert.Empty(t, leftOf(t, prefix))
	_, err = mine.Host("mine").Run(ctx, "true")
	require.NoError(t, err, "labs of live processes stay")
}

// leftOf lists what there is of a run: namespaces, cgroups, mounts, directories.
func leftOf(t *testing.T, prefix string) []string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	var left []string
	for _, pattern := range []string{"/run/netns/" + prefix + "-*", "/sys/fs/cgroup/quorate-lab/" + prefix, "/sys/fs/cgroup/*/quorate-lab/" + prefix, cache + "/quorate-lab/run-" + prefix + "*"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		left = append(left, found...)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, prefix) {
			left = append(left, line)
		}
	}
	return left
}
