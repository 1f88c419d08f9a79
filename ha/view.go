package ha

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
)

// checkView looks at the cluster from host h through the endpoint, as its kubelet does: the name is
// resolved there, the host's balancer chooses an apiserver, and its certificate must hold for the
// endpoint. On a control plane the Nodes are listed as well.
func (s *session) checkView(ctx context.Context, h Host) error {
	if h.Role == RoleControlPlane {
		_, err := s.nodesSeenFrom(ctx, h)
		return err
	}
	return s.endpointReady(ctx, h)
}

// nodesSeenFrom lists the Nodes' names from a control plane through the endpoint, each with whether it is Ready:
// "cp1 Ready".
func (s *session) nodesSeenFrom(ctx context.Context, h Host) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	kube, err := s.kubeThrough(ctx, h)
	if err != nil {
		return nil, err
	}
	nodes, err := nodesOf(ctx, kube)
	if err != nil {
		return nil, fmt.Errorf("%s: through %s: %w", h.Name, s.cluster.spec.Endpoint, err)
	}
	return nodeLines(nodes), nil
}

func nodeLines(nodes map[string]nodeFacts) []string {
	lines := make([]string, 0, len(nodes))
	for name, n := range nodes {
		state := "NotReady"
		if n.ready {
			state = "Ready"
		}
		lines = append(lines, name+" "+state)
	}
	sort.Strings(lines)
	return lines
}

// endpointReady asks /readyz at the endpoint from host h.
func (s *session) endpointReady(ctx context.Context, h Host) error {
	return s.readyAt(ctx, h, s.cluster.spec.Endpoint.String())
}

// readyAt asks /readyz at an address from host h, trusting only the cluster's own CA. It needs no login:
// system:public-info-viewer lets anybody ask.
func (s *session) readyAt(ctx context.Context, h Host, address string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	conn := s.host(h.Name)
	ca, err := conn.mustRead(ctx, caPath)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	t, err := conn.transport(ctx)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialFrom(ctx, t, network, address)
		},
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		DisableKeepAlives: true,
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
		return fmt.Errorf("%s: GET %s: %s: %s", h.Name, req.URL, resp.Status, strings.TrimSpace(string(body)))
	}
	return nil
}
