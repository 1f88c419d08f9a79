package ha_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/transport"
)

// built is a simulated cluster that stands.
func built(t *testing.T, c *fake.Cluster, names ...string) ha.Spec {
	t.Helper()
	spec := simSpec(t, c, names...)
	_, err := apply(t.Context(), t, spec, c)
	require.NoError(t, err)
	requireHealthy(t.Context(), t, spec, c)
	return spec
}

// ran counts the commands on a host that begin with prefix.
func ran(c *fake.Cluster, host, prefix string) int {
	n := 0
	for _, a := range c.Host(host).History() {
		if strings.HasPrefix(strings.Join(a.Argv, " "), prefix) {
			n++
		}
	}
	return n
}

func TestOneMoreWorkerTouchesOnlyItself(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		built(t, c, "cp1", "cp2", "cp3", "w1")
		for _, h := range c.Hosts() {
			h.ClearHistory()
		}
		spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1", "w2")
		plan, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		assert.Equal(t, []string{"w2"}, plan.Hosts())
		for _, name := range []string{"cp1", "cp2", "cp3", "w1"} {
			assert.Empty(t, c.Host(name).Changes(), name)
		}
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(3), fake.Workers(2))
}

func TestRemoveAndJoinAgain(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := built(t, c, "cp1", "cp2", "cp3", "w1")
		for _, name := range []string{"cp2", "cp1", "w1"} { // cp1 is the one that was initialised
			cluster, err := ha.New(spec, c.Dial)
			require.NoError(t, err)
			plan, err := cluster.PlanRemove(t.Context(), name)
			require.NoError(t, err)
			require.NoError(t, cluster.Apply(t.Context(), plan))
			assert.NotContains(t, c.Etcd().Voters(), name)
			for _, file := range []string{"/etc/kubernetes/kubelet.conf", "/etc/quorate/nginx.conf", "/root/.kube/config"} {
				assert.False(t, c.Host(name).Exists(file), "%s on %s", file, name)
			}
			for _, h := range c.Hosts() {
				if conf, err := h.ReadFile("/etc/quorate/nginx.conf"); err == nil && name != "w1" {
					assert.NotContains(t, string(conf), c.Host(name).Address(), "the balancer of %s", h.Name())
				}
			}
			_, err = apply(t.Context(), t, spec, c)
			require.NoError(t, err)
			requireHealthy(t.Context(), t, spec, c)
		}
	}, fake.ControlPlanes(3), fake.Workers(1))
}

func TestResetAndBuildAgain(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := built(t, c, "cp1", "cp2", "cp3", "w1")
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		_, err = cluster.PlanReset(t.Context(), "other")
		require.ErrorIs(t, err, ha.ErrNotConfirmed)
		plan, err := cluster.PlanReset(t.Context(), "sim")
		require.NoError(t, err)
		require.NoError(t, cluster.Apply(t.Context(), plan))
		again, err := cluster.PlanReset(t.Context(), "sim")
		require.NoError(t, err)
		assert.True(t, again.Empty(), "%s", again)
		_, err = apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(3), fake.Workers(1))
}

// A run that is cut short, at the start of a step of every kind, is gone on with by the next.
func TestCutShortAndRunAgain(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1")
		for _, at := range []string{"cp2/swap", "cp1/runtime", "w1/balancer", "cp1/init", "cp1/cni", "w1/join", "cp2/join", "cp1/balancer+cp2", "cp3/join", "cp3/verify"} {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := apply(ctx, t, spec, c, ha.WithEvents(func(e ha.Event) {
				if e.Kind == ha.StepStarted && e.Step == at {
					cancel()
				}
			}))
			if err != nil { // a step may be over already
				assert.ErrorIs(t, err, context.Canceled, at)
			}
			cancel()
		}
		_, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		requireHealthy(t.Context(), t, spec, c)
		assert.Equal(t, []string{"cp1", "cp2", "cp3"}, c.Etcd().Voters())
	}, fake.ControlPlanes(3), fake.Workers(1))
}

// A join that fails when its etcd member is there already is cleaned (the member removed, the host reset) and tried again.
func TestFailedJoinIsCleanedAndRetried(t *testing.T) {
	for phase, resets := range map[string]int{
		"join/kubelet-start": 1, "join/etcd-join/added": 1, "join/etcd-join/started": 1,
		// By then there are two voters, and for five seconds etcd lets neither go: were the host reset before its member is
		// gone, the other would be alone without a quorum.
		"join/etcd-join/promoted": 1,
		"join/wait-control-plane": 0, // all was done by then: the check says so, and nothing is done again
	} {
		t.Run(strings.ReplaceAll(phase, "/", "-"), func(t *testing.T) {
			fake.Test(t, func(t *testing.T, c *fake.Cluster) {
				spec := simSpec(t, c, "cp1", "cp2", "cp3")
				c.Inject(fake.On("cp2").Exec("kubeadm join*").Phase(phase).Exit(1, "error execution phase: injected"))
				var retried []ha.Event
				_, err := apply(t.Context(), t, spec, c, ha.WithEvents(func(e ha.Event) {
					if e.Kind == ha.StepRetried && e.Step == "cp2/join" { // cp3 may have been told of the member that goes
						retried = append(retried, e)
					}
				}))
				require.NoError(t, err)
				require.Len(t, retried, 1)
				assert.ErrorContains(t, retried[0].Err, "injected")
				assert.Equal(t, resets, ran(c, "cp2", "kubeadm reset"))
				assert.Equal(t, []string{"cp1", "cp2", "cp3"}, c.Etcd().Voters())
				requireHealthy(t.Context(), t, spec, c)
			}, fake.ControlPlanes(3))
		})
	}
}

// When only the answer is lost, the host is asked whether the work was done; it is not done twice.
func TestLostReplyIsCheckedNotRepeated(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "w1")
		c.Inject(fake.On("w1").Exec("kubeadm join*").LoseReply())
		_, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		assert.Equal(t, 1, ran(c, "w1", "kubeadm join"))
		assert.Zero(t, ran(c, "w1", "kubeadm reset"))
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(1), fake.Workers(1))
}

// stepErrors are the failed steps by their ID.
func stepErrors(err error) map[string]*ha.StepError {
	steps := map[string]*ha.StepError{}
	switch tree := err.(type) {
	case *ha.StepError:
		steps[tree.Step] = tree
	case interface{ Unwrap() []error }:
		for _, branch := range tree.Unwrap() {
			maps.Copy(steps, stepErrors(branch))
		}
	}
	return steps
}

// A host that loses its power in the middle is named with its step; the rest is consistent; apply goes on once it is back.
func TestHostThatDiesInTheMiddle(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1")
		c.Inject(fake.On("cp3").Exec("kubeadm join*").Phase("join/kubelet-start").Crash())
		start := time.Now()
		_, err := apply(t.Context(), t, spec, c)
		steps := stepErrors(err)
		assert.Contains(t, steps, "cp3/join")
		for id, step := range steps {
			assert.Equal(t, "cp3", step.Host, id)
		}
		assert.Less(t, time.Since(start), 25*time.Minute)
		assert.True(t, c.Etcd().HasQuorum())
		assert.Contains(t, c.Etcd().Voters(), "cp2")

		c.Host("cp3").Boot()
		_, err = apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(3), fake.Workers(1))
}

// A command that hangs ends with its step's limit.
func TestHangEndsWithTheStepsLimit(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "w1")
		c.Inject(fake.On("w1").Exec("kubeadm join*").Hang())
		start := time.Now()
		_, err := apply(t.Context(), t, spec, c)
		var step *ha.StepError
		require.ErrorAs(t, err, &step)
		assert.Equal(t, "w1/join", step.Step)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, step.After, step.Limit+5*time.Minute, "the limit, and the cleaning after it")
		assert.Greater(t, time.Since(start), 20*time.Minute)
		_, err = apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(1), fake.Workers(1))
}

func TestRemoveIsRefusedWhereEtcdWouldLoseItsQuorum(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := built(t, c, "cp1", "cp2", "cp3")
		c.Host("cp3").Crash()
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		_, err = cluster.PlanRemove(t.Context(), "cp2")
		require.Error(t, err, "two of three are left, one of them dead")
		plan, err := cluster.PlanRemove(t.Context(), "cp3")
		require.NoError(t, err, "the dead one may go")
		assert.NotEmpty(t, plan.Notes)
		require.NoError(t, cluster.Apply(t.Context(), plan))
		assert.Equal(t, []string{"cp1", "cp2"}, c.Etcd().Voters())
	}, fake.ControlPlanes(3))
}

func TestLastControlPlaneIsNotRemoved(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := built(t, c, "cp1")
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		_, err = cluster.PlanRemove(t.Context(), "cp1")
		require.ErrorIs(t, err, ha.ErrQuorum)
	}, fake.ControlPlanes(1))
}

func TestApplyRefusesAPlanOfYesterday(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1")
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		plan, err := cluster.Plan(t.Context())
		require.NoError(t, err)
		_, err = c.Host("cp1").Exec(t.Context(), "swapoff", "-a")
		require.NoError(t, err)
		c.Host("cp1").ClearHistory()
		err = cluster.Apply(t.Context(), plan)
		require.ErrorIs(t, err, ha.ErrPlanChanged)
		assert.Contains(t, err.Error(), "cp1/swap")
		assert.Empty(t, c.Host("cp1").Changes())
	}, fake.ControlPlanes(1))
}

// Certificates live for two hours in the cluster: a control plane that comes later has them uploaded again.
func TestLaterControlPlanesGetFreshCertificates(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		built(t, c, "cp1")
		c.Settle(3 * time.Hour)
		spec := simSpec(t, c, "cp1", "cp2", "cp3")
		_, err := apply(t.Context(), t, spec, c)
		require.NoError(t, err)
		assert.Equal(t, 1, ran(c, "cp1", "kubeadm init phase upload-certs"))
		assert.False(t, c.Host("cp1").Exists("/etc/quorate/kubeadm-upload-certs.yaml"))
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(3))
}

// What was prepared survives a reboot.
func TestRebootChangesNothing(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := built(t, c, "cp1", "cp2", "cp3", "w1")
		for _, h := range c.Hosts() {
			h.Reboot()
			c.Settle(3 * time.Minute)
		}
		requireHealthy(t.Context(), t, spec, c)
	}, fake.ControlPlanes(3), fake.Workers(1))
}

// Hosts that are unfit are all named, before any host is touched.
func TestUnfitHostsAreAllNamed(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1")
		c.Host("w1").SetClockSkew(2 * time.Minute)
		id, err := c.Host("cp1").ReadFile("/etc/machine-id")
		require.NoError(t, err)
		require.NoError(t, c.Host("cp2").WriteFile("/etc/machine-id", id, 0o444))
		require.NoError(t, c.Host("cp3").WriteFile("/etc/os-release", []byte("ID=alpine\nPRETTY_NAME=Alpine\n"), 0o644))
		_, err = apply(t.Context(), t, spec, c)
		var hosts *ha.HostsError
		require.ErrorAs(t, err, &hosts)
		var codes []string
		for _, p := range hosts.Problems {
			codes = append(codes, p.Host+" "+p.Code)
		}
		slices.Sort(codes)
		assert.Equal(t, []string{"cp2 MachineID", "cp3 OS", "w1 ClockSkew"}, codes)
		for _, h := range c.Hosts() {
			assert.Empty(t, h.Changes())
		}

		c.Host("w1").Crash()
		_, err = apply(t.Context(), t, spec, c)
		require.ErrorAs(t, err, &hosts)
		var connect *transport.ConnectError
		assert.True(t, errors.As(err, &connect), "%v", err)
	}, fake.ControlPlanes(3), fake.Workers(1))
}

// A connection that breaks while a host is being asked is no reason to give up: asking changes nothing.
func TestBrokenConnectionWhileAsking(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1")
		c.Inject(fake.On("cp1").Exec("systemctl show*").DropConn())
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		_, err = cluster.Plan(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, c.Injected())
	}, fake.ControlPlanes(1))
}
