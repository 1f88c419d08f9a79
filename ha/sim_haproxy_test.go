package ha_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
)

// haproxySpec is simSpec with HAProxy in front; hosts that begin with l are balancers.
func haproxySpec(t *testing.T, c *fake.Cluster, names ...string) ha.Spec {
	t.Helper()
	spec := simSpec(t, c, names...)
	spec.LoadBalancer = ha.LoadBalancer{Engine: ha.EngineHAProxy, Placement: ha.PlacementLocal}
	for i, name := range names {
		if name[0] == 'l' {
			spec.Hosts[i].Role, spec.LoadBalancer.Placement = ha.RoleLoadBalancer, ha.PlacementDedicated
		}
	}
	return spec
}

// The whole life of a cluster with HAProxy on every host, and on hosts of its own.
func TestHAProxyOnTheSimulator(t *testing.T) {
	for name, tt := range map[string]struct {
		hosts     []string
		balancers []string
		ca        string
		options   []fake.Option
	}{
		"Local": {[]string{"cp1", "cp2", "cp3", "w1"}, []string{"cp1", "cp2", "cp3", "w1"}, "/etc/kubernetes/pki/ca.crt",
			[]fake.Option{fake.ControlPlanes(3), fake.Workers(1)}},
		"Dedicated": {[]string{"cp1", "cp2", "cp3", "w1", "l1"}, []string{"l1"}, "/etc/quorate/ca.crt",
			[]fake.Option{fake.ControlPlanes(3), fake.Workers(1), fake.AddHost(fake.HostSpec{Name: "l1", Address: "10.0.0.31"})}},
	} {
		t.Run(name, func(t *testing.T) {
			fake.Test(t, func(t *testing.T, c *fake.Cluster) {
				spec := haproxySpec(t, c, tt.hosts...)
				_, err := apply(t.Context(), t, spec, c)
				require.NoError(t, err)
				requireHealthy(t.Context(), t, spec, c)
				for _, b := range tt.balancers {
					conf, err := c.Host(b).ReadFile("/etc/quorate/haproxy.cfg")
					require.NoError(t, err)
					assert.Contains(t, string(conf), "verify required ca-file "+tt.ca+" verifyhost kubernetes", b)
					assert.Equal(t, 3, strings.Count(string(conf), "no-check backup"), b)
					assert.False(t, c.Host(b).Exists("/etc/quorate/nginx.conf"), b)
				}

				cluster, err := ha.New(spec, c.Dial)
				require.NoError(t, err)
				plan, err := cluster.PlanRemove(t.Context(), "cp2")
				require.NoError(t, err)
				require.NoError(t, cluster.Apply(t.Context(), plan))
				for _, b := range tt.balancers {
					if conf, err := c.Host(b).ReadFile("/etc/quorate/haproxy.cfg"); err == nil {
						assert.NotContains(t, string(conf), c.Host("cp2").Address(), b)
					} else {
						assert.Equal(t, "cp2", b)
					}
				}
				_, err = apply(t.Context(), t, spec, c)
				require.NoError(t, err)
				requireHealthy(t.Context(), t, spec, c)

				plan, err = cluster.PlanReset(t.Context(), "sim")
				require.NoError(t, err)
				require.NoError(t, cluster.Apply(t.Context(), plan))
				for _, b := range tt.balancers {
					for _, file := range []string{"/etc/quorate/haproxy.cfg", "/etc/quorate/ca.crt", "/etc/systemd/system/quorate-lb.service", "/run/quorate-lb/haproxy.sock"} {
						assert.False(t, c.Host(b).Exists(file), "%s on %s", file, b)
					}
				}
				_, err = apply(t.Context(), t, spec, c)
				require.NoError(t, err)
				requireHealthy(t.Context(), t, spec, c)
			}, tt.options...)
		})
	}
}

// A cluster changes its engine, and back; what the other one left is gone.
func TestEngineChanges(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := built(t, c, "cp1", "w1")
		for _, tt := range []struct {
			engine      ha.Engine
			there, gone string
		}{{ha.EngineHAProxy, "/etc/quorate/haproxy.cfg", "/etc/quorate/nginx.conf"}, {ha.EngineNginx, "/etc/quorate/nginx.conf", "/etc/quorate/haproxy.cfg"}} {
			spec.LoadBalancer.Engine = tt.engine
			plan, err := apply(t.Context(), t, spec, c)
			require.NoError(t, err)
			require.Len(t, plan.Steps, 4, "%s", plan) // a balancer and a look through it, on both hosts
			requireHealthy(t.Context(), t, spec, c)
			for _, h := range c.Hosts() {
				assert.True(t, h.Exists(tt.there), "%s on %s", tt.there, h.Name())
				assert.False(t, h.Exists(tt.gone), "%s on %s", tt.gone, h.Name())
			}
		}
	}, fake.ControlPlanes(1), fake.Workers(1))
}

// A dedicated balancer whose copy of the CA certificate is not the cluster's gets the right one.
func TestBalancersCopyOfTheCA(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := haproxySpec(t, c, "cp1", "l1")
		_, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		l1 := c.Host("l1")
		right, err := l1.ReadFile("/etc/quorate/ca.crt")
		require.NoError(t, err)
		ca, err := c.Host("cp1").ReadFile("/etc/kubernetes/pki/ca.crt")
		require.NoError(t, err)
		require.Equal(t, string(ca), string(right))

		require.NoError(t, l1.WriteFile("/etc/quorate/ca.crt", []byte("another\n"), 0o644))
		plan, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		assert.Equal(t, []string{"l1"}, plan.Hosts())
		now, err := l1.ReadFile("/etc/quorate/ca.crt")
		require.NoError(t, err)
		assert.Equal(t, string(ca), string(now))
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(1), fake.AddHost(fake.HostSpec{Name: "l1", Address: "10.0.0.31"}))
}

// Hosts without the program are refused before anything is touched, and a cluster whose checks could not work is no Spec.
func TestHAProxyNeeds(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := haproxySpec(t, c, "cp1")
		require.NoError(t, c.Host("cp1").RemoveAll("/usr/sbin/haproxy"))
		_, err := apply(t.Context(), t, spec, c)
		var unfit *ha.HostsError
		require.ErrorAs(t, err, &unfit)
		require.Len(t, unfit.Problems, 1)
		assert.Equal(t, "HAProxy", unfit.Problems[0].Code)
		assert.Empty(t, c.Host("cp1").Changes())
	}, fake.ControlPlanes(1))
}
