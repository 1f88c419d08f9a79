package kubeadm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// callTimeout is how long one API request may take.
const callTimeout = 10 * time.Second

// connection is a client of the API with its own transport, closed when the command is done with it.
type connection struct {
	kubernetes.Interface
	close func()
}

// connect makes a client from a kubeconfig's content. server, when set, replaces the kubeconfig's.
func (r *run) connect(kubeconfig []byte, server string) (*connection, error) {
	kubeconfig, err := r.inline(kubeconfig)
	if err != nil {
		return nil, err
	}
	cfg, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	if server != "" {
		cfg.Host = server
	}
	tc := &tls.Config{MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519}, InsecureSkipVerify: cfg.Insecure, Time: r.Host.World.Now}
	if len(cfg.CAData) > 0 {
		tc.RootCAs = x509.NewCertPool()
		tc.RootCAs.AppendCertsFromPEM(cfg.CAData)
	}
	if len(cfg.CertData) > 0 {
		cert, err := tls.X509KeyPair(cfg.CertData, cfg.KeyData)
		if err != nil {
			return nil, err
		}
		tc.Certificates = []tls.Certificate{cert}
	}
	tr := &http.Transport{TLSClientConfig: tc, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return r.Dial(ctx, network, address)
	}}
	var rt http.RoundTripper = tr
	if cfg.BearerToken != "" {
		rt = bearer{cfg.BearerToken, tr}
	}
	plain := &rest.Config{Host: cfg.Host, QPS: -1, ContentConfig: cfg.ContentConfig}
	cs, err := kubernetes.NewForConfigAndClient(plain, &http.Client{Transport: rt, Timeout: callTimeout})
	if err != nil {
		return nil, err
	}
	return &connection{Interface: cs, close: tr.CloseIdleConnections}, nil
}

// inline puts the files that a kubeconfig refers to into it: client-go would look for them on this machine.
func (r *run) inline(kubeconfig []byte) ([]byte, error) {
	cfg, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return nil, err
	}
	for _, a := range cfg.AuthInfos {
		for _, f := range []struct {
			file *string
			data *[]byte
		}{{&a.ClientCertificate, &a.ClientCertificateData}, {&a.ClientKey, &a.ClientKeyData}} {
			if *f.file == "" {
				continue
			}
			if *f.data, err = r.Host.FS.Read(*f.file); err != nil {
				return nil, err
			}
			*f.file = ""
		}
	}
	return clientcmd.Write(*cfg)
}

type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

// connectFile is connect for a kubeconfig on the host.
func (r *run) connectFile(name, server string) (*connection, error) {
	data, err := r.Host.FS.Read(name)
	if err != nil {
		return nil, fmt.Errorf("failed to load admin kubeconfig: %w", err)
	}
	return r.connect(data, server)
}

// retry repeats an API call for kubernetesAPICall, as kubeadm does with what may pass.
func (r *run) retry(call func(ctx context.Context) error) error {
	return r.Poll(r.timeouts.api, 500*time.Millisecond, func(ctx context.Context) (bool, error) {
		err := call(ctx)
		if err == nil {
			return true, nil
		}
		var status apierrors.APIStatus
		final := errors.As(err, &status) && !apierrors.IsInternalError(err) && !apierrors.IsServerTimeout(err) && !apierrors.IsTooManyRequests(err)
		return final, err
	})
}

// ensure creates an object, or updates it when it is there.
func ensure[T any](ctx context.Context, create, update func(context.Context) (T, error)) error {
	_, err := create(ctx)
	if apierrors.IsAlreadyExists(err) {
		_, err = update(ctx)
	}
	return err
}
