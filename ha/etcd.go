package ha

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// etcdTimeout bounds one request to etcd.
const etcdTimeout = 10 * time.Second

// etcdAddress is where a stacked member serves clients on its own host.
const etcdAddress = "127.0.0.1:2379"

// EtcdMember is a member of the stacked etcd cluster.
type EtcdMember struct {
	ID uint64 `json:"id"`
	// Name is the node's name; empty for a member that was added and never started.
	Name string `json:"name"`
	// Learner says that it does not vote yet.
	Learner bool `json:"learner"`
	// PeerURLs are where the other members reach it.
	PeerURLs []string `json:"peerURLs"`
	// Leader says that it leads.
	Leader bool `json:"leader,omitempty"`
}

// is says whether m is the member of host h. A member that never started has no name: its peer
// address tells.
func (m EtcdMember) is(h Host) bool {
	if m.Name != "" {
		return m.Name == h.Name
	}
	for _, text := range m.PeerURLs {
		u, err := url.Parse(text)
		if err != nil {
			continue
		}
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil && sameAddress(addr, h.Address) {
			return true
		}
	}
	return false
}

// memberOf returns the member of host h.
func memberOf(members []EtcdMember, h Host) (EtcdMember, bool) {
	for _, m := range members {
		if m.is(h) {
			return m, true
		}
	}
	return EtcdMember{}, false
}

// votes says whether host h has a voting member that has started.
func votes(members []EtcdMember, h Host) bool {
	m, ok := memberOf(members, h)
	return ok && !m.Learner && m.Name != ""
}

// etcd returns a client of the member on a control plane, dialled on that host. It lasts as long as the session.
func (s *session) etcd(ctx context.Context, controlPlane Host) (*clientv3.Client, error) {
	s.mu.Lock()
	client, ok := s.etcds[controlPlane.Name]
	s.mu.Unlock()
	if ok {
		return client, nil
	}
	client, err := s.newEtcd(ctx, controlPlane)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, ok := s.etcds[controlPlane.Name]; ok {
		_ = client.Close()
		return other, nil
	}
	s.etcds[controlPlane.Name] = client
	return client, nil
}

// forgetEtcd closes the client of a host, whose credentials or whose member may be others next time.
func (s *session) forgetEtcd(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if client, ok := s.etcds[host]; ok {
		_ = client.Close()
		delete(s.etcds, host)
	}
}

func (s *session) newEtcd(ctx context.Context, controlPlane Host) (*clientv3.Client, error) {
	conn := s.host(controlPlane.Name)
	ca, err := conn.mustRead(ctx, etcdCAPath)
	if err != nil {
		return nil, err
	}
	cert, err := conn.mustRead(ctx, etcdClientCertPath)
	if err != nil {
		return nil, err
	}
	key, err := conn.mustRead(ctx, etcdClientKeyPath)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s: etcd client certificate: %w", controlPlane.Name, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s: %s holds no certificate", controlPlane.Name, etcdCAPath)
	}
	t, err := conn.transport(ctx)
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints:   []string{"https://" + etcdAddress},
		TLS:         &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: "127.0.0.1"},
		DialTimeout: etcdTimeout,
		Logger:      zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return t.Dial(ctx, "tcp", etcdAddress)
		})},
	})
}

// withEtcd calls f with a client of a control plane's member. After an error the client is made anew.
func (s *session) withEtcd(ctx context.Context, controlPlane Host, f func(context.Context, *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, etcdTimeout)
	defer cancel()
	client, err := s.etcd(ctx, controlPlane)
	if err != nil {
		return err
	}
	if err := f(ctx, client); err != nil {
		s.forgetEtcd(controlPlane.Name)
		return fmt.Errorf("%s: etcd: %w", controlPlane.Name, err)
	}
	return nil
}

// etcdMembers lists the members as a control plane's own member knows them.
func (s *session) etcdMembers(ctx context.Context, controlPlane Host) ([]EtcdMember, error) {
	var members []EtcdMember
	err := s.withEtcd(ctx, controlPlane, func(ctx context.Context, client *clientv3.Client) error {
		list, err := client.MemberList(ctx)
		if err != nil {
			return err
		}
		status, err := client.Status(ctx, "https://"+etcdAddress)
		if err != nil {
			return err
		}
		for _, m := range list.Members {
			members = append(members, EtcdMember{ID: m.ID, Name: m.Name, Learner: m.IsLearner, PeerURLs: m.PeerURLs, Leader: m.ID == status.Leader})
		}
		return nil
	})
	return members, err
}

// memberPatience is how long etcd is given to let a member go. It refuses ("unhealthy cluster") while its members have been
// connected for less than five seconds, and answers nothing while it elects a leader (HealthInterval and mayRemoveMember in
// etcd's server/etcdserver/server.go).
const memberPatience = 45 * time.Second

// removeMember takes host h's member out of etcd through another control plane's member. It is no error
// when there is none.
func (s *session) removeMember(ctx context.Context, via, h Host) error {
	err := insist(ctx, memberPatience, func(ctx context.Context) error { return s.removeMemberOnce(ctx, via, h) })
	if err != nil {
		return fmt.Errorf("remove etcd member %s: %w", h.Name, err)
	}
	return nil
}

func (s *session) removeMemberOnce(ctx context.Context, via, h Host) error {
	members, err := s.etcdMembers(ctx, via)
	if err != nil {
		return err
	}
	m, ok := memberOf(members, h)
	if !ok {
		return nil
	}
	return s.withEtcd(ctx, via, func(ctx context.Context, client *clientv3.Client) error {
		_, err := client.MemberRemove(ctx, m.ID)
		return err
	})
}
