package ha

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// observation is everything a Plan is computed from.
type observation struct {
	hosts map[string]*hostFacts
	// cluster is nil where there is none yet.
	cluster *clusterFacts
}

// planner turns an observation into steps. It asks nobody: equal observations give equal plans.
type planner struct {
	spec    Spec
	version kubeadmcfg.Version
	obs     *observation
	cni     *manifest
	steps   []step
	ids     map[string]bool
	notes   []string
	// rendered holds the files that each host gets, whether they are current or not.
	rendered map[string][]managedFile
}

func (c *Cluster) newPlanner(obs *observation, cni *manifest) *planner {
	return &planner{spec: c.spec, version: c.version, obs: obs, cni: cni, ids: map[string]bool{}, rendered: map[string][]managedFile{}}
}

func (b *planner) add(s step) {
	b.ids[s.ID] = true
	b.steps = append(b.steps, s)
}

// files remembers what a host gets, for Render.
func (b *planner) files(host string, files ...managedFile) {
	b.rendered[host] = append(b.rendered[host], files...)
}

// planned returns the ID of a host's step where the plan has one: what a later step waits for.
func (b *planner) planned(host string, whats ...string) []string {
	var ids []string
	for _, what := range whats {
		if id := stepID(host, what); b.ids[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// allOf returns the IDs of a host's steps so far.
func (b *planner) allOf(host string) []string {
	var ids []string
	for _, s := range b.steps {
		if s.Host == host {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// prepared returns the steps that come before kubeadm on a host: its preparation and its first balancer.
func (b *planner) prepared(host string) []string {
	return b.planned(host, "hostname", "hosts-file", "swap", "modules", "sysctls", "runtime", "kubelet", "balancer")
}

// note adds a finding that no step changes.
func (b *planner) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *planner) plan(op Operation) *Plan {
	p := &Plan{Cluster: b.spec.Name, Version: b.version.String(), Operation: op, Notes: b.notes}
	for _, s := range b.steps {
		p.Steps = append(p.Steps, s.Step)
	}
	return p
}

// planApply plans everything from what was observed to what the Spec says.
func (b *planner) planApply() {
	for _, h := range b.spec.Hosts {
		b.planPreparation(b.obs.hosts[h.Name])
	}
	joined, joining := b.controlPlanes()
	serving := joined
	if len(serving) == 0 {
		serving = joining[:1]
	}
	b.planBalancers("balancer", serving, nil)
	if len(joined) == 0 {
		b.planInit(joining[0])
		joining = joining[1:]
	}
	b.planCNI()
	for _, h := range b.spec.byRole(RoleWorker) {
		if !b.isJoined(h) {
			b.planJoin(h)
		}
	}
	// Every balancer learns of each control plane as soon as it serves.
	for _, h := range joining {
		b.planJoin(h)
		serving = append(serving[:len(serving):len(serving)], h)
		b.planBalancers("balancer+"+h.Name, serving, []string{stepID(h.Name, "join")})
	}
	b.planBalancerTrust(serving)
	for _, h := range b.spec.byRole(RoleControlPlane) {
		b.planKubeconfig(b.obs.hosts[h.Name])
	}
	b.planVerify()
	b.noteStrangers()
}

// controlPlanes divides the Spec's control planes into those that are part of the cluster and those to come.
func (b *planner) controlPlanes() (joined, joining []Host) {
	for _, h := range b.spec.byRole(RoleControlPlane) {
		if b.isJoined(h) {
			joined = append(joined, h)
		} else {
			joining = append(joining, h)
		}
	}
	return joined, joining
}

// isJoined says whether a host is part of the cluster, as far as kubeadm is concerned: nothing is
// left half-way, its Node is there, and a control plane votes.
func (b *planner) isJoined(h Host) bool {
	f, c := b.obs.hosts[h.Name], b.obs.cluster
	if c == nil || f == nil || f.has(initConfigPath) || f.has(joinConfigPath) || !f.has(kubeletConfPath) {
		return false
	}
	n, ok := c.nodes[h.Name]
	if !ok {
		return false
	}
	return h.Role != RoleControlPlane || (n.controlPlane && votes(c.members, h))
}

// noteStrangers reports what is in the cluster and not in the Spec, and versions that differ.
func (b *planner) noteStrangers() {
	if b.obs.cluster == nil {
		return
	}
	var names []string
	for name := range b.obs.cluster.nodes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		n := b.obs.cluster.nodes[name]
		if _, ok := b.spec.host(name); !ok {
			b.note("node %s is in the cluster and not in the cluster file: it is left alone (remove it with PlanRemove)", name)
		} else if n.version != "" && n.version != b.version.String() {
			b.note("node %s runs %s and the cluster file says %s: versions are not changed by this plan", name, n.version, b.version)
		}
	}
	for _, m := range b.obs.cluster.members {
		if _, ok := b.spec.host(m.Name); !ok && m.Name != "" {
			b.note("etcd member %s is not in the cluster file: it is left alone", m.Name)
		}
	}
}

// observe looks at every host of the Spec, all at once, and then at the cluster. Everything that
// stands in the way is reported at once, before anything is touched. leaving is a host that is being removed: what an
// earlier attempt left of it is no problem. Hosts in except are not asked.
func (s *session) observe(ctx context.Context, leaving string, except ...string) (*observation, error) {
	facts, err := s.observeHosts(ctx, except...)
	if err != nil {
		return nil, err
	}
	if err := s.cluster.checkHosts(facts); err != nil {
		return nil, err
	}
	cluster, err := s.observeCluster(ctx, facts)
	if err != nil {
		return nil, err
	}
	obs := &observation{hosts: facts, cluster: cluster}
	return obs, s.cluster.checkMembership(obs, leaving)
}

// oneLine folds a text for a message.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
