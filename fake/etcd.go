package fake

import (
	"github.com/quorate-dev/quorate/fake/internal/etcdsim"
)

// Etcd is the cluster's etcd, seen by the test.
type Etcd struct{ c *Cluster }

// Member is one member of etcd.
type Member struct {
	ID   uint64
	Name string
	// PeerURLs are where the others reach it.
	PeerURLs []string
	// Learner does not vote.
	Learner bool
	// Running says whether its process runs.
	Running bool
	// Leader says whether it leads.
	Leader bool
}

// Etcd returns the etcd that runs now; the youngest where several clusters do.
func (c *Cluster) Etcd() Etcd { return Etcd{c} }

func (e Etcd) with(f func(*etcdsim.Cluster)) {
	e.c.world.Do(func() {
		if cl := e.c.control.Etcd.Current(); cl != nil {
			f(cl)
		}
	})
}

// Members lists the members by name; none when no member runs.
func (e Etcd) Members() []Member {
	var out []Member
	e.with(func(c *etcdsim.Cluster) {
		leader := c.Leader()
		for _, m := range c.Members() {
			out = append(out, Member{ID: m.ID, Name: m.Name, PeerURLs: m.PeerURLs, Learner: m.Learner, Running: m.Running(), Leader: m.ID == leader})
		}
	})
	return out
}

// Voters lists the names of the members that vote.
func (e Etcd) Voters() []string {
	var out []string
	for _, m := range e.Members() {
		if !m.Learner {
			out = append(out, m.Name)
		}
	}
	return out
}

// HasQuorum says whether more than half of the voters run and reach each other.
func (e Etcd) HasQuorum() bool {
	ok := false
	e.with(func(c *etcdsim.Cluster) { ok = c.HasQuorum() })
	return ok
}

// Leader is the leader's name; empty without one.
func (e Etcd) Leader() string {
	for _, m := range e.Members() {
		if m.Leader {
			return m.Name
		}
	}
	return ""
}
