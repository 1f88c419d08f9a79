package lab_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab"
)

// labVersion is the Kubernetes version of the tests' hosts.
const labVersion = "v1.37.2"

// needLab skips a test that needs real hosts where there can be none, or where nobody asked for them.
func needLab(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv("QUORATE_LAB") == "" {
		t.Skip("real hosts are made only when asked for: run `make lab` as root, or set QUORATE_LAB=1")
	}
	if err := lab.Usable(); err != nil {
		t.Skip(err)
	}
	// An interrupt ends the test through its context, so that everything is cleared away.
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGINT, syscall.SIGTERM)
	t.Cleanup(stop)
	return ctx
}

// newLab makes a lab that ends with the test.
func newLab(ctx context.Context, t *testing.T) *lab.Lab {
	t.Helper()
	progress := func(line string) { fmt.Println("lab: " + line) }
	artifacts, err := lab.Build(ctx, labVersion, progress)
	require.NoError(t, err)
	l, err := lab.New(ctx, lab.Config{Artifacts: artifacts, Progress: progress})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}
