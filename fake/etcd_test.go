package fake_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/quorate-dev/quorate/fake"
)

// etcd connects the real client to the member on a host, through a Transport.
func (h *hand) etcd(host string) *clientv3.Client {
	h.t.Helper()
	tr := h.dial(host)
	read := func(name string) []byte {
		b, err := tr.ReadFile(context.Background(), "/etc/kubernetes/pki/"+name)
		require.NoError(h.t, err)
		return b
	}
	pair, err := tls.X509KeyPair(read("apiserver-etcd-client.crt"), read("apiserver-etcd-client.key"))
	require.NoError(h.t, err)
	pool := x509.NewCertPool()
	require.True(h.t, pool.AppendCertsFromPEM(read("etcd/ca.crt")))
	cl, err := clientv3.New(clientv3.Config{
		Endpoints: []string{"https://127.0.0.1:2379"}, DialTimeout: 5 * time.Second, TLS: &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: pool},
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return tr.Dial(ctx, "tcp", "127.0.0.1:2379") })},
	})
	require.NoError(h.t, err)
	return cl
}

// removeMember takes a host's member out of etcd, asked of cp1.
func (h *hand) removeMember(name string) {
	h.t.Helper()
	cl := h.etcd("cp1")
	defer cl.Close() //nolint:errcheck // nothing is lost
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	list, err := cl.MemberList(ctx)
	if err != nil { // a second voter that never came up again takes the quorum with it: nothing to do from here
		require.NoError(h.t, err)
	}
	peer := "https://" + h.c.Host(name).Address() + ":2380"
	for _, m := range list.Members {
		if m.PeerURLs[0] == peer {
			_, err := cl.MemberRemove(ctx, m.ID)
			require.NoError(h.t, err)
		}
	}
}

func TestRealEtcdClient(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		cl := h.etcd("cp2")
		defer func() { require.NoError(t, cl.Close()) }()
		list, err := cl.MemberList(t.Context())
		require.NoError(t, err)
		require.Len(t, list.Members, 3)
		st, err := cl.Status(t.Context(), "https://127.0.0.1:2379")
		require.NoError(t, err)
		require.NotZero(t, st.Leader)
		require.Equal(t, "cp1", c.Etcd().Leader())

		// only the leader gives its place away
		id := map[string]uint64{}
		for _, m := range list.Members {
			require.False(t, m.IsLearner)
			id[m.Name] = m.ID
		}
		_, err = cl.MoveLeader(t.Context(), id["cp3"])
		require.ErrorIs(t, err, rpctypes.ErrNotLeader)
		first := h.etcd("cp1")
		defer func() { require.NoError(t, first.Close()) }()
		_, err = first.MoveLeader(t.Context(), id["cp3"])
		require.NoError(t, err)
		require.Equal(t, "cp3", c.Etcd().Leader())

		// one learner at a time
		_, err = cl.MemberAddAsLearner(t.Context(), []string{"https://10.0.0.99:2380"})
		require.NoError(t, err)
		_, err = cl.MemberAddAsLearner(t.Context(), []string{"https://10.0.0.98:2380"})
		require.ErrorIs(t, err, rpctypes.ErrTooManyLearners)
		alarms, err := cl.AlarmList(t.Context())
		require.NoError(t, err)
		require.Empty(t, alarms.Alarms)

		// the leader goes, another takes over; the second one takes the quorum along
		c.Host("cp3").Crash()
		require.True(t, c.Etcd().HasQuorum())
		require.NotEqual(t, "cp3", c.Etcd().Leader())
		_, err = cl.MemberRemove(t.Context(), id["cp2"])
		require.ErrorIs(t, err, rpctypes.ErrUnhealthy, "a live member of a wounded cluster stays")
		c.Host("cp1").Crash()
		require.False(t, c.Etcd().HasQuorum())
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err = cl.MemberList(ctx)
		require.Error(t, err)

		c.Host("cp1").Boot()
		c.Settle(time.Minute)
		require.True(t, c.Etcd().HasQuorum())
		_, err = cl.MemberRemove(t.Context(), id["cp3"])
		require.NoError(t, err, "a dead one goes")
	}, fake.ControlPlanes(3))
}
