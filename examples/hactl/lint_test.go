package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
)

func TestLintOfTheSimulationIsSilent(t *testing.T) {
	out := invoke(t, "lint", "--simulate")
	assert.Equal(t, outcome{code: exitDone, stdout: "Nothing to say.\n"}, out)
}

func TestLint(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		hosts := newLab(t, c, "acknowledge: [EvenControlPlanes]\nkubeProxy: {mode: ipvs}")
		out := hosts.hactl("lint")
		assert.Equal(t, exitDone, out.code, "warnings alone: %s", out.stderr)
		assert.Contains(t, out.stdout, "KC050 warning: KubeProxyConfiguration.mode: ipvs is deprecated in Kubernetes v1.37\n    Plan the move")

		hosts = newLab(t, c, "acknowledge: [EvenControlPlanes]\nkubeadm: {apiServer: {extraArgs: [{name: anonymous-auth, value: \"false\"}]}}")
		out = hosts.hactl("lint", "-o", "json")
		assert.Equal(t, exitFailed, out.code)
		var findings []ha.Finding
		require.NoError(t, json.Unmarshal([]byte(out.stdout), &findings))
		require.Len(t, findings, 1)
		assert.Equal(t, "KC061", findings[0].Code)

		c.Host("w1").Crash()
		out = hosts.hactl("lint")
		assert.Equal(t, exitBadInput, out.code)
		assert.Contains(t, out.stdout, "KC061")
		assert.Contains(t, out.stderr, "w1")
	}, fake.ControlPlanes(2), fake.Workers(1))
}
