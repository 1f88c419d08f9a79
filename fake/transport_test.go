package fake_test

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/transporttest"
)

func TestTransport(t *testing.T) {
	t.Parallel()
	transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
		fake.Test(t, func(t *testing.T, c *fake.Cluster) {
			h := c.Host("w1")
			_, err := h.Exec(t.Context(), "mkdir", "/tmp/transporttest")
			require.NoError(t, err)
			use(t, transporttest.Host{
				Connect: func(ctx context.Context) (transport.Transport, error) { return c.Dial(ctx, "w1") },
				Dir:     "/tmp/transporttest",
				Listen:  func(t testing.TB, network string) string { return echo(t, h, network) },
				Large:   4 << 20,
				Owner:   "www-data:adm",
				Lacks:   map[transporttest.Feature]string{transporttest.Shell: "hosts are driven by argument vectors"},
			})
		}, fake.Workers(1))
	})
}

// echo starts an echo server on the host.
func echo(t testing.TB, h *fake.Host, network string) string {
	t.Helper()
	address := map[string]string{"tcp": "127.0.0.1:7007", "unix": "/run/echo.sock"}[network]
	l, err := h.Listen(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func(c net.Conn) {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}(c)
		}
	}()
	synctest.Wait()
	return address
}
