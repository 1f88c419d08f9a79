package lab_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab"
	"github.com/quorate-dev/quorate/lbconfig"
)

const (
	// outageLength is how long a control plane is gone, returnLength how long it is watched once it is back.
	outageLength = 20 * time.Second
	returnLength = 10 * time.Second
	// calmLength is how long every connection has to have taken less than calmLimit before an outage begins.
	calmLength = 5 * time.Second
	calmLimit  = 250 * time.Millisecond
	// articlePort is where the article's nginx listens on the worker, beside quorate's.
	articlePort = 26443
	// haproxyPort is where a haproxy with quorate's file listens on the worker, beside the cluster's own balancer.
	haproxyPort = 36443
	// victimName is the control plane that goes.
	victimName = "cp2"
	// stallLimit is how slow a connection straight to a living apiserver makes a promise that was not kept void; outageTries is how
	// often an outage is looked at until its result counts whatever the control says.
	stallLimit  = 500 * time.Millisecond
	outageTries = 4
	// othersLimit is how long a connection may take that did not fail.
	othersLimit = 1200 * time.Millisecond
)

// articleNginx is the how-to's configuration: stream, one upstream, nginx's defaults.
func (c *cluster) articleNginx() string {
	text := "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\npid /run/article-nginx.pid;\nerror_log /var/log/article-nginx.log;\nevents {}\nstream {\n  upstream kubeapi {\n"
	for _, name := range c.controlPlanes() {
		text += fmt.Sprintf("    server %s:6443;\n", c.lab.Host(name).Address)
	}
	return text + fmt.Sprintf("  }\n  server { listen %d; proxy_pass kubeapi; }\n}\n", articlePort)
}

// haproxyFile is what hactl would write for engine haproxy, on other ports and paths.
func (c *cluster) haproxyFile(t *testing.T) string {
	t.Helper()
	o := lbconfig.HAProxyOptions{
		Listen: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), haproxyPort)}, CAFile: "/etc/kubernetes/pki/ca.crt",
		Socket: "/run/beside.sock", State: "/run/beside.state",
	}
	for _, name := range c.controlPlanes() {
		o.Backends = append(o.Backends, netip.AddrPortFrom(c.lab.Host(name).Address, 6443))
	}
	cfg := lbconfig.HAProxy(o)
	cfg.Global.Log.Target, cfg.Global.Log.Format = "/dev/log", "" // it has no unit whose output goes to the journal
	require.NoError(t, cfg.Validate())
	file, err := cfg.Render()
	require.NoError(t, err)
	return string(file)
}

// startBeside runs the article's nginx and a haproxy on the worker, beside its own balancer.
func (c *cluster) startBeside(ctx context.Context, t *testing.T) {
	t.Helper()
	worker := c.lab.Host("w1")
	require.NoError(t, worker.WriteFile(ctx, "/root/article.conf", c.articleNginx()))
	require.NoError(t, worker.WriteFile(ctx, "/root/haproxy.cfg", c.haproxyFile(t)))
	for _, b := range []struct{ start, stop []string }{
		{[]string{"nginx", "-c", "/root/article.conf"}, []string{"nginx", "-c", "/root/article.conf", "-s", "stop"}},
		{[]string{"haproxy", "-D", "-f", "/root/haproxy.cfg", "-p", "/run/beside.pid"}, []string{"sh", "-c", "kill $(cat /run/beside.pid)"}},
	} {
		_, err := worker.Run(ctx, b.start...)
		require.NoError(t, err)
		t.Cleanup(func() { _, _ = worker.Run(context.WithoutCancel(ctx), b.stop...) })
	}
}

// outages makes 20 new TLS connections a second from the worker through its own nginx and through a haproxy with quorate's file, and
// five through the article's nginx, at the same time, while one control plane is gone in four ways.
func (c *cluster) outages(ctx context.Context, t *testing.T) {
	worker, victim := c.lab.Host("w1"), c.lab.Host(victimName)
	c.startBeside(ctx, t)
	ca, err := worker.Run(ctx, "cat", "/etc/kubernetes/pki/ca.crt")
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(ca)))

	for _, o := range []outage{
		{"unplugged", func() error { return victim.Unplug(ctx) }, func() error { return victim.Plug(ctx) }, true},
		{"packets dropped", func() error { return victim.DropPackets(ctx) }, func() error { return victim.Restore(ctx) }, true},
		{"apiserver hung", func() error { return victim.Freeze("kube-apiserver") }, func() error { return victim.Thaw("kube-apiserver") }, false},
		// Last, because it takes the kubelet a while to start the apiserver again, and nothing waits for it here.
		{"apiserver stopped", func() error { return victim.StopAPIServer(ctx) }, func() error { return victim.StartAPIServer(ctx) }, true},
	} {
		t.Run(o.name, func(t *testing.T) {
			for try := 1; ; try++ {
				r := c.observe(ctx, t, o, roots)
				r.print(o.name)
				broken := r.broken(o.bounded)
				if len(broken) > 0 && r.stalled() && try < outageTries {
					fmt.Printf("lab: %-17s void (%s): connections straight to the living apiservers stood still as well\n", o.name, strings.Join(broken, "; "))
					continue
				}
				if !assert.Empty(t, broken) {
					c.explain(ctx, t, r)
				}
				return
			}
		})
	}
}

// outage is a way for a control plane to be gone, and to be back. bounded: nginx finds out.
type outage struct {
	name       string
	gone, back func() error
	bounded    bool
}

// observed is what clients noticed of an outage.
type observed struct {
	ours, haproxy, article *probe
	// control connects straight to the apiservers that live: what is slow there is the machine, not a balancer.
	control               *probe
	goneAt, backAt, until time.Time
}

// observe has a control plane go, come back, and clients connect all the while.
func (c *cluster) observe(ctx context.Context, t *testing.T, o outage, roots *x509.CertPool) observed {
	t.Helper()
	require.Eventually(t, func() bool { return c.tool.status(ctx, t).Healthy() }, 3*time.Minute, time.Second)
	local := func(port int, interval time.Duration) *probe {
		return newProbe(c.lab, roots, interval, fmt.Sprintf("127.0.0.1:%d", port))
	}
	// What is only looked at beside takes less of a machine that has three apiservers to run.
	r := observed{ours: local(lab.EndpointPort, probeInterval), haproxy: local(haproxyPort, probeInterval), article: local(articlePort, besideInterval)}
	var living []string
	for _, name := range c.controlPlanes() {
		if name != victimName {
			living = append(living, net.JoinHostPort(c.lab.Host(name).Address.String(), "6443"))
		}
	}
	r.control = newProbe(c.lab, roots, besideInterval, living...)
	probing, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for _, p := range []*probe{r.ours, r.haproxy, r.article, r.control} {
		wg.Go(func() { p.run(probing) })
	}
	// What came before (a host that booted, an apiserver that started) is over: the outage is measured, not that.
	require.Eventually(t, func() bool {
		before := r.ours.during(time.Now().Add(-calmLength), time.Now().Add(-calmLimit))
		return before.failed == 0 && before.all >= int((calmLength-calmLimit)/probeInterval)*9/10 && before.slowest < calmLimit
	}, 3*time.Minute, time.Second, "the cluster did not come to rest")
	require.NoError(t, o.gone())
	r.goneAt = time.Now()
	wait(ctx, outageLength)
	r.backAt = time.Now()
	require.NoError(t, o.back())
	wait(ctx, returnLength)
	stop()
	wg.Wait()
	r.until = time.Now()
	return r
}

func (r observed) gone(p *probe) tally { return p.during(r.goneAt, r.backAt) }
func (r observed) back(p *probe) tally { return p.during(r.backAt, r.until) }

// returnLimit is how long a connection may take on the return. An apiserver that starts takes all of a small machine: then it
// is what a balancer may add to a connection straight to a living one.
func (r observed) returnLimit() time.Duration {
	if straight := r.back(r.control).slowest; straight >= stallLimit {
		return straight + othersLimit
	}
	return othersLimit
}

func (r observed) print(name string) {
	for _, p := range []struct {
		name  string
		probe *probe
	}{{"quorate", r.ours}, {"haproxy", r.haproxy}, {"article", r.article}, {"control", r.control}} {
		gone, back := r.gone(p.probe), r.back(p.probe)
		fmt.Printf("lab: %-17s %s: gone: %d failed of %d, slowest %.2f s, of the others %.2f s; back: %d failed of %d, slowest %.2f s\n",
			name, p.name, gone.failed, gone.all, gone.slowest.Seconds(), gone.slowestGood.Seconds(), back.failed, back.all, back.slowest.Seconds())
	}
}

// stalled says that the machine stood still: connections straight to the apiservers that live failed, took long or were not made.
func (r observed) stalled() bool {
	control := r.gone(r.control)
	return control.failed > 0 || control.slowest >= stallLimit || control.all < int(outageLength/besideInterval)*9/10
}

// broken names the promises of the balancers that were not kept.
func (r observed) broken(bounded bool) []string {
	var out []string
	promise := func(kept bool, format string, args ...any) {
		if !kept {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	// One meets the hang, or is on its way to a dead host, when a check finds out and ends its session.
	gone, back := r.gone(r.haproxy), r.back(r.haproxy)
	promise(gone.failed <= 1, "haproxy: %d failed while it was gone", gone.failed)
	promise(back.failed == 0, "haproxy: %d failed on the return", back.failed)
	promise(gone.slowestGood < othersLimit, "haproxy: one took %s while it was gone", gone.slowestGood)
	promise(back.slowest < r.returnLimit(), "haproxy: one took %s on the return", back.slowest)
	promise(gone.all > 300, "haproxy: the probe made %d connections", gone.all)
	if bounded {
		// A connection that was in flight when the host went may fail.
		gone = r.ours.during(r.goneAt.Add(probeInterval), r.backAt)
		promise(gone.failed == 0, "nginx: %d failed while it was gone", gone.failed)
		promise(gone.slowest < othersLimit, "nginx: one took %s while it was gone", gone.slowest)
		promise(gone.all > 300, "nginx: the probe made %d connections", gone.all)
	}
	return out
}

// explain says of every connection that failed or took long when it began, where it came from and which apiserver it was led to:
// a failure that is seen once in many runs has to be understood from what one run says.
func (c *cluster) explain(ctx context.Context, t *testing.T, r observed) {
	sessions, err := c.lab.Host("w1").Run(ctx, "cat", lbconfig.DefaultAccessLog)
	assert.NoError(t, err)
	for name, p := range map[string]*probe{"quorate": r.ours, "haproxy": r.haproxy, "control": r.control} {
		for _, a := range p.attempts {
			if a.err == nil && a.took < othersLimit/2 {
				continue
			}
			session := ""
			for line := range strings.Lines(sessions) {
				if name == "quorate" && a.from != "" && strings.Contains(line, " "+a.from+" ") {
					session = strings.TrimSpace(line)
				}
			}
			t.Logf("%s: %+.2f s after it was gone, from %s, %.2f s, %v %s", name, a.begun.Sub(r.goneAt).Seconds(), a.from, a.took.Seconds(), a.err, session)
		}
	}
}

// wait waits, or ends with ctx: an outage has to last as long as it is said to.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
