package ctrl

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/quorate-dev/quorate/fake/internal/balancer"
	"github.com/quorate-dev/quorate/fake/internal/kapi"
	"github.com/quorate-dev/quorate/fake/internal/pki"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

type kapiIntercept = func(w http.ResponseWriter, r *http.Request) bool

// apiServer is a running kube-apiserver.
type apiServer struct {
	n        *Node
	listener *vnet.Listener
	http     *http.Server
	stopped  chan struct{}
	caPEM    []byte
	cas      *x509.CertPool
}

func flagsOf(argv []string) map[string]string {
	out := map[string]string{}
	for _, a := range argv[1:] {
		if k, v, ok := strings.Cut(strings.TrimPrefix(a, "--"), "="); ok {
			out[k] = v
		}
	}
	return out
}

// backend is the store as this host's etcd has it.
func (n *Node) backend() (*kapi.Store, error) {
	e := n.etcd()
	if e == nil {
		return nil, errors.New("etcdserver: no local member: connection refused")
	}
	return e.Store()
}

// localStore is the store as this host's own API server has it.
func (n *Node) localStore() (*kapi.Store, error) {
	if n.apiServer() == nil {
		return nil, errors.New("no API server on " + n.Host.Name)
	}
	return n.backend()
}

func (n *Node) apiServer() *apiServer {
	if k := n.component("kube-apiserver"); k != nil && k.running {
		a, _ := k.proc.(*apiServer)
		return a
	}
	return nil
}

// startAPIServer serves the API as the command line and the files on the host say.
func (n *Node) startAPIServer(argv []string) (process, error) {
	f := flagsOf(argv)
	if e := f["etcd-servers"]; !strings.Contains(e, "127.0.0.1:2379") {
		n.c.Unsupported("kube-apiserver --etcd-servers=" + e)
		return nil, errors.New("external etcd is not simulated")
	}
	for _, name := range []string{"client-ca-file", "tls-cert-file", "tls-private-key-file", "etcd-cafile", "etcd-certfile", "etcd-keyfile", "service-account-key-file", "service-account-signing-key-file", "proxy-client-cert-file", "requestheader-client-ca-file", "kubelet-client-certificate"} {
		if !n.Host.FS.Exists(f[name]) {
			return nil, fmt.Errorf("kube-apiserver: --%s: open %s: no such file or directory", name, f[name])
		}
	}
	read := func(name string) []byte {
		b, _ := n.Host.FS.Read(f[name]) // it exists: checked above
		return b
	}
	cert, err := tls.X509KeyPair(read("tls-cert-file"), read("tls-private-key-file"))
	if err != nil {
		return nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	a := &apiServer{n: n, stopped: make(chan struct{}), caPEM: read("client-ca-file"), cas: x509.NewCertPool()}
	if !a.cas.AppendCertsFromPEM(a.caPEM) {
		return nil, errors.New("kube-apiserver: no certificate in " + f["client-ca-file"])
	}
	if err := n.etcdAccepts(read("etcd-certfile"), read("etcd-cafile")); err != nil {
		return nil, err
	}
	if _, err := n.backend(); err != nil {
		return nil, fmt.Errorf("kube-apiserver: context deadline exceeded: %w", err)
	}
	if a.listener, err = n.Host.NIC.Listen("tcp", "0.0.0.0:"+f["secure-port"], a); err != nil {
		return nil, err
	}
	srv := &kapi.Server{World: n.c.World, Backend: n.backend, ClientCAs: a.cas, Version: imageVersion(n), Unsupported: n.c.Unsupported, Stopped: a.stopped}
	if n.c.Intercept != nil {
		srv.Intercept = n.c.Intercept(n.Host.Name)
	}
	a.http = &http.Server{
		Handler: srv, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519}, Time: n.c.World.Now, NextProtos: []string{"h2", "http/1.1"}},
	}
	n.c.World.Go(func() { _ = a.http.ServeTLS(a.listener, "", "") }) // it ends when the listener is closed
	n.services()
	return a, nil
}

// etcdAccepts says whether etcd would let in the client with this certificate.
func (n *Node) etcdAccepts(certPEM, caPEM []byte) error {
	cert, err := pki.ParseCert(certPEM)
	if err != nil {
		return fmt.Errorf("kube-apiserver: etcd client certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(caPEM)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: n.c.World.NowLocked(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return fmt.Errorf("kube-apiserver: etcd client certificate: %w", err)
	}
	return nil
}

// imageVersion is the version in the API server's image tag.
func imageVersion(n *Node) string {
	k := n.component("kube-apiserver")
	if k == nil {
		return n.Host.KubernetesVersion
	}
	image := k.pod.Spec.Containers[0].Image
	if i := strings.LastIndex(image, ":"); i >= 0 {
		return image[i+1:]
	}
	return n.Host.KubernetesVersion
}

func (a *apiServer) stop() {
	close(a.stopped)
	_ = a.listener.Close() // closing cannot fail
	srv := a.http
	a.n.c.World.Go(func() { _ = srv.Close() }) // it waits for nobody; what it closes is ours
}

// clientProcess is a control-plane component that talks to the local API server.
type clientProcess struct{ *vnet.Listener }

func (c clientProcess) stop() { _ = c.Close() } // closing cannot fail

// startClient runs the controller manager or the scheduler: its kubeconfig must be there and be accepted.
func (n *Node) startClient(k *container, listen string) (process, error) {
	f := flagsOf(argv(k.pod))
	if _, err := n.reach(f["kubeconfig"]); err != nil {
		return nil, err
	}
	l, err := silentPort(n.Host, listen)
	if err != nil {
		return nil, err
	}
	return clientProcess{l}, nil
}

// route is what a kubeconfig on the host says, read once while the files stay the same.
type route struct {
	file, certFile []byte // the files' content
	server         string
	ca             []byte
	token          string
	cert           *x509.Certificate
	trusted        *apiServer // the API server that accepted the certificate
}

// sameFile says whether two reads gave the same content; files are replaced, never changed.
func sameFile(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// routeOf reads a kubeconfig.
func (n *Node) routeOf(kubeconfig string) (*route, error) {
	data, err := n.Host.FS.Read(kubeconfig)
	if err != nil {
		return nil, err
	}
	certFile, _ := n.Host.FS.Read(ClientCert) // absent is as good as empty
	if r := n.routes[kubeconfig]; r != nil && sameFile(r.file, data) && sameFile(r.certFile, certFile) {
		return r, nil
	}
	cfg, err := clientcmd.Load(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kubeconfig, err)
	}
	ctx := cfg.Contexts[cfg.CurrentContext]
	if ctx == nil || cfg.Clusters[ctx.Cluster] == nil || cfg.AuthInfos[ctx.AuthInfo] == nil {
		return nil, fmt.Errorf("%s: no current context", kubeconfig)
	}
	server, ok := strings.CutPrefix(cfg.Clusters[ctx.Cluster].Server, "https://")
	if !ok {
		return nil, fmt.Errorf("%s: server is not https", kubeconfig)
	}
	auth := cfg.AuthInfos[ctx.AuthInfo]
	r := &route{file: data, certFile: certFile, server: server, ca: cfg.Clusters[ctx.Cluster].CertificateAuthorityData, token: auth.Token}
	certPEM := auth.ClientCertificateData
	if auth.ClientCertificate != "" {
		if certPEM, err = n.Host.FS.Read(auth.ClientCertificate); err != nil {
			return nil, err
		}
	}
	if r.token == "" {
		if r.cert, err = pki.ParseCert(certPEM); err != nil {
			return nil, fmt.Errorf("%s: %w", kubeconfig, err)
		}
	}
	if n.routes == nil {
		n.routes = map[string]*route{}
	}
	n.routes[kubeconfig] = r
	return r, nil
}

// reach follows a kubeconfig on the host to the API server that would answer, and returns its store.
// It does what a real request would meet: the name, the route, the balancer, the certificates, etcd.
func (n *Node) reach(kubeconfig string) (*kapi.Store, error) {
	r, err := n.routeOf(kubeconfig)
	if err != nil {
		return nil, err
	}
	a, err := n.probe(r.server)
	if err != nil {
		return nil, err
	}
	now := n.c.World.NowLocked()
	switch {
	case r.trusted == a && r.cert == nil:
	case r.trusted == a && now.Before(r.cert.NotAfter):
	case string(r.ca) != string(a.caPEM):
		return nil, errors.New("x509: certificate signed by unknown authority")
	case r.cert != nil:
		if _, err := r.cert.Verify(x509.VerifyOptions{Roots: a.cas, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			return nil, errors.New("Unauthorized")
		}
	}
	r.trusted = a
	return a.n.backend()
}

// probe finds the API server behind an address, as seen from the host.
func (n *Node) probe(address string) (*apiServer, error) {
	where, err := n.Host.ResolveAddress(address)
	if err != nil {
		return nil, err
	}
	l := n.Host.NIC.Reach("tcp", where)
	if l == nil {
		return nil, fmt.Errorf("dial tcp %s: no answer", where)
	}
	if a, ok := l.Meta.(*apiServer); ok {
		return a, nil
	}
	if from, targets := balancer.Targets(l); from != nil {
		for _, t := range targets {
			if b := from.Reach("tcp", t); b != nil {
				if a, ok := b.Meta.(*apiServer); ok {
					return a, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("no API server behind %s", net.JoinHostPort(address, ""))
}
