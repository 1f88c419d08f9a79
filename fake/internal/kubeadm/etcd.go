package kubeadm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// etcdClient asks the members that the etcd pods announce, in turn.
type etcdClient struct {
	r         *run
	endpoints []string // host:port
	tls       *tls.Config
}

// etcdFromCluster makes a client for the members whose pods the API has.
func (r *run) etcdFromCluster(c *connection) (*etcdClient, error) {
	cert, err := r.Host.FS.Read(r.pki("etcd/healthcheck-client.crt"))
	if err != nil {
		return nil, err
	}
	key, err := r.Host.FS.Read(r.pki("etcd/healthcheck-client.key"))
	if err != nil {
		return nil, err
	}
	ca, err := r.Host.FS.Read(r.pki("etcd/ca.crt"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	out := &etcdClient{r: r, tls: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool, MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519}, Time: r.Host.World.Now}}
	err = r.retry(func(ctx context.Context) error {
		pods, err := c.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{LabelSelector: "component=etcd,tier=control-plane"})
		if err != nil {
			return err
		}
		out.endpoints = nil
		for _, p := range pods.Items {
			if u, err := url.Parse(p.Annotations["kubeadm.kubernetes.io/etcd.advertise-client-urls"]); err == nil && u.Host != "" {
				out.endpoints = append(out.endpoints, u.Host)
			}
		}
		if len(out.endpoints) == 0 {
			return errors.New("could not retrieve the list of etcd endpoints")
		}
		return nil
	})
	return out, err
}

// call does one request with the first member that answers.
func (e *etcdClient) call(ctx context.Context, do func(ctx context.Context, conn *grpc.ClientConn) error) error {
	var errs []error
	for _, ep := range e.endpoints {
		conn, err := grpc.NewClient("passthrough:///"+ep, grpc.WithTransportCredentials(credentials.NewTLS(e.tls)), grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return e.r.Dial(ctx, "tcp", address)
		}))
		if err != nil {
			return err
		}
		callCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
		err = do(callCtx, conn)
		cancel()
		_ = conn.Close() // the answer is in; nothing can be lost
		if err == nil {
			return nil
		}
		errs = append(errs, rpctypes.Error(err))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, known := rpctypes.Error(err).(rpctypes.EtcdError); known && !errors.Is(rpctypes.Error(err), rpctypes.ErrTimeout) && !errors.Is(rpctypes.Error(err), rpctypes.ErrNoLeader) {
			return rpctypes.Error(err)
		}
	}
	return errors.Join(errs...)
}

// retry repeats a call for etcdAPICall.
func (e *etcdClient) retry(do func(ctx context.Context, conn *grpc.ClientConn) error) error {
	return e.r.Poll(e.r.timeouts.etcd, 500*time.Millisecond, func(ctx context.Context) (bool, error) {
		err := e.call(ctx, do)
		return err == nil, err
	})
}

func (e *etcdClient) members() (list []*etcdserverpb.Member, err error) {
	err = e.retry(func(ctx context.Context, conn *grpc.ClientConn) error {
		resp, err := etcdserverpb.NewClusterClient(conn).MemberList(ctx, &etcdserverpb.MemberListRequest{Linearizable: true})
		if err == nil {
			list = resp.Members
		}
		return err
	})
	return list, err
}

// statuses asks every member for its health; it fails when one (before 1.37) or the majority does not answer.
func (e *etcdClient) healthy() error {
	down := 0
	var last error
	for _, ep := range e.endpoints {
		one := &etcdClient{r: e.r, endpoints: []string{ep}, tls: e.tls}
		err := one.call(e.r.Ctx, func(ctx context.Context, conn *grpc.ClientConn) error {
			_, err := etcdserverpb.NewMaintenanceClient(conn).Status(ctx, &etcdserverpb.StatusRequest{})
			return err
		})
		if err != nil {
			down++
			last = fmt.Errorf("failed to dial endpoint https://%s: %w", ep, err)
		}
	}
	allowed := 0
	if e.r.version.AtLeast(37) {
		allowed = (len(e.endpoints) - 1) / 2
	}
	if down > allowed {
		return last
	}
	return nil
}

// checkEtcd looks at the etcd cluster before the host adds a member.
func (r *run) checkEtcd() error {
	r.Printf("[check-etcd] Checking that the etcd cluster is healthy\n")
	c, err := r.connectFile(adminConf, "")
	if err != nil {
		return err
	}
	defer c.close()
	e, err := r.etcdFromCluster(c)
	if err != nil {
		return err
	}
	if err := r.Poll(r.timeouts.etcd, 500*time.Millisecond, func(context.Context) (bool, error) {
		err := e.healthy()
		return err == nil, err
	}); err != nil {
		return fmt.Errorf("etcd cluster is not healthy: %w", err)
	}
	return nil
}

// joinEtcd adds this host's member as a learner, starts it and promotes it.
func (r *run) joinEtcd() error {
	c, err := r.connectFile(adminConf, "")
	if err != nil {
		return err
	}
	defer c.close()
	e, err := r.etcdFromCluster(c)
	if err != nil {
		return err
	}
	learner := r.version.EtcdLearnerMode() != "absent" && (r.version.AtLeast(29) || r.cluster.FeatureGates["EtcdLearnerMode"])
	r.Printf("[etcd] Announced new etcd member joining to the existing etcd cluster\n")
	id, members, err := e.add(r.peerURL(), learner)
	if err != nil {
		return fmt.Errorf("error creating local etcd static pod manifest file: %w", err)
	}
	if err := r.Phase("join/etcd-join/added", 0); err != nil {
		return err
	}
	var initial []string
	for _, m := range members {
		name := m.Name
		if slices.Contains(m.PeerURLs, r.peerURL()) {
			name = r.node.Name
		}
		initial = append(initial, name+"="+m.PeerURLs[0])
	}
	r.Printf("[etcd] Creating static Pod manifest for \"etcd\"\n")
	if err := r.etcdManifest(initial); err != nil {
		return err
	}
	if err := r.Phase("join/etcd-join/started", 0); err != nil {
		return err
	}
	if learner {
		if err := e.promote(id); err != nil {
			return err
		}
		if err := r.Phase("join/etcd-join/promoted", 0); err != nil {
			return err
		}
	}
	r.Printf("[etcd] Waiting for the new etcd member to join the cluster. This can take up to 40s\n")
	one := &etcdClient{r: r, endpoints: append(slices.Clone(e.endpoints), r.endpoint.AdvertiseAddress+":2379"), tls: e.tls}
	return r.Poll(40*time.Second, 5*time.Second, func(context.Context) (bool, error) {
		err := one.healthy()
		return err == nil, err
	})
}

// add announces a member. One that is there with the URL already is used.
func (e *etcdClient) add(peer string, learner bool) (id uint64, members []*etcdserverpb.Member, err error) {
	err = e.retry(func(ctx context.Context, conn *grpc.ClientConn) error {
		resp, err := etcdserverpb.NewClusterClient(conn).MemberAdd(ctx, &etcdserverpb.MemberAddRequest{PeerURLs: []string{peer}, IsLearner: learner})
		if errors.Is(rpctypes.Error(err), rpctypes.ErrPeerURLExist) {
			list, lerr := etcdserverpb.NewClusterClient(conn).MemberList(ctx, &etcdserverpb.MemberListRequest{Linearizable: true})
			if lerr != nil {
				return lerr
			}
			members = list.Members
			for _, m := range members {
				if slices.Contains(m.PeerURLs, peer) {
					id = m.ID
				}
			}
			return nil
		}
		if err == nil {
			id, members = resp.Member.ID, resp.Members
		}
		return err
	})
	return id, members, err
}

// promote makes the learner a voter as soon as it has caught up.
func (e *etcdClient) promote(id uint64) error {
	return e.retry(func(ctx context.Context, conn *grpc.ClientConn) error {
		_, err := etcdserverpb.NewClusterClient(conn).MemberPromote(ctx, &etcdserverpb.MemberPromoteRequest{ID: id})
		if errors.Is(rpctypes.Error(err), rpctypes.ErrMemberNotLearner) {
			return nil
		}
		return err
	})
}

// removeMember takes this host's member out.
func (e *etcdClient) removeMember(peer string) error {
	members, err := e.members()
	if err != nil {
		return err
	}
	if len(members) == 1 {
		return nil
	}
	for _, m := range members {
		if slices.Contains(m.PeerURLs, peer) {
			err := e.retry(func(ctx context.Context, conn *grpc.ClientConn) error {
				_, err := etcdserverpb.NewClusterClient(conn).MemberRemove(ctx, &etcdserverpb.MemberRemoveRequest{ID: m.ID})
				if errors.Is(rpctypes.Error(err), rpctypes.ErrMemberNotFound) {
					return nil
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
