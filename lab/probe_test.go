package lab_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/lab"
)

const (
	// probeInterval makes 20 connections a second, besideInterval 5; probeLimit is how long one may take.
	probeInterval  = 50 * time.Millisecond
	besideInterval = 200 * time.Millisecond
	probeLimit     = 2 * time.Second
)

// probe makes new TLS connections at a steady rate.
type probe struct {
	host *lab.Host
	// addresses are taken in turn.
	addresses []string
	interval  time.Duration
	tls       *tls.Config

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

// newProbe connects to addresses from the worker.
func newProbe(l *lab.Lab, roots *x509.CertPool, interval time.Duration, addresses ...string) *probe {
	return &probe{host: l.Host("w1"), addresses: addresses, interval: interval, tls: &tls.Config{RootCAs: roots, ServerName: lab.EndpointHost}}
}

// run begins a connection every interval, whatever became of the ones before, until ctx ends.
func (p *probe) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			address := p.addresses[i%len(p.addresses)]
			wg.Go(func() { p.attempt(context.WithoutCancel(ctx), address) })
		}
	}
}

func (p *probe) attempt(ctx context.Context, address string) {
	a := attempt{begun: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	conn, err := p.host.Dial(ctx, "tcp", address)
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
