package ha_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
)

// simManifest is a network plugin as far as a node is concerned: a DaemonSet that puts its configuration on every host.
const simManifest = `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: sim-network, namespace: kube-system}
spec:
  selector: {matchLabels: {app: sim-network}}
  template:
    metadata: {labels: {app: sim-network}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      containers:
      - {name: install, image: registry.example/network:1, volumeMounts: [{name: cni, mountPath: /etc/cni/net.d}]}
      volumes:
      - {name: cni, hostPath: {path: /etc/cni/net.d}}
`

// simSpec is the Spec for the first hosts of a simulated cluster: as many control planes and workers as said.
func simSpec(t testing.TB, c *fake.Cluster, names ...string) ha.Spec {
	t.Helper()
	cni := filepath.Join(t.TempDir(), "cni.yaml")
	require.NoError(t, os.WriteFile(cni, []byte(simManifest), 0o600))
	spec := ha.Spec{
		Name: "sim", KubernetesVersion: "v1.37.2",
		Endpoint: ha.Endpoint{Host: "api.sim.internal"},
		CNI:      ha.CNI{Manifest: cni},
	}
	for _, name := range names {
		role := ha.RoleWorker
		if name[0] == 'c' {
			role = ha.RoleControlPlane
		}
		spec.Hosts = append(spec.Hosts, ha.Host{Name: name, Address: c.Host(name).Address(), Role: role})
	}
	return spec
}

// apply plans and applies, and returns the plan.
func apply(ctx context.Context, t testing.TB, spec ha.Spec, c *fake.Cluster, opts ...ha.Option) (*ha.Plan, error) {
	t.Helper()
	cluster, err := ha.New(spec, c.Dial, opts...)
	require.NoError(t, err)
	plan, err := cluster.Plan(ctx)
	if err != nil {
		return nil, err
	}
	return plan, cluster.Apply(ctx, plan)
}

// requireHealthy requires that the cluster is as its Spec says, and that nothing is left to do.
func requireHealthy(ctx context.Context, t testing.TB, spec ha.Spec, c *fake.Cluster) {
	t.Helper()
	cluster, err := ha.New(spec, c.Dial)
	require.NoError(t, err)
	st, err := cluster.Status(ctx)
	require.NoError(t, err)
	require.True(t, st.Healthy(), "%+v", st)
	plan, err := cluster.Plan(ctx)
	require.NoError(t, err)
	require.True(t, plan.Empty(), "%s", plan)
}

func TestBuildOnTheSimulator(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1", "w2")
		_, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		requireHealthy(t.Context(), t, spec, c)
		assert.Equal(t, []string{"cp1", "cp2", "cp3"}, c.Etcd().Voters())

		for _, h := range c.Hosts() {
			h.ClearHistory()
		}
		plan, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		assert.True(t, plan.Empty())
		for _, h := range c.Hosts() {
			assert.Empty(t, h.Changes(), "a second apply on %s", h.Name())
		}
	}, fake.ControlPlanes(3), fake.Workers(2))
}
