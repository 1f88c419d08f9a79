package fake_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
)

// After Close none of a cluster's goroutines is left, though things were under way.
func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	const label = "fake-leak-test"
	pprof.Do(t.Context(), pprof.Labels(label, "yes"), func(ctx context.Context) {
		c, err := fake.New(fake.ControlPlanes(1), fake.Workers(1))
		require.NoError(t, err)
		h := newHand(t, c, "v1.37.2")
		h.build()
		require.NotEmpty(t, h.readyNodes())
		c.Inject(fake.On("w1").Hang())
		hung := make(chan error, 1)
		go func() {
			_, err := c.Host("w1").Exec(ctx, "true")
			hung <- err
		}()
		require.Eventually(t, func() bool { return c.Injected() == 1 }, 30*time.Second, time.Millisecond)
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		require.Error(t, <-hung)
		_, err = c.Dial(ctx, "w1")
		require.Error(t, err)
	})
	require.Eventually(t, func() bool {
		var b bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&b, 1)
		return !strings.Contains(b.String(), label)
	}, 30*time.Second, 10*time.Millisecond)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]fake.Option{
		nil,
		{fake.Workers(1), fake.KubernetesVersion("v1.2.3")},
		{fake.Workers(1), fake.KubernetesVersion("new")},
		{fake.Workers(1), fake.AddHost(fake.HostSpec{Name: "w1", Address: "10.0.0.99"})},
		{fake.Workers(1), fake.AddHost(fake.HostSpec{Name: "x", Address: "10.0.0.21"})},
		{fake.AddHost(fake.HostSpec{Name: "x", Address: "::1"})},
		{fake.AddHost(fake.HostSpec{Address: "10.0.0.5"})},
	} {
		_, err := fake.New(opts...)
		require.Error(t, err)
	}
}

// What is not simulated fails the test, and says what it was.
func TestStrict(t *testing.T) {
	t.Parallel()
	for _, argv := range [][]string{{"apt-get", "update"}, {"sh", "-c", "true"}, {"systemctl", "list-units"}, {"rm", "-i", "/x"}, {"kubeadm", "init"}, {"kubeadm", "upgrade", "plan"}, {"kubectl", "get", "nodes"}, {"ss", "-a"}} {
		tb := &recorder{}
		c := fake.Run(tb, fake.Workers(1))
		_, err := c.Host("w1").Exec(t.Context(), argv...)
		require.NoError(t, err)
		require.NotEmpty(t, tb.errors, "%v", argv)
		require.NotEmpty(t, c.Unhandled())
		tb.end()
	}
	tb := &recorder{}
	c := fake.Run(tb, fake.Workers(1), fake.Permissive())
	res, err := c.Host("w1").Exec(t.Context(), "apt-get", "update")
	require.NoError(t, err)
	require.Equal(t, 127, res.ExitCode)
	require.Empty(t, tb.errors)
	require.Len(t, c.Unhandled(), 1)
	tb.end()
}

type recorder struct {
	errors  []string
	cleanup []func()
}

func (r *recorder) Helper()                        {}
func (r *recorder) Cleanup(f func())               { r.cleanup = append(r.cleanup, f) }
func (r *recorder) Errorf(format string, _ ...any) { r.errors = append(r.errors, format) }
func (r *recorder) Fatalf(format string, _ ...any) { r.errors = append(r.errors, format) }
func (r *recorder) end() {
	for _, f := range r.cleanup {
		f()
	}
}
