package etcdsim

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
	"github.com/quorate-dev/quorate/fake/internal/sim"
)

// MaxLearners is etcd's own limit; kubeadm does not raise it.
const MaxLearners = 1

// Registry knows every etcd cluster that ever was.
type Registry struct {
	World    *sim.World
	clusters map[uint64]*Cluster
	nodes    []*Node
	// NewStore is called with each new cluster's store.
	NewStore func(*kapi.Store)
	// Changed is called when members or processes changed.
	Changed func()
	// Exited is called when a running member's process ends by itself.
	Exited func(*Node)
}

// NewRegistry returns one without clusters.
func NewRegistry(w *sim.World) *Registry {
	return &Registry{World: w, clusters: map[uint64]*Cluster{}, NewStore: func(*kapi.Store) {}, Changed: func() {}, Exited: func(*Node) {}}
}

// Cluster is one etcd cluster.
type Cluster struct {
	ID      uint64
	members map[uint64]*Member
	removed map[uint64]bool
	store   *kapi.Store
	leader  uint64
	term    uint64
}

// Member is what a cluster knows of one of its members.
type Member struct {
	ID         uint64
	Name       string
	PeerURLs   []string
	ClientURLs []string
	Learner    bool
	node       *Node // its process, when one runs
}

// Started says whether the member ever ran: it published its name.
func (m *Member) Started() bool { return m.Name != "" }

// Running says whether its process runs.
func (m *Member) Running() bool { return m.node != nil }

func newID(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// Members lists the members by name, then id.
func (c *Cluster) Members() []*Member {
	return slices.SortedFunc(maps.Values(c.members), func(a, b *Member) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

func (c *Cluster) voters() (out []*Member) {
	for _, m := range c.Members() {
		if !m.Learner {
			out = append(out, m)
		}
	}
	return out
}

// reaches says whether the processes of two members can talk.
func reaches(a, b *Node) bool {
	return a == b || a.host.Net.Connected(a.host.NIC, b.host.NIC)
}

// HealthInterval is how long a connection between members has to stand before a change of the membership counts on it
// (etcd, server/etcdserver/server.go).
const HealthInterval = 5 * time.Second

// connected says whether a has been in touch with b for HealthInterval. Outside a bubble all progress is made at once, and
// so is this.
func connected(a, b *Node) bool {
	if a == b {
		return true
	}
	if b == nil || !reaches(a, b) {
		return false
	}
	settled := a.reg.World.NowLocked().Add(-HealthInterval)
	return !a.reg.World.Virtual() || !a.since.After(settled) && !b.since.After(settled)
}

// quorumFrom says whether n can reach more than half of the voters.
func (c *Cluster) quorumFrom(n *Node) bool {
	voters := c.voters()
	reached := 0
	for _, m := range voters {
		if m.node != nil && reaches(n, m.node) {
			reached++
		}
	}
	return reached > len(voters)/2
}

// HasQuorum says whether some member can reach more than half of the voters.
func (c *Cluster) HasQuorum() bool {
	for _, m := range c.members {
		if m.node != nil && c.quorumFrom(m.node) {
			return true
		}
	}
	return false
}

// Leader returns the leader's id, after an election where one is due; 0 without quorum.
func (c *Cluster) Leader() uint64 {
	if m := c.members[c.leader]; m != nil && !m.Learner && m.node != nil && c.quorumFrom(m.node) {
		return c.leader
	}
	c.leader = 0
	for _, m := range c.voters() {
		if m.node != nil && c.quorumFrom(m.node) {
			c.leader = m.ID
			c.term++
			break
		}
	}
	return c.leader
}

// Current returns the cluster that has processes running, the youngest of several; nil when there is none.
func (r *Registry) Current() *Cluster {
	if len(r.nodes) == 0 {
		return nil
	}
	return r.nodes[len(r.nodes)-1].cluster
}

// Clusters lists the clusters that have processes.
func (r *Registry) Clusters() []*Cluster {
	var out []*Cluster
	for _, n := range r.nodes {
		if !slices.Contains(out, n.cluster) {
			out = append(out, n.cluster)
		}
	}
	return out
}

// Store returns the cluster's store, whether it has a quorum or not.
func (c *Cluster) Store() *kapi.Store { return c.store }

// add adds a member. n is the member that was asked.
func (c *Cluster) add(n *Node, peerURLs []string, learner bool) (*Member, error) {
	if !c.quorumFrom(n) {
		return nil, rpctypes.ErrGRPCTimeout
	}
	learners := 0
	for _, m := range c.members {
		if m.Learner {
			learners++
		}
		for _, u := range m.PeerURLs {
			if slices.Contains(peerURLs, u) {
				return nil, rpctypes.ErrGRPCPeerURLExist
			}
		}
	}
	if learner && learners >= MaxLearners {
		return nil, rpctypes.ErrGRPCTooManyLearners
	}
	if !learner {
		started := 0
		voters := c.voters()
		for _, m := range voters {
			if m.Started() {
				started++
			}
		}
		if len(voters) > 1 && started < (len(voters)+1)/2+1 {
			return nil, rpctypes.ErrGRPCMemberNotEnoughStarted
		}
	}
	for _, v := range c.voters() {
		if !connected(n, v.node) {
			return nil, rpctypes.ErrGRPCUnhealthy
		}
	}
	m := &Member{ID: newID(fmt.Sprint(peerURLs, c.ID, n.reg.World.Serial("etcd member"))), PeerURLs: peerURLs, Learner: learner}
	c.members[m.ID] = m
	n.reg.Changed()
	return m, nil
}

func (c *Cluster) remove(n *Node, id uint64) error {
	m := c.members[id]
	switch {
	case !c.quorumFrom(n):
		return rpctypes.ErrGRPCTimeout
	case m == nil && c.removed[id]:
		return rpctypes.ErrGRPCMemberNotFound
	case m == nil:
		return rpctypes.ErrGRPCMemberNotFound
	}
	if !m.Learner {
		voters := c.voters()
		started, active := 0, 0
		for _, v := range voters {
			if v.ID != id && v.Started() {
				started++
			}
			if connected(n, v.node) {
				active++
			}
		}
		// etcd's strict reconfiguration check: a member that is down is not part of the quorum that has to survive
		if rest := len(voters) - 1; started < rest/2+1 {
			return rpctypes.ErrGRPCMemberNotEnoughStarted
		} else if m.node != nil && reaches(n, m.node) && active-1 < rest/2+1 {
			return rpctypes.ErrGRPCUnhealthy
		}
	}
	delete(c.members, id)
	c.removed[id] = true
	if m.node != nil {
		node := m.node
		n.reg.World.Soon(0, func() { // it answers the one who asked first, then learns that it is out
			if !node.stopped {
				node.Stop()
				node.reg.Exited(node)
			}
		})
	}
	n.reg.Changed()
	return nil
}

func (c *Cluster) promote(n *Node, id uint64) error {
	m := c.members[id]
	switch {
	case !c.quorumFrom(n):
		return rpctypes.ErrGRPCTimeout
	case m == nil:
		return rpctypes.ErrGRPCMemberNotFound
	case !m.Learner:
		return rpctypes.ErrGRPCMemberNotLearner
	case m.node == nil || !reaches(n, m.node):
		return rpctypes.ErrGRPCLearnerNotReady
	}
	m.Learner = false
	n.reg.Changed()
	return nil
}
