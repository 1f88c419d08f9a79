package ha

import (
	"context"
	"fmt"
	"net"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/quorate-dev/quorate/transport"
)

// requestTimeout bounds one request to an apiserver.
const requestTimeout = 15 * time.Second

// kubeAt returns a client of the apiserver on one control plane, dialled from that host: it answers
// for this host alone, whatever the balancers do.
func (s *session) kubeAt(ctx context.Context, controlPlane Host) (*kubeClient, error) {
	return s.kube(ctx, "local:"+controlPlane.Name, controlPlane, func(cfg *rest.Config) {
		cfg.Host = "https://" + joinHostPort(controlPlane.Address, s.cluster.spec.apiServerPort())
	})
}

// kubeThrough returns a client that goes where the admin kubeconfig of a control plane points: to the
// endpoint, as that host resolves it.
func (s *session) kubeThrough(ctx context.Context, controlPlane Host) (*kubeClient, error) {
	return s.kube(ctx, "endpoint:"+controlPlane.Name, controlPlane, func(*rest.Config) {})
}

func (s *session) kube(ctx context.Context, key string, h Host, change func(*rest.Config)) (*kubeClient, error) {
	s.mu.Lock()
	client, ok := s.clients[key]
	s.mu.Unlock()
	if ok {
		return client, nil
	}
	conn := s.host(h.Name)
	kubeconfig, err := conn.mustRead(ctx, adminKubeconfigPath)
	if err != nil {
		return nil, err
	}
	client, err = newKubeClient(ctx, conn, kubeconfig, change)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", h.Name, adminKubeconfigPath, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, ok := s.clients[key]; ok {
		client.close()
		return other, nil
	}
	s.clients[key] = client
	return client, nil
}

// forgetKube drops the clients of a host whose credentials are about to change.
func (s *session) forgetKube(h Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range []string{"local:" + h.Name, "endpoint:" + h.Name} {
		if client, ok := s.clients[key]; ok {
			client.close()
			delete(s.clients, key)
		}
	}
}

func newKubeClient(ctx context.Context, conn *hostConn, kubeconfig []byte, change func(*rest.Config)) (*kubeClient, error) {
	cfg, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	t, err := conn.transport(ctx)
	if err != nil {
		return nil, err
	}
	change(cfg)
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dialFrom(ctx, t, network, address)
	}
	cfg.Timeout = requestTimeout
	cfg.QPS, cfg.Burst = -1, 0 // a handful of requests a step: client-side throttling would only add waits
	cfg.UserAgent = "quorate"
	httpClient, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, err
	}
	clientset, err := kubernetes.NewForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, err
	}
	dyn, err := dynamic.NewForConfigAndClient(cfg, httpClient)
	if err != nil {
		return nil, err
	}
	return &kubeClient{Interface: clientset, dynamic: dyn, close: httpClient.CloseIdleConnections}, nil
}

// dialFrom opens a connection from a host; "tcp4" and "tcp6" are plain "tcp" to a Transport.
func dialFrom(ctx context.Context, t transport.Transport, network, address string) (net.Conn, error) {
	if network == "tcp4" || network == "tcp6" {
		network = "tcp"
	}
	return t.Dial(ctx, network, address)
}

// ready says whether an apiserver reports itself ready.
func (k *kubeClient) ready(ctx context.Context) error {
	return k.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
}
