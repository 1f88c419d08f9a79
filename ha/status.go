package ha

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Status is what a cluster looks like now.
type Status struct {
	Cluster  string `json:"cluster"`
	Version  string `json:"kubernetesVersion"`
	Endpoint string `json:"endpoint"`
	// Initialised says whether there is a cluster at all.
	Initialised bool `json:"initialised"`
	// Nodes are the Spec's hosts in its order, and after them nodes that it does not name.
	Nodes []NodeStatus `json:"nodes"`
	// Etcd holds the members, as one control plane knows them.
	Etcd []EtcdMember `json:"etcd,omitempty"`
	// Problems are hosts that do not answer and whatever else is wrong.
	Problems []Problem `json:"problems,omitempty"`
}

// NodeStatus is one host.
type NodeStatus struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Role    Role   `json:"role"`
	// InSpec is false for a node that the Spec does not name.
	InSpec bool `json:"inSpec"`
	// Joined says that the cluster has it as a Node; Ready that its kubelet and its network work.
	Joined      bool `json:"joined"`
	Ready       bool `json:"ready"`
	Schedulable bool `json:"schedulable"`
	// Version is the kubelet's.
	Version string `json:"version,omitempty"`
	// EtcdMember is "leader", "voter", "learner", or empty.
	EtcdMember string `json:"etcdMember,omitempty"`
	// APIReady says that its own apiserver is ready.
	APIReady bool `json:"apiReady,omitempty"`
	// Balancer says whether the host's balancer runs with the backends that it should have: "ok", "stale" (another
	// configuration), "down", or empty where there is none.
	Balancer string `json:"balancer,omitempty"`
	// Endpoint is why the API is not reached through the endpoint from this host; empty where it is.
	Endpoint string `json:"endpointError,omitempty"`
	// CertificatesExpire is when the first of the apiserver's certificates does.
	CertificatesExpire time.Time `json:"certificatesExpire,omitzero"`
}

// Healthy says whether every host of the Spec is as it should be.
func (s *Status) Healthy() bool {
	if !s.Initialised || len(s.Problems) > 0 {
		return false
	}
	return !slices.ContainsFunc(s.Nodes, func(n NodeStatus) bool {
		node := n.Role != RoleLoadBalancer
		return n.InSpec && ((node && (!n.Joined || !n.Ready || n.Endpoint != "")) || n.Balancer == "stale" || n.Balancer == "down" ||
			(n.Role == RoleControlPlane && (!n.APIReady || n.EtcdMember == "" || n.EtcdMember == "learner")))
	})
}

// Status asks every host and the cluster. A host that does not answer is a Problem in the result, not an error; the error is
// for a context that ended.
func (c *Cluster) Status(ctx context.Context) (*Status, error) {
	s := c.open()
	defer s.close()
	st := &Status{Cluster: c.spec.Name, Version: c.version.String(), Endpoint: c.spec.Endpoint.String()}
	facts := s.observeEach(ctx, st)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("ha: status: %w", err)
	}
	cluster, err := s.observeCluster(ctx, facts)
	if err != nil {
		var hostsErr *HostsError
		if !errors.As(err, &hostsErr) {
			return nil, fmt.Errorf("ha: status: %w", err)
		}
		st.Problems = append(st.Problems, hostsErr.Problems...)
	}
	b := c.newPlanner(&observation{hosts: facts, cluster: cluster}, nil)
	st.fill(b)
	return st, nil
}

// observeEach observes the hosts that answer, and notes those that do not.
func (s *session) observeEach(ctx context.Context, st *Status) map[string]*hostFacts {
	var mu sync.Mutex
	var wg sync.WaitGroup
	facts := map[string]*hostFacts{}
	for _, h := range s.cluster.spec.Hosts {
		wg.Go(func() {
			limited, cancel := context.WithTimeout(ctx, observeLimit)
			defer cancel()
			f, err := s.observeHost(limited, h)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				st.Problems = append(st.Problems, Problem{Code: "Unreachable", Host: h.Name, Message: err.Error(), Err: err})
				return
			}
			facts[h.Name] = f
		})
	}
	wg.Wait()
	slices.SortFunc(st.Problems, func(a, b Problem) int { return compareText(a.Host, b.Host) })
	return facts
}

func (st *Status) fill(b *planner) {
	c := b.obs.cluster
	joined, _ := b.controlPlanes()
	for _, h := range b.spec.Hosts {
		n := NodeStatus{Name: h.Name, Address: h.Address, Role: h.Role, InSpec: true}
		f := b.obs.hosts[h.Name]
		if f != nil && b.spec.balances(h) {
			want := b.balancerFor(f, joined)
			if h.Role == RoleLoadBalancer && c != nil {
				want = b.spec.balancerOf(joined, balancerCA(h))
			}
			n.Balancer = balancerState(f, want)
		}
		if f != nil {
			n.CertificatesExpire = f.certificatesExpire()
		}
		if c != nil {
			n.fill(c)
			if err := c.views[h.Name]; err != nil {
				n.Endpoint = oneLine(err.Error())
			}
		}
		st.Nodes = append(st.Nodes, n)
	}
	if c == nil {
		return
	}
	st.Initialised, st.Etcd = true, c.members
	var strangers []string
	for name := range c.nodes {
		if _, ok := b.spec.host(name); !ok {
			strangers = append(strangers, name)
		}
	}
	slices.Sort(strangers)
	for _, name := range strangers {
		n := NodeStatus{Name: name, Address: c.nodes[name].address, Role: RoleWorker}
		if c.nodes[name].controlPlane {
			n.Role = RoleControlPlane
		}
		n.fill(c)
		st.Nodes = append(st.Nodes, n)
	}
}

func (n *NodeStatus) fill(c *clusterFacts) {
	node, ok := c.nodes[n.Name]
	n.Joined, n.Ready, n.Schedulable, n.Version = ok, node.ready, ok && node.schedulable, node.version
	n.APIReady = c.apiReady[n.Name]
	for _, m := range c.members {
		switch {
		case m.Name != n.Name:
		case m.Leader:
			n.EtcdMember = "leader"
		case m.Learner:
			n.EtcdMember = "learner"
		default:
			n.EtcdMember = "voter"
		}
	}
}

// balancerState compares a host's balancer with the one that it should have.
func balancerState(f *hostFacts, want balancer) string {
	switch {
	case !f.units[balancerUnit].exists():
		return ""
	case !f.units[balancerUnit].running() || f.generation == "":
		return "down"
	case f.generation != want.generation:
		return "stale"
	}
	return "ok"
}

// certificatesExpire is when the apiserver's serving certificate ends.
func (f *hostFacts) certificatesExpire() time.Time {
	block, _ := pem.Decode([]byte(f.file(apiServerCertPath)))
	if block == nil {
		return time.Time{}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	return cert.NotAfter
}
