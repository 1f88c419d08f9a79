package balance

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/lab/namespace"
)

// backend is a small TLS server in a namespace of its own: it answers each byte with one, and a request of HTTP, which is
// a balancer that asks for /readyz, with 200.
type backend struct {
	port        *namespace.Port
	address     netip.AddrPort
	certificate tls.Certificate

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	hung     chan struct{} // closed when the hang is over; nil: there is none
}

// newCertificate makes a certificate; clients do not look at it.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// start listens.
func (b *backend) start() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.port.Do(func() error {
		l, err := net.Listen("tcp", b.address.String())
		if err != nil {
			return err
		}
		b.listener, b.conns = l, map[net.Conn]bool{}
		go b.serve(l)
		return nil
	})
}

// stop closes the listener and all connections, as the end of a process does.
func (b *backend) stop() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener == nil {
		return nil
	}
	err := b.listener.Close()
	for c := range b.conns {
		_ = c.Close()
	}
	b.listener, b.conns = nil, nil
	return err
}

// hang makes it accept and not answer, or answer again.
func (b *backend) hang(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case on && b.hung == nil:
		b.hung = make(chan struct{})
	case !on && b.hung != nil:
		close(b.hung)
		b.hung = nil
	}
}

func (b *backend) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // it was closed
		}
		b.mu.Lock()
		if b.listener != l {
			b.mu.Unlock()
			_ = c.Close()
			continue
		}
		b.conns[c] = true
		hung := b.hung
		b.mu.Unlock()
		go b.answer(c, hung)
	}
}

func (b *backend) answer(c net.Conn, hung chan struct{}) {
	defer func() {
		_ = c.Close()
		b.mu.Lock()
		delete(b.conns, c)
		b.mu.Unlock()
	}()
	if hung != nil {
		<-hung
	}
	secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{b.certificate}, SessionTicketsDisabled: true})
	first := make([]byte, 512)
	n, err := secure.Read(first)
	switch {
	case err != nil:
	case bytes.HasPrefix(first[:n], []byte("GET ")):
		_, _ = io.WriteString(secure, "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
	default:
		_, _ = secure.Write(first[:n])
		_, _ = io.Copy(secure, secure) // ends with the client
	}
}
