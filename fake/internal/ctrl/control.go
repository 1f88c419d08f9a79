package ctrl

import (
	"time"

	corev1 "k8s.io/api/core/v1"

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
	dirty     map[*kapi.Store]bool // stores that controllers have to look at
	deadlines map[string]func()    // of silent Nodes, by store and UID
	wakes     map[string]bool
	hashes    map[string]versionedHash
}

// Node is a host as Kubernetes runs on it.
type Node struct {
	Host       *machine.Host
	c          *Control
	containers map[string]*container
	dirty      bool // something happened that its kubelet may react to
	heard      bool // the kubelet reports to the API
	routes     map[string]*route
	store      *kapi.Store
	nodeName   string // as which it is heard
	retryAt    time.Time
}

// New returns a Control without hosts.
func New(w *sim.World, n *vnet.Net) *Control {
	c := &Control{World: w, Net: n, Etcd: etcdsim.NewRegistry(w), hashes: map[string]versionedHash{}, dirty: map[*kapi.Store]bool{}, Unsupported: func(string) {}}
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
	h.Daemons["haproxy"] = balancer.HAProxy{}
	h.Daemons["sshd"] = sshd{}
	h.Changed = n.kick
	h.Halted = func() {
		n.halt()
		c.Kick()
	}
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
	for _, n := range c.hosts {
		n.dirty = true
	}
	for _, cl := range c.Etcd.Clusters() {
		c.dirty[cl.Store()] = true
	}
	c.schedulePass()
}

// kick makes a pass over one host happen soon.
func (n *Node) kick() {
	n.dirty = true
	n.c.schedulePass()
}

// changed is called after each change in a store: its controllers look at it, and so does the
// kubelet whose Node or pod it is.
func (c *Control) changed(s *kapi.Store, e kapi.Event) {
	c.dirty[s] = true
	name := ""
	switch e.Resource.Plural {
	case "nodes":
		name = e.Object.Name
	case "pods":
		name = kapi.Typed[corev1.Pod](e.Object).Spec.NodeName
	}
	for _, n := range c.hosts {
		if name != "" && n.store == s {
			n.dirty = n.dirty || n.nodeName == name
		}
	}
	c.schedulePass()
}

func (c *Control) schedulePass() {
	if c.kicked {
		return
	}
	c.kicked = true
	c.World.Soon(passDelay, func() {
		c.kicked = false
		c.pass()
	})
}

// pass brings everything that needs it one step on. Each change makes the next pass happen.
func (c *Control) pass() {
	for _, n := range c.hosts {
		if !n.dirty {
			continue
		}
		n.dirty = false
		heard := n.heard
		if n.sync(); n.heard != heard {
			c.Kick()
		}
	}
	for _, cl := range c.Etcd.Clusters() {
		s := cl.Store()
		if m := c.manager(s); m != nil && c.dirty[s] {
			delete(c.dirty, s)
			c.controllers(s, m)
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
