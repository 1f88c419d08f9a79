package balance

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"
)

// controlRate is how many connections a second go straight to a backend that nothing happens to.
const controlRate = 20

// load opens connections through the balancer at an even rate for a while, and waits for the last; control is the same straight
// to the second backend, which is alive but when all are stopped.
func (b *bench) load(ctx context.Context, l Load, d time.Duration) (count, control Count) {
	var wait sync.WaitGroup
	wait.Go(func() { control = b.connections(ctx, b.backends[1].address, controlRate, l.Limit, d) })
	count = b.connections(ctx, b.listen, l.Rate, l.Limit, d)
	wait.Wait()
	return count, control
}

// connections opens connections to one address at an even rate for a while, and waits for the last.
func (b *bench) connections(ctx context.Context, to netip.AddrPort, rate int, limit, d time.Duration) Count {
	var (
		mu    sync.Mutex
		count Count
		wait  sync.WaitGroup
	)
	begin := time.Now()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for time.Since(begin) < d && ctx.Err() == nil {
		wait.Go(func() {
			at := time.Since(begin)
			took, err := b.connectOnce(to, limit)
			mu.Lock()
			defer mu.Unlock()
			count.Connections++
			if err != nil {
				count.Failed++
				return
			}
			count.Slowest = max(count.Slowest, took)
			if took > 100*time.Millisecond {
				count.Slow++
			}
			if end := at + took; count.Back == 0 || end < count.Back {
				count.Back = end
			}
		})
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	wait.Wait()
	return count
}

// connectOnce connects as a client, shakes hands, sends one byte and waits for one.
func (b *bench) connectOnce(to netip.AddrPort, limit time.Duration) (time.Duration, error) {
	begin := time.Now()
	var c net.Conn
	err := b.client.Do(func() (err error) {
		// One literal address: the dialer connects on this very thread.
		c, err = net.DialTimeout("tcp", to.String(), limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.SetDeadline(begin.Add(limit)); err != nil {
		return 0, err
	}
	t := tls.Client(c, &tls.Config{InsecureSkipVerify: true}) // whose it is does not matter here
	if _, err := t.Write([]byte{1}); err != nil {
		return 0, err
	}
	if _, err := t.Read(make([]byte, 1)); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}
