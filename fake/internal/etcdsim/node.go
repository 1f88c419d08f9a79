package etcdsim

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

// Node is a running etcd process.
type Node struct {
	reg       *Registry
	host      *machine.Host
	cluster   *Cluster
	member    *Member
	server    *grpc.Server
	listeners []*vnet.Listener
	stopped   bool
	since     time.Time // when it started
}

// flags reads --name=value arguments.
func flags(argv []string) map[string]string {
	out := map[string]string{}
	for _, a := range argv[1:] {
		if k, v, ok := strings.Cut(strings.TrimPrefix(a, "--"), "="); ok {
			out[k] = v
		}
	}
	return out
}

// Start runs etcd on a host as its command line says: it goes on from its data directory, makes a
// new cluster, or joins the one that knows its peer URL. An error is why the process exits.
func (r *Registry) Start(h *machine.Host, argv []string) (*Node, error) {
	f := flags(argv)
	for _, need := range []string{"name", "data-dir", "initial-cluster", "initial-advertise-peer-urls", "listen-client-urls", "cert-file", "key-file", "trusted-ca-file"} {
		if f[need] == "" {
			return nil, fmt.Errorf("etcd: --%s is not set", need)
		}
	}
	n := &Node{reg: r, host: h, since: r.World.NowLocked()}
	mark := f["data-dir"] + "/member/snap/db"
	data, err := h.FS.Read(mark)
	if err == nil {
		err = n.resume(string(data))
	} else {
		err = n.begin(f)
	}
	if err != nil {
		return nil, err
	}
	if err := n.listen(f); err != nil {
		return nil, err
	}
	for _, d := range []string{"/member/wal", "/member/snap"} {
		if err := h.FS.MkdirAll(f["data-dir"]+d, 0o700); err != nil {
			return nil, err
		}
	}
	if err := h.FS.Write(mark, fmt.Appendf(nil, "%x %x\n", n.cluster.ID, n.member.ID), 0o600); err != nil {
		return nil, err
	}
	n.member.Name, n.member.ClientURLs = f["name"], strings.Split(f["advertise-client-urls"], ",")
	n.member.node = n
	r.nodes = append(r.nodes, n)
	r.Changed()
	return n, nil
}

func (n *Node) resume(mark string) error {
	var cluster, member uint64
	if _, err := fmt.Sscanf(mark, "%x %x", &cluster, &member); err != nil {
		return errors.New("etcd: the data directory is damaged")
	}
	c := n.reg.clusters[cluster]
	switch {
	case c == nil:
		return errors.New("etcd: the data directory is of no known cluster")
	case c.removed[member] || c.members[member] == nil:
		return errors.New("etcd: the member has been permanently removed from the cluster")
	case c.members[member].node != nil:
		return errors.New("etcd: the member runs already")
	}
	n.cluster, n.member = c, c.members[member]
	return nil
}

// begin starts an empty member.
func (n *Node) begin(f map[string]string) error {
	peer := f["initial-advertise-peer-urls"]
	entries := strings.Split(f["initial-cluster"], ",")
	if !slices.Contains(entries, f["name"]+"="+peer) {
		return fmt.Errorf("etcd: couldn't find local name %q in the initial cluster configuration", f["name"])
	}
	if f["initial-cluster-state"] != "existing" {
		if len(entries) != 1 {
			return errors.New("etcd: a new cluster of several members is not simulated")
		}
		n.cluster = n.reg.newCluster(f["name"], peer)
		n.member = n.cluster.Members()[0]
		return nil
	}
	for _, e := range entries {
		_, u, _ := strings.Cut(e, "=")
		other := n.reg.nodeByPeer(u)
		if other == nil || u == peer || !n.host.Net.Connected(n.host.NIC, other.host.NIC) {
			continue
		}
		c := other.cluster
		if len(c.members) != len(entries) {
			return errors.New("etcd: error validating peerURLs: member count is unequal")
		}
		for _, m := range c.members {
			if slices.Contains(m.PeerURLs, peer) {
				if m.node != nil {
					return errors.New("etcd: the member runs already")
				}
				n.cluster, n.member = c, m
				return nil
			}
		}
		return errors.New("etcd: error validating peerURLs: unmatched member while checking PeerURLs")
	}
	return errors.New("etcd: cannot fetch cluster info from peer urls")
}

func (r *Registry) nodeByPeer(peerURL string) *Node {
	for _, n := range r.nodes {
		if slices.Contains(n.member.PeerURLs, peerURL) {
			return n
		}
	}
	return nil
}

func (r *Registry) newCluster(name, peer string) *Cluster {
	c := &Cluster{ID: newID(name, peer, fmt.Sprint(r.World.Serial("etcd cluster"))), members: map[uint64]*Member{}, removed: map[uint64]bool{}, term: 1}
	m := &Member{ID: newID(name, peer, fmt.Sprint(c.ID)), Name: name, PeerURLs: []string{peer}}
	c.members[m.ID] = m
	c.store = kapi.NewStore(r.World)
	c.store.ID = fmt.Sprintf("%x", c.ID)
	r.clusters[c.ID] = c
	r.NewStore(c.store)
	return c
}

func (n *Node) listen(f map[string]string) error {
	read := func(name string) []byte {
		b, _ := n.host.FS.Read(f[name]) // an absent file is empty, and refused below
		return b
	}
	cert, err := tls.X509KeyPair(read("cert-file"), read("key-file"))
	if err != nil {
		return fmt.Errorf("etcd: %s: %w", f["cert-file"], err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(read("trusted-ca-file")) {
		return fmt.Errorf("etcd: no certificate in %s", f["trusted-ca-file"])
	}
	for _, raw := range strings.Split(f["listen-client-urls"]+","+f["listen-peer-urls"], ",") {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			continue
		}
		l, err := n.host.NIC.Listen("tcp", u.Host, n)
		if err != nil {
			n.closeListeners()
			return err
		}
		n.listeners = append(n.listeners, l)
	}
	n.server = grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, Time: n.reg.World.Now, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.X25519},
	})))
	n.register()
	for _, l := range n.listeners {
		n.reg.World.Go(func() { _ = n.server.Serve(l) }) // it ends when the listener is closed
	}
	return nil
}

func (n *Node) closeListeners() {
	for _, l := range n.listeners {
		_ = l.Close() // closing cannot fail
	}
}

// Store returns the keys, as this member can read and write them.
func (n *Node) Store() (*kapi.Store, error) {
	switch {
	case n.stopped:
		return nil, errors.New("etcdserver: server stopped")
	case n.member.Learner:
		return nil, errors.New("etcdserver: rpc not supported for learner")
	case !n.cluster.quorumFrom(n):
		return nil, errors.New("etcdserver: request timed out")
	}
	n.cluster.Leader()
	return n.cluster.store, nil
}

// Cluster is the node's cluster.
func (n *Node) Cluster() *Cluster { return n.cluster }

// Host is the machine that it runs on.
func (n *Node) Host() *machine.Host { return n.host }

// Stop ends the process.
func (n *Node) Stop() {
	if n.stopped {
		return
	}
	n.stopped = true
	if n.member.node == n {
		n.member.node = nil
	}
	n.reg.nodes = slices.DeleteFunc(n.reg.nodes, func(o *Node) bool { return o == n })
	n.closeListeners()
	server := n.server
	n.reg.World.Go(server.Stop) // it waits for handlers, which may wait for the lock
	n.reg.Changed()
}
