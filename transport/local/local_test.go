package local_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/local"
	"github.com/quorate-dev/quorate/transport/transporttest"
	"github.com/stretchr/testify/require"
)

// host is this machine, as the conformance suite takes it.
func host(t *testing.T, cfg local.Config) transporttest.Host {
	h := transporttest.Host{
		Connect: func(ctx context.Context) (transport.Transport, error) { return local.New(ctx, cfg) },
		Dir:     t.TempDir(),
		Listen:  transporttest.ListenHere,
		Large:   100 << 20,
		Lacks:   map[transporttest.Feature]string{},
	}
	switch {
	case os.Getuid() == 0:
		h.Owner = "daemon:daemon"
	default:
		h.Forbidden = filepath.Join(t.TempDir(), "forbidden")
		require.NoError(t, os.WriteFile(h.Forbidden, nil, 0))
	}
	if runtime.GOOS != "linux" {
		h.Lacks[transporttest.Stat] = "BSD's stat has other options"
	}
	return h
}

func TestConformance(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
		use(t, host(t, local.Config{}))
	})
}
