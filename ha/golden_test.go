package ha

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files in testdata instead of comparing with them")

// golden compares got with the file testdata/name, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "write it with: go test ./ha -run %s -update", t.Name())
	require.Equal(t, string(want), got, "testdata/%s differs; when it should, run: go test ./ha -run %s -update", name, t.Name())
}

// validSpec is a cluster of three control planes and a worker with nothing wrong in it.
func validSpec() Spec {
	return Spec{
		Name:              "prod",
		KubernetesVersion: "v1.37.2",
		Endpoint:          Endpoint{Host: "api.prod.internal"},
		Hosts: []Host{
			{Name: "cp1", Address: "10.0.0.11", Role: RoleControlPlane},
			{Name: "cp2", Address: "10.0.0.12", Role: RoleControlPlane},
			{Name: "cp3", Address: "10.0.0.13", Role: RoleControlPlane},
			{Name: "w1", Address: "10.0.0.21", Role: RoleWorker},
		},
	}
}

// testCluster is the Cluster of a Spec whose hosts nobody may dial.
func testCluster(t *testing.T, spec Spec, opts ...Option) *Cluster {
	t.Helper()
	c, err := New(spec, unreachable, opts...)
	require.NoError(t, err)
	return c
}
