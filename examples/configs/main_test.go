package main

import (
	"bytes"
	"crypto/rand"
	"flag"
	"os"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file")

func TestRun(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(&out, rand.Reader))
	if *update {
		require.NoError(t, os.WriteFile("testdata/configs.txt", out.Bytes(), 0o644))
	}
	want, err := os.ReadFile("testdata/configs.txt")
	require.NoError(t, err)
	assert.Equal(t, string(want), out.String(), "no random credential is in the output, so it is always the same")
}

func TestRunReportsErrors(t *testing.T) {
	t.Parallel()
	assert.Error(t, run(&bytes.Buffer{}, iotest.ErrReader(os.ErrClosed)))
}
