package ctrl

import (
	"time"

	"github.com/quorate-dev/quorate/fake/internal/balancer"
	"github.com/quorate-dev/quorate/fake/internal/etcdsim"
	"github.com/quorate-dev/quorate/fake/internal/kapi"
	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/sim"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

// Durations of what happens by itself, in virtual time.
const (
	passDelay      = 100 * time.Millisecond
	staticPodStart = 1500 * time.Millisecond
	podStart       = time.Second
	podStop        = time.Second
	crashBackoff   = 5 * time.Second
	graceToUnknown = 50 * time.Second // node-monitor-grace-period, from 1.32
	unreachableTTL = 300 * time.Second
)

// Control looks after all hosts.
type Control struct {
	World *sim.World
	Net   *vnet.Net
	Etcd  *etcdsim.Registry
	// Unsupported is called with what is not simulated.
	Unsupported func(what string)
	// Intercept sees each API request on a host first.
	Intercept func(host string) kapiIntercept

	hosts     []*Node
	kicked    bool
	deadlines map[string]func() // of silent Nodes, by store and UID
	wakes     map[string]bool
	hashes    map[string]versionedHash
}

// Node is a host as Kubernetes runs on it.
type Node struct {
	Host       *machine.Host
	c          *Control
	containers map[string]*container
	heard      bool // the kubelet reports to the API
	store      *kapi.Store
	retryAt    time.Time
}

// New returns a Control without hosts.
func New(w *sim.World, n *vnet.Net) *Control {
	c := &Control{World: w, Net: n, Etcd: etcdsim.NewRegistry(w), hashes: map[string]versionedHash{}, Unsupported: func(string) {}}
	c.Etcd.Changed = c.Kick
	c.Etcd.NewStore = func(s *kapi.Store) {
		s.Changed = func(e kapi.Event) { c.changed(s, e) }
		c.seed(s)
	}
	c.Etcd.Exited = func(n *etcdsim.Node) { c.containerExited(n) }
	return c
}

// Add gives a host its daemons.
func (c *Control) Add(h *machine.Host) *Node {
	n := &Node{Host: h, c: c, containers: map[string]*container{}}
	h.Daemons["containerd"] = containerd{}
	h.Daemons["kubelet"] = kubelet{n}
	h.Daemons["nginx"] = balancer.Nginx{}
	h.Daemons["sshd"] = sshd{}
	h.Changed = c.Kick
	h.Halted = n.halt
	c.hosts = append(c.hosts, n)
	return n
}

// Node returns the node of a host.
func (c *Control) Node(h *machine.Host) *Node {
	for _, n := range c.hosts {
		if n.Host == h {
			return n
		}
	}
	return nil
}

// Kick makes a pass over everything happen soon.
func (c *Control) Kick() {
	if c.kicked {
		return
	}
	c.kicked = true
	c.World.Soon(passDelay, func() {
		c.kicked = false
		c.pass()
	})
}

// pass brings everything one step on. Each change kicks the next.
func (c *Control) pass() {
	for _, n := range c.hosts {
		n.sync()
	}
	for _, cl := range c.Etcd.Clusters() {
		if m := c.manager(cl.Store()); m != nil {
			c.controllers(cl.Store(), m)
		}
	}
}

// manager returns a node whose controller manager works: it runs and its API server answers.
func (c *Control) manager(s *kapi.Store) *Node {
	for _, n := range c.hosts {
		if k := n.component("kube-controller-manager"); k != nil && k.running {
			if st, err := n.localStore(); err == nil && st == s {
				return n
			}
		}
	}
	return nil
}

// schedules says whether a scheduler works on the store.
func (c *Control) schedules(s *kapi.Store) bool {
	for _, n := range c.hosts {
		if k := n.component("kube-scheduler"); k != nil && k.running {
			if st, err := n.localStore(); err == nil && st == s {
				return true
			}
		}
	}
	return false
}

// halt forgets what lived in the host's memory.
func (n *Node) halt() {
	for _, k := range n.containers {
		k.halt()
	}
	clear(n.containers)
}
