package lab_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/lab"
)

// TestHactl is the life of a cluster that hactl builds on real hosts over SSH, with real kubeadm, etcd and nginx.
func TestHactl(t *testing.T) {
	ctx := needLab(t)
	byHand := timeByHand(ctx, t)
	l := newLab(ctx, t)
	require.NoError(t, l.AddHosts(ctx, "cp1", "cp2", "cp3", "w1", "w2", "w3"))
	h := newTool(ctx, t, l)
	four := []string{"cp1", "cp2", "cp3", "w1"}
	c := &cluster{lab: l, tool: h, hosts: four}

	if !t.Run("refuses bad input before any host is touched", func(t *testing.T) { c.refusesBadHosts(ctx, t) }) {
		return
	}
	h.file(t, nil, four...)
	var apply time.Duration
	if !t.Run("builds", func(t *testing.T) {
		start := time.Now()
		h.apply(ctx, t)
		apply = time.Since(start)
		c.isWhole(ctx, t)
		require.NoError(t, l.CheckPods(ctx, l.Host("cp1")))
	}) {
		return
	}
	fmt.Printf("lab: apply %.1f s, kubeadm by hand %.1f s, ratio %.2f\n", apply.Seconds(), byHand.Seconds(), apply.Seconds()/byHand.Seconds())
	t.Run("a second apply changes nothing", func(t *testing.T) { c.changesNothing(ctx, t) })
	t.Run("a reboot changes nothing", func(t *testing.T) { c.survivesReboot(ctx, t) })
	t.Run("one more worker touches only itself", func(t *testing.T) {
		h.file(t, nil, append(four, "w2")...)
		unchanged := c.marks(ctx, t, four...)
		o := h.apply(ctx, t)
		assert.Equal(t, []string{"w2"}, o.hosts())
		unchanged(t)
		c.hosts = append(slices.Clone(four), "w2")
		c.isWhole(ctx, t)
	})
	t.Run("hosts that stop answering in the middle", func(t *testing.T) {
		c.hosts = append(slices.Clone(four), "w2", "w3")
		h.file(t, nil, c.hosts...)
		c.survivesLostHosts(ctx, t)
	})
	t.Run("workers leave", func(t *testing.T) {
		for _, name := range []string{"w2", "w3"} {
			require.Equal(t, 0, h.run(ctx, t, "remove", name, "--yes").code)
		}
		h.file(t, nil, four...)
		c.hosts = four
		c.isWhole(ctx, t)
	})
	t.Run("a control plane leaves and joins again", func(t *testing.T) {
		require.Equal(t, 0, h.run(ctx, t, "remove", "cp2", "--yes").code)
		st := h.status(ctx, t)
		assert.Equal(t, []string{"cp1", "cp3"}, voters(st))
		for _, name := range []string{"cp1", "cp3", "w1"} {
			conf, err := l.Host(name).Run(ctx, "cat", "/etc/quorate/nginx.conf")
			require.NoError(t, err)
			assert.NotContains(t, conf, l.Host("cp2").Address.String(), "the balancer of %s", name)
		}
		c.isBare(ctx, t, "cp2")
		h.apply(ctx, t)
		c.isWhole(ctx, t)
	})
	t.Run("an outage of one control plane", func(t *testing.T) { c.outages(ctx, t) })
	t.Run("reset and built again, killed ten times", func(t *testing.T) {
		o := h.run(ctx, t, "reset", "--yes", "--confirm", "lab")
		require.Equal(t, 0, o.code, "%s", o.stderr)
		for _, name := range four {
			c.isBare(ctx, t, name)
		}
		c.buildsThroughKills(ctx, t)
		c.isWhole(ctx, t)
		require.NoError(t, l.CheckPods(ctx, l.Host("cp3")))
	})
	t.Run("no secret was printed", func(t *testing.T) { c.printedNoSecret(ctx, t) })
}

// timeByHand is how long kubeadm's commands take when they are typed one after the other.
func timeByHand(ctx context.Context, t *testing.T) time.Duration {
	t.Helper()
	l := newLab(ctx, t)
	require.NoError(t, l.AddHosts(ctx, "cp1", "cp2", "cp3", "w1"))
	timings, err := l.ByHand(ctx, lab.ByHandConfig{})
	for text := range strings.Lines(timings.String()) {
		fmt.Print("lab: ", text)
	}
	require.NoError(t, err)
	for _, name := range []string{"cp1", "cp2", "cp3"} {
		out, err := l.Host(name).Run(ctx, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--server=https://"+l.Host(name).Address.String()+":6443",
			"get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")
		require.NoError(t, err)
		require.Equal(t, "cp1 cp2 cp3 w1", out, "made by hand, seen from %s", name)
	}
	require.NoError(t, l.Close())
	return timings.Kubeadm()
}

// cluster is the cluster under test.
type cluster struct {
	lab   *lab.Lab
	tool  *tool
	hosts []string // that are its nodes
}

// voters are the names of the voting etcd members.
func voters(st *ha.Status) []string {
	var names []string
	for _, m := range st.Etcd {
		if !m.Learner {
			names = append(names, m.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (c *cluster) controlPlanes() []string {
	return slices.DeleteFunc(slices.Clone(c.hosts), func(name string) bool { return !strings.HasPrefix(name, "cp") })
}

// isWhole checks everything that makes the cluster the one that the file says.
func (c *cluster) isWhole(ctx context.Context, t *testing.T) {
	t.Helper()
	st := c.tool.status(ctx, t)
	assert.True(t, st.Healthy(), "%+v", st)
	assert.Equal(t, c.controlPlanes(), voters(st))
	assert.Len(t, st.Etcd, len(c.controlPlanes()))
	want := make([]string, len(c.hosts))
	for i, name := range c.hosts {
		want[i] = name + " True"
	}
	for _, name := range c.controlPlanes() {
		out, err := c.lab.Host(name).Run(ctx, "env", "HOME=/root", "kubectl", "get", "nodes", "-o",
			`jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`)
		require.NoError(t, err)
		assert.Equal(t, want, strings.Split(strings.TrimSpace(out), "\n"), "kubectl get nodes on %s", name)
	}
	for _, name := range c.hosts {
		c.hostIsRight(ctx, t, name)
	}
}

// hostIsRight checks one node: its balancer, where its kubeconfigs point, and that the nginx that was there is untouched.
func (c *cluster) hostIsRight(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	host := c.lab.Host(name)
	endpoint := "https://" + lab.EndpointHost + ":16443"
	out, err := host.Run(ctx, "curl", "-sS", "--cacert", "/etc/kubernetes/pki/ca.crt", endpoint+"/readyz")
	require.NoError(t, err, "%s through its own balancer", name)
	assert.Equal(t, "ok", out)
	resolved, err := host.Run(ctx, "getent", "ahostsv4", lab.EndpointHost)
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(resolved, "127.0.0.1 "), "%s resolves the endpoint to itself: %s", name, resolved)
	conf, err := host.Run(ctx, "cat", "/etc/quorate/nginx.conf")
	require.NoError(t, err)
	for _, cp := range c.controlPlanes() {
		assert.Contains(t, conf, c.lab.Host(cp).Address.String()+":6443", "the balancer of %s", name)
	}
	_, err = host.Run(ctx, "curl", "-sf", "http://127.0.0.1/")
	assert.NoError(t, err, "the distribution's own nginx on %s goes on", name)

	local := "https://" + host.Address.String() + ":6443"
	servers := map[string]string{"/etc/kubernetes/kubelet.conf": endpoint}
	if host.IsControlPlane() {
		// 1.33 and newer: the kubelet of a control plane uses the apiserver beside it.
		servers["/etc/kubernetes/kubelet.conf"] = local
		servers["/etc/kubernetes/admin.conf"] = endpoint
		servers["/root/.kube/config"] = endpoint
		servers["/etc/kubernetes/controller-manager.conf"] = local
		servers["/etc/kubernetes/scheduler.conf"] = local
	}
	for file, server := range servers {
		out, err := host.Run(ctx, "grep", "server:", file)
		require.NoError(t, err)
		assert.Equal(t, "server: "+server, strings.TrimSpace(out), "%s on %s", file, name)
	}
	for _, file := range []string{"/etc/quorate/kubeadm-init.yaml", "/etc/quorate/kubeadm-join.yaml", "/etc/quorate/kubeadm-upload-certs.yaml"} {
		_, err := host.Run(ctx, "test", "!", "-e", file)
		assert.NoError(t, err, "%s is gone from %s", file, name)
	}
}

// isBare checks that a host carries nothing of a cluster.
func (c *cluster) isBare(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	host := c.lab.Host(name)
	for _, file := range []string{"/etc/kubernetes/kubelet.conf", "/etc/kubernetes/pki/ca.crt", "/etc/quorate/nginx.conf",
		"/etc/systemd/system/quorate-lb.service", "/root/.kube/config", "/var/lib/etcd/member"} {
		_, err := host.Run(ctx, "test", "!", "-e", file)
		assert.NoError(t, err, "%s on %s", file, name)
	}
	hosts, err := host.Run(ctx, "cat", "/etc/hosts")
	require.NoError(t, err)
	assert.NotContains(t, hosts, "quorate")
	_, err = host.Run(ctx, "curl", "-sf", "http://127.0.0.1/")
	assert.NoError(t, err, "the distribution's own nginx on %s goes on", name)
}

// marks notes the time on hosts; the function it returns requires that no file of theirs that quorate or kubeadm writes changed since,
// and no unit was restarted.
func (c *cluster) marks(ctx context.Context, t *testing.T, hosts ...string) func(*testing.T) {
	t.Helper()
	units := func(name string) string {
		out, err := c.lab.Host(name).Run(ctx, "systemctl", "show", "-p", "Id,ActiveEnterTimestampMonotonic,ExecMainPID,StateChangeTimestampMonotonic", "kubelet", "containerd", "quorate-lb", "nginx")
		require.NoError(t, err)
		return out
	}
	before := map[string]string{}
	for _, name := range hosts {
		_, err := c.lab.Host(name).Run(ctx, "touch", "/run/mark")
		require.NoError(t, err)
		before[name] = units(name)
	}
	return func(t *testing.T) {
		t.Helper()
		for _, name := range hosts {
			out, err := c.lab.Host(name).Run(ctx, "find", "/etc", "/root", "-newer", "/run/mark", "-type", "f")
			require.NoError(t, err)
			assert.Empty(t, out, "files that changed on %s", name)
			assert.Equal(t, before[name], units(name), "units on %s", name)
		}
	}
}

func (c *cluster) changesNothing(ctx context.Context, t *testing.T) {
	o := c.tool.run(ctx, t, "plan", "--check")
	assert.Equal(t, 0, o.code, "%s%s", o.stdout, o.stderr)
	unchanged := c.marks(ctx, t, c.hosts...)
	applied := c.tool.apply(ctx, t)
	assert.Empty(t, applied.steps(ha.StepStarted))
	unchanged(t)
}

func (c *cluster) survivesReboot(ctx context.Context, t *testing.T) {
	for _, name := range []string{"cp3", "w1"} {
		require.NoError(t, c.lab.Host(name).Reboot(ctx))
	}
	require.Eventually(t, func() bool { return c.tool.status(ctx, t).Healthy() }, 3*time.Minute, time.Second)
	o := c.tool.run(ctx, t, "plan", "--check")
	assert.Equal(t, 0, o.code, "%s%s", o.stdout, o.stderr)
	c.isWhole(ctx, t)
}

var tokenForm = regexp.MustCompile(`\b[a-z0-9]{6}\.[a-z0-9]{16}\b`)

// printedNoSecret searches everything that hactl printed for tokens, and for the private keys that are on the hosts.
func (c *cluster) printedNoSecret(ctx context.Context, t *testing.T) {
	printed := c.tool.output.String()
	require.NotEmpty(t, printed)
	assert.Empty(t, tokenForm.FindAllString(printed, -1), "bootstrap tokens")
	assert.NotContains(t, printed, "PRIVATE KEY")
	for _, name := range c.controlPlanes() {
		out, err := c.lab.Host(name).Run(ctx, "sh", "-c", "cat /etc/kubernetes/pki/*.key /etc/kubernetes/pki/etcd/*.key; grep -h client-key-data /etc/kubernetes/*.conf")
		require.NoError(t, err)
		for text := range strings.Lines(out) {
			secret := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "client-key-data:"))
			if len(secret) < 32 || strings.HasPrefix(secret, "-----") {
				continue
			}
			if _, err := base64.StdEncoding.DecodeString(secret); err == nil {
				assert.NotContains(t, printed, secret)
			}
		}
	}
}
