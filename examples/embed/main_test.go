package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSimulated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), nil, &out))
		assert.Equal(t, "cp1 ControlPlane v1.37.2\ncp2 ControlPlane v1.37.2\ncp3 ControlPlane v1.37.2\n", out.String())
	})
}

func TestClusterFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cluster.yaml")
	require.NoError(t, os.WriteFile(file, []byte("name: demo\ncolour: red\n"), 0o600))
	require.ErrorContains(t, run(t.Context(), []string{file}, nil), file+":2: colour: unknown field")
}
