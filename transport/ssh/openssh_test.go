//go:build lab

package ssh_test

import (
	"context"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/quorate-dev/quorate/transport/transporttest"
)

// TestOpenSSH is the conformance suite over the real server.
func TestOpenSSH(t *testing.T) {
	s := startOpenSSH(t, "")
	transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
		use(t, transporttest.Host{
			Connect: func(ctx context.Context) (transport.Transport, error) { return ssh.Dial(ctx, s.config()) },
			Dir:     t.TempDir(),
			Listen:  transporttest.ListenHere,
			Large:   100 << 20,
			Owner:   "daemon:daemon",
		})
	})
}
