package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"golang.org/x/crypto/ssh"
)

// link is one SSH connection, with the connections to the jump hosts that it passes through.
type link struct {
	host   string
	client *ssh.Client
	slots  *slots
	via    *link    // the jump host's connection that this one runs in
	raw    net.Conn // what carries the connection

	dead   chan struct{} // closed when the connection is gone
	ending sync.Once
	mu     sync.Mutex
	err    error // why it is gone
}

// watch keeps the connection alive and notices its end.
func (l *link) watch(interval time.Duration, count int) {
	go func() {
		l.fail(l.client.Wait())
	}()
	if interval > 0 {
		go l.keepalive(interval, count)
	}
}

// keepalive asks the server, again and again, whether it is there. Any answer will do, also a
// refusal; OpenSSH's client asks the same question (ServerAliveInterval in ssh_config(5)).
func (l *link) keepalive(interval time.Duration, count int) {
	tick := time.NewTimer(interval)
	defer tick.Stop()
	for {
		select {
		case <-l.dead:
			return
		case <-tick.C:
		}
		limit := interval * time.Duration(count)
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		err := l.ping(ctx)
		cancel()
		if err != nil {
			l.fail(fmt.Errorf("no answer from the server for %v", limit))
			return
		}
		tick.Reset(interval)
	}
}

// ping asks the server for an answer and waits for it.
func (l *link) ping(ctx context.Context) error {
	answered := make(chan error, 1)
	go func() {
		_, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil)
		answered <- err
	}()
	select {
	case err := <-answered:
		return err
	case <-l.dead:
		return l.cause("")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// alive reports whether the connection is there as far as is known.
func (l *link) alive() bool {
	select {
	case <-l.dead:
		return false
	default:
		return true
	}
}

// fail ends the connection for the reason err. Only the first reason counts.
func (l *link) fail(err error) {
	l.ending.Do(func() {
		if err == nil {
			err = errors.New("the server closed the connection")
		}
		l.mu.Lock()
		l.err = err
		l.mu.Unlock()
		close(l.dead)
		// From the outside in: a peer that is gone cannot hold up what runs through it.
		for v := l; v != nil; v = v.via {
			if v.via == nil {
				v.raw.Close()
			}
		}
		l.raw.Close()
		if l.via != nil {
			l.via.fail(err)
		}
	})
}

// close ends the connection and waits until it is gone.
func (l *link) close() {
	l.fail(transport.ErrClosed)
	l.client.Wait()
}

// cause says why the connection is gone, or otherwise when it is not.
func (l *link) cause(otherwise string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	return errors.New(otherwise)
}

// lost turns an error of the SSH layer, met before anything was run, into a ConnectError.
func (l *link) lost(op string, err error) error {
	return &transport.ConnectError{Host: l.host, Op: op, Temporary: true, Err: err}
}
