package lab_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab"
)

// TestHAProxy is clusters whose balancers are HAProxy: on every host, and on a host of its own.
func TestHAProxy(t *testing.T) {
	ctx := needLab(t)
	for _, tt := range []struct {
		placement string
		hosts     []string
		balancers []string
		ca        string
	}{
		{"Local", []string{"cp1", "cp2", "cp3", "w1"}, []string{"cp1", "cp2", "cp3", "w1"}, "/etc/kubernetes/pki/ca.crt"},
		{"Dedicated", []string{"cp1", "w1", "lb1"}, []string{"lb1"}, "/etc/quorate/ca.crt"},
	} {
		t.Run(tt.placement, func(t *testing.T) {
			l := newLab(ctx, t)
			require.NoError(t, l.AddHosts(ctx, tt.hosts...))
			h := newTool(ctx, t, l)
			h.file(t, func(file map[string]any) {
				file["loadBalancer"] = map[string]any{"placement": tt.placement, "engine": "haproxy"}
			}, tt.hosts...)
			start := time.Now()
			h.apply(ctx, t)
			fmt.Printf("lab: apply with haproxy, %s: %.1f s\n", tt.placement, time.Since(start).Seconds())
			st := h.status(ctx, t)
			assert.True(t, st.Healthy(), "%+v", st)
			assert.Empty(t, h.apply(ctx, t).hosts(), "a second apply changes nothing")
			for _, name := range tt.balancers {
				haproxyIsRight(ctx, t, l.Host(name), tt.ca)
			}
			o := h.run(ctx, t, "reset", "--yes", "--confirm", "lab")
			require.Equal(t, 0, o.code, "%s", o.stderr)
			for _, name := range tt.balancers {
				out, err := l.Host(name).Run(ctx, "find", "/etc/quorate", "/etc/systemd/system/quorate-lb.service", "/run/quorate-lb", "-type", "f")
				assert.Error(t, err, "%s", name)
				assert.Empty(t, out, "left on %s", name)
			}
		})
	}
}

// haproxyIsRight checks one host's balancer: it verifies apiservers, every one of which is up, and it serves after it was killed.
func haproxyIsRight(ctx context.Context, t *testing.T, host *lab.Host, ca string) {
	t.Helper()
	conf, err := host.Run(ctx, "cat", "/etc/quorate/haproxy.cfg")
	require.NoError(t, err)
	assert.Contains(t, conf, "verify required ca-file "+ca+" verifyhost kubernetes")
	up := func(ctx context.Context) string {
		out, _ := host.Run(ctx, "sh", "-c", "echo show stat | socat - UNIX:/run/quorate-lb/haproxy.sock | grep -c ',UP,.*L7OK'")
		return out
	}
	control, err := host.Run(ctx, "sh", "-c", "grep -c 'no-check backup' /etc/quorate/haproxy.cfg")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return up(ctx) == control }, time.Minute, 200*time.Millisecond, "%s finds %s apiservers ready of %s", host.Name, up(ctx), control)
	_, err = host.Run(ctx, "systemctl", "kill", "--signal=KILL", "quorate-lb")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return up(ctx) == control }, time.Minute, 200*time.Millisecond, "%s serves again", host.Name)
}
