package lab_test

import (
	"context"
	"crypto/tls"
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
	// probeInterval makes 20 connections a second; probeLimit is how long one may take.
	probeInterval = 50 * time.Millisecond
	probeLimit    = 2 * time.Second
	// calmLength is how long every connection has to have taken less than calmLimit before an outage begins.
	calmLength = 5 * time.Second
	calmLimit  = 250 * time.Millisecond
	// articlePort is where the article's nginx listens on the worker, beside quorate's.
	articlePort = 26443
	// haproxyPort is where a haproxy with quorate's file listens on the worker, beside the cluster's own balancer.
	haproxyPort = 36443
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

// outages makes 20 new TLS connections a second from the worker through each of three balancers at the same time, while one
// control plane is gone in four ways: its own nginx, a haproxy with quorate's file, and the article's nginx.
func (c *cluster) outages(ctx context.Context, t *testing.T) {
	worker, victim := c.lab.Host("w1"), c.lab.Host("cp2")
	c.startBeside(ctx, t)
	ca, err := worker.Run(ctx, "cat", "/etc/kubernetes/pki/ca.crt")
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(ca)))

	for _, o := range []struct {
		name    string
		gone    func() error
		back    func() error
		bounded bool
	}{
		{"unplugged", func() error { return victim.Unplug(ctx) }, func() error { return victim.Plug(ctx) }, true},
		{"packets dropped", func() error { return victim.DropPackets(ctx) }, func() error { return victim.Restore(ctx) }, true},
		{"apiserver hung", func() error { return victim.Freeze("kube-apiserver") }, func() error { return victim.Thaw("kube-apiserver") }, false},
		// Last, because it takes the kubelet a while to start the apiserver again, and nothing waits for it here.
		{"apiserver stopped", func() error { return victim.StopAPIServer(ctx) }, func() error { return victim.StartAPIServer(ctx) }, true},
	} {
		t.Run(o.name, func(t *testing.T) {
			require.Eventually(t, func() bool { return c.tool.status(ctx, t).Healthy() }, 3*time.Minute, time.Second)
			ours := newProbe(c.lab, fmt.Sprintf("127.0.0.1:%d", lab.EndpointPort), roots)
			article := newProbe(c.lab, fmt.Sprintf("127.0.0.1:%d", articlePort), roots)
			haproxy := newProbe(c.lab, fmt.Sprintf("127.0.0.1:%d", haproxyPort), roots)
			probing, stop := context.WithCancel(ctx)
			var wg sync.WaitGroup
			for _, p := range []*probe{ours, haproxy, article} {
				wg.Go(func() { p.run(probing) })
			}
			// What came before (a host that booted, an apiserver that started) is over: the outage is measured, not that.
			require.Eventually(t, func() bool {
				before := ours.during(time.Now().Add(-calmLength), time.Now().Add(-calmLimit))
				return before.failed == 0 && before.all >= int((calmLength-calmLimit)/probeInterval)*9/10 && before.slowest < calmLimit
			}, 3*time.Minute, time.Second, "the cluster did not come to rest")
			require.NoError(t, o.gone())
			goneAt := time.Now()
			wait(ctx, outageLength)
			backAt := time.Now()
			require.NoError(t, o.back())
			wait(ctx, returnLength)
			stop()
			wg.Wait()
			for _, p := range []struct {
				name  string
				probe *probe
			}{{"quorate", ours}, {"haproxy", haproxy}, {"article", article}} {
				gone, back := p.probe.during(goneAt, backAt), p.probe.during(backAt, time.Now())
				fmt.Printf("lab: %-17s %s: gone: %d failed of %d, slowest %.2f s, of the others %.2f s; back: %d failed of %d, slowest %.2f s\n",
					o.name, p.name, gone.failed, gone.all, gone.slowest.Seconds(), gone.slowestGood.Seconds(), back.failed, back.all, back.slowest.Seconds())
			}
			// One meets the hang, or is on its way to a dead host, when a check finds out and ends its session.
			gone, back := haproxy.during(goneAt, backAt), haproxy.during(backAt, time.Now())
			assert.LessOrEqual(t, gone.failed, 1, "haproxy while it is gone")
			assert.Zero(t, back.failed, "haproxy on the return")
			assert.Less(t, max(gone.slowestGood, back.slowest), othersLimit, "haproxy")
			assert.Greater(t, gone.all, 300, "the probe kept its rate")
			if o.bounded {
				// A connection that was in flight when the host went may fail.
				gone := ours.during(goneAt.Add(probeInterval), backAt)
				assert.Zero(t, gone.failed)
				assert.Less(t, gone.slowest, othersLimit)
				assert.Greater(t, gone.all, 300, "the probe kept its rate")
				if t.Failed() {
					c.explain(ctx, t, ours, goneAt)
				}
			}
		})
	}
}

// explain says of every connection that failed or took long when it began, where it came from and which apiserver it was led to:
// a failure that is seen once in many runs has to be understood from what one run says.
func (c *cluster) explain(ctx context.Context, t *testing.T, p *probe, goneAt time.Time) {
	sessions, err := c.lab.Host("w1").Run(ctx, "cat", lbconfig.DefaultAccessLog)
	assert.NoError(t, err)
	for _, a := range p.attempts {
		if a.err == nil && a.took < calmLimit {
			continue
		}
		session := "no session of it in nginx's log"
		for line := range strings.Lines(sessions) {
			if a.from != "" && strings.Contains(line, " "+a.from+" ") {
				session = strings.TrimSpace(line)
			}
		}
		t.Logf("%+.2f s after it was gone, from %s, %.2f s, %v: %s", a.begun.Sub(goneAt).Seconds(), a.from, a.took.Seconds(), a.err, session)
	}
}

// wait waits, or ends with ctx: an outage has to last as long as it is said to.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// probe makes new TLS connections at a steady rate.
type probe struct {
	dial func(ctx context.Context) (net.Conn, error)
	tls  *tls.Config

	mu       sync.Mutex
	attempts []attempt
}

type attempt struct {
	begun time.Time
	// from is the client's own address, by which nginx's log knows the session.
	from string
	took time.Duration
	err  error
}

// newProbe connects to address on the worker.
func newProbe(l *lab.Lab, address string, roots *x509.CertPool) *probe {
	return &probe{
		dial: func(ctx context.Context) (net.Conn, error) { return l.Host("w1").Dial(ctx, "tcp", address) },
		tls:  &tls.Config{RootCAs: roots, ServerName: lab.EndpointHost},
	}
}

// run begins a connection every probeInterval, whatever became of the ones before, until ctx ends.
func (p *probe) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			wg.Go(func() { p.attempt(context.WithoutCancel(ctx)) })
		}
	}
}

func (p *probe) attempt(ctx context.Context) {
	a := attempt{begun: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	conn, err := p.dial(ctx)
	if err == nil {
		a.from = conn.LocalAddr().String()
		secure := tls.Client(conn, p.tls)
		err = secure.HandshakeContext(ctx)
		_ = conn.Close()
	}
	a.took, a.err = time.Since(a.begun), err
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts = append(p.attempts, a)
}

// tally sums up attempts.
type tally struct {
	all, failed int
	slowest     time.Duration
	slowestGood time.Duration // of those that did not fail
}

// during sums up the attempts that began between two times.
func (p *probe) during(from, to time.Time) tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum tally
	for _, a := range p.attempts {
		if a.begun.Before(from) || !a.begun.Before(to) {
			continue
		}
		sum.all++
		if a.err != nil {
			sum.failed++
		} else {
			sum.slowestGood = max(sum.slowestGood, a.took)
		}
		sum.slowest = max(sum.slowest, a.took)
	}
	return sum
}
