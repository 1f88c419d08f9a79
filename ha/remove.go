package ha

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubectl/pkg/drain"

	"github.com/quorate-dev/quorate/transport"
)

// PlanRemove returns the plan that takes one host out of the cluster: its balancer entries first, then its pods, its etcd member
// (through another control plane), its Node, and what kubeadm and the library put on it. The host need not be in the Spec any more, nor
// be alive: what can only be done on a host that does not answer is left out, and noted. A host
// that stays in the Spec joins again at the next Apply.
//
// It is refused, with an error that wraps ErrQuorum, where the remaining voting etcd members that answer would be no
// quorum.
func (c *Cluster) PlanRemove(ctx context.Context, host string) (*Plan, error) {
	return c.planOf(ctx, Operation{Kind: OperationRemove, Host: host})
}

func (s *session) planRemove(ctx context.Context, name string) (*planner, error) {
	spec := s.cluster.spec
	target, inSpec := spec.host(name)
	var gone *Problem
	obs, err := s.observe(ctx, name)
	var hostsErr *HostsError
	if err != nil && errors.As(err, &hostsErr) && inSpec && onlyAbout(hostsErr, name) {
		gone = &hostsErr.Problems[0]
		obs, err = s.observe(ctx, name, name)
	}
	if err != nil {
		return nil, err
	}
	if obs.cluster == nil {
		return nil, fmt.Errorf("ha: remove %s: %w", name, errNoControlPlane)
	}
	node, hasNode := obs.cluster.nodes[name]
	if !inSpec {
		target = Host{Name: name, Address: node.address, Role: RoleWorker}
		if node.controlPlane {
			target.Role = RoleControlPlane
		}
	}
	member, hasMember := memberOf(obs.cluster.members, target)
	f := obs.hosts[name]
	if !hasNode && !hasMember && !f.isNode() {
		return nil, fmt.Errorf("ha: remove %s: %w", name, ErrNoSuchNode)
	}
	via := obs.cluster.via
	if target.Role == RoleControlPlane {
		if via, err = s.quorumGate(ctx, obs.cluster, target, member); err != nil {
			return nil, err
		}
	}
	b := s.cluster.newPlanner(obs, nil)
	if gone != nil {
		b.note("%s does not answer and is not reset: %s", name, gone.Message)
	} else if !inSpec {
		b.note("%s is not in the cluster file: it is taken out of the cluster, and not reset", name)
	}
	b.planLeave(via, target, hasNode, hasMember, f)
	return b, nil
}

// onlyAbout says whether every problem is one host's being out of reach.
func onlyAbout(e *HostsError, host string) bool {
	return !slices.ContainsFunc(e.Problems, func(p Problem) bool { return p.Host != host || p.Code != "Unreachable" })
}

// isNode says whether kubeadm made the host a node; false for a host that was not observed.
func (f *hostFacts) isNode() bool {
	return f != nil && (f.has(kubeletConfPath) || f.has(initConfigPath) || f.has(joinConfigPath))
}

// quorumGate refuses to take a member out where etcd would lose its quorum, and returns the control plane through
// which to do it: one whose own member votes and answers. After the removal n members vote; n/2+1 of them have to answer
// (the arithmetic of etcd's raft; cluster-api's remediation checks the same).
func (s *session) quorumGate(ctx context.Context, c *clusterFacts, target Host, member EtcdMember) (Host, error) {
	var via Host
	voting, answering := 0, 0
	for _, m := range c.members {
		if m.ID == member.ID || m.Learner {
			continue
		}
		voting++
		h, ok := s.cluster.spec.host(m.Name)
		if !ok {
			continue
		}
		if _, err := s.etcdMembers(ctx, h); err != nil {
			continue
		}
		answering++
		if via.Name == "" && c.apiReady[h.Name] {
			via = h
		}
	}
	if !quorumHolds(voting, answering) || via.Name == "" {
		return Host{}, fmt.Errorf("ha: remove %s: %w: %d of the %d members that would remain answer, and %d are needed", target.Name, ErrQuorum, answering, voting, voting/2+1)
	}
	return via, nil
}

// quorumHolds says whether answering of voting members are a majority.
func quorumHolds(voting, answering int) bool { return voting > 0 && answering >= voting/2+1 }

// planLeave adds the steps of one host's leaving.
func (b *planner) planLeave(via, h Host, hasNode, hasMember bool, f *hostFacts) {
	var before []string
	if h.Role == RoleControlPlane {
		var remaining []Host
		for _, cp := range b.spec.byRole(RoleControlPlane) {
			if cp.Name != h.Name && b.isJoined(cp) {
				remaining = append(remaining, cp)
			}
		}
		for _, other := range b.spec.Hosts {
			if of := b.obs.hosts[other.Name]; of != nil && b.spec.balances(other) && other.Name != h.Name {
				b.planBalancer(of, "balancer-"+h.Name, remaining, b.balancerFor(of, remaining), nil)
				before = append(before, b.planned(other.Name, "balancer-"+h.Name)...)
			}
		}
	}
	if hasNode {
		b.planDrain(via, h, before)
		before = append(before, stepID(h.Name, "drain"))
	}
	if hasMember {
		b.planRemoveMember(via, h, before)
		before = append(before, stepID(h.Name, "etcd-member"))
	}
	if hasNode {
		b.planDeleteNode(via, h, before)
		before = append(before, stepID(h.Name, "node"))
	}
	if f != nil {
		b.planResetHost(f, before)
	}
}

func (b *planner) planDrain(via, h Host, after []string) {
	b.add(step{
		Step: Step{ID: stepID(h.Name, "drain"), Host: h.Name, Title: "no pods run on " + h.Name + " but those of DaemonSets", After: after, Limit: limitDrain,
			Changes: []Change{{API: "cordon node " + h.Name}, {API: "evict its pods, as their disruption budgets allow"}}},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			d, err := r.drainer(ctx, via, io.Discard)
			if err != nil {
				return false, err
			}
			node, err := d.Client.CoreV1().Nodes().Get(ctx, h.Name, metav1.GetOptions{})
			if ok, err := found(err); !ok {
				return err == nil, err
			}
			pods, errs := d.GetPodsForDeletion(h.Name)
			if len(errs) > 0 {
				return false, errors.Join(errs...)
			}
			return node.Spec.Unschedulable && len(pods.Pods()) == 0, nil
		},
		do: func(ctx context.Context, r *stepRun) error {
			d, err := r.drainer(ctx, via, &lineWriter{line: r.report})
			if err != nil {
				return err
			}
			node, err := d.Client.CoreV1().Nodes().Get(ctx, h.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if !nodeFactsOf(*node).ready {
				// Nobody confirms that a dead node's pods ended: they are taken off its books.
				d.SkipWaitForDeleteTimeoutSeconds = 1
			}
			if err := drain.RunCordonOrUncordon(d, node, true); err != nil {
				return fmt.Errorf("cordon %s: %w", h.Name, err)
			}
			if err := drain.RunNodeDrain(d, h.Name); err != nil {
				return fmt.Errorf("drain %s: %w", h.Name, err)
			}
			return nil
		},
	})
}

// drainer is kubectl's own drain, with what its --ignore-daemonsets, --delete-emptydir-data and
// --force say: a host that leaves keeps nothing.
func (r *stepRun) drainer(ctx context.Context, via Host, out io.Writer) (*drain.Helper, error) {
	kube, err := r.kubeAt(ctx, via)
	if err != nil {
		return nil, err
	}
	timeout := limitDrain
	if deadline, ok := ctx.Deadline(); ok {
		timeout = time.Until(deadline)
	}
	return &drain.Helper{
		Ctx: ctx, Client: kube, Force: true, IgnoreAllDaemonSets: true, DeleteEmptyDirData: true,
		GracePeriodSeconds: -1, Timeout: timeout, Out: out, ErrOut: out,
		AdditionalFilters: []drain.PodFilter{func(p corev1.Pod) drain.PodDeleteStatus {
			if _, mirror := p.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
				return drain.MakePodDeleteStatusSkip()
			}
			return drain.MakePodDeleteStatusOkay()
		}},
	}, nil
}

func (b *planner) planRemoveMember(via, h Host, after []string) {
	b.add(step{
		Step: Step{ID: stepID(h.Name, "etcd-member"), Host: h.Name, Title: "etcd has no member on " + h.Name, After: after, Limit: limitShort,
			Changes: []Change{{API: "remove etcd member " + h.Name + " through " + via.Name}}},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			members, err := r.etcdMembers(ctx, via)
			if err != nil {
				return false, err
			}
			_, there := memberOf(members, h)
			return !there, nil
		},
		do: func(ctx context.Context, r *stepRun) error { return r.removeMember(ctx, via, h) },
	})
}

func (b *planner) planDeleteNode(via, h Host, after []string) {
	b.add(step{
		Step: Step{ID: stepID(h.Name, "node"), Host: h.Name, Title: "the cluster has no node " + h.Name, After: after, Limit: limitShort,
			Changes: []Change{{API: "delete node " + h.Name + " and the pods of DaemonSets that are bound to it"}}},
		done: func(ctx context.Context, r *stepRun) (bool, error) { return r.nodeGone(ctx, via, h.Name) },
		do:   func(ctx context.Context, r *stepRun) error { return r.deleteNode(ctx, via, h.Name) },
	})
}

// PlanReset returns the plan that takes the whole cluster down: every host is reset, workers before control planes. All
// data of the cluster is lost. confirm has to be the cluster's name; otherwise the error wraps
// ErrNotConfirmed.
func (c *Cluster) PlanReset(ctx context.Context, confirm string) (*Plan, error) {
	if confirm != c.spec.Name {
		return nil, fmt.Errorf("ha: reset: %w: %q is not %q", ErrNotConfirmed, confirm, c.spec.Name)
	}
	return c.planOf(ctx, Operation{Kind: OperationReset})
}

// planReset does not ask the cluster: a cluster that is broken is the one that people reset.
func (s *session) planReset(ctx context.Context) (*planner, error) {
	facts, err := s.observeHosts(ctx)
	if err != nil {
		return nil, err
	}
	b := s.cluster.newPlanner(&observation{hosts: facts}, nil)
	var workers []string
	for _, role := range []Role{RoleWorker, RoleControlPlane, RoleLoadBalancer} {
		for _, h := range s.cluster.spec.byRole(role) {
			b.planResetHost(facts[h.Name], workers)
			if role == RoleWorker {
				workers = append(workers, b.planned(h.Name, "reset")...)
			}
		}
	}
	return b, nil
}

// ourFiles are what the library writes and a reset removes. What makes the host a better citizen (its name, no swap) stays.
var ourFiles = []string{nginxConfig, nginxConfig + ".next", haproxyConfig, haproxyConfig + ".next", balancerCACopy, balancerService, balancerRotation, modulesFile, sysctlFile, initConfigPath, joinConfigPath, certsConfigPath}

// cniConfigDir is where network plugins leave their configuration; kubeadm reset leaves it too. The directory itself
// stays: containerd watches it, and exits when it goes away.
const cniConfigDir = "/etc/cni/net.d"

// planResetHost undoes kubeadm's work and the library's on one host.
func (b *planner) planResetHost(f *hostFacts, after []string) {
	name := f.host.Name
	hosts := f.file(hostsPath)
	bare := withoutHostsBlock(hosts, b.spec.Name)
	node := f.host.Role != RoleLoadBalancer
	kubeconfig := ""
	if f.login.home != "" && f.has(f.login.kubeconfigPath()) && b.spec.owns(f.file(f.login.kubeconfigPath())) {
		kubeconfig = f.login.kubeconfigPath()
	}
	left := f.isNode() || bare != hosts || f.units[balancerUnit].exists() || kubeconfig != "" ||
		slices.ContainsFunc(ourFiles, f.has) || f.has(adminKubeconfigPath) || f.has(apiServerManifest)
	if !left {
		return
	}
	removed := slices.Clone(ourFiles)
	if kubeconfig != "" {
		removed = append(removed, kubeconfig)
	}
	var commands [][]string
	if node {
		commands = append(commands, resetCommand(), []string{"rm", "-rf", b.spec.etcdDataDir() + "/member"},
			[]string{"mkdir", "-p", cniConfigDir}, []string{"find", cniConfigDir, "-mindepth", "1", "-delete"})
	}
	if f.units[balancerUnit].exists() {
		commands = append(commands, []string{"systemctl", "disable", "--now", balancerUnit})
	}
	commands = append(commands, append([]string{"rm", "-f"}, removed...), []string{"systemctl", "daemon-reload"})
	var changes []Change
	for _, argv := range commands {
		changes = append(changes, Change{Command: argv})
	}
	if bare != hosts {
		changes = append(changes, fileChange(hostsPath, hosts, bare))
	}
	b.add(step{
		Step: Step{ID: stepID(name, "reset"), Host: name, Title: name + " carries nothing of the cluster", After: after, Limit: limitReset, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			for _, p := range append([]string{kubeletConfPath, adminKubeconfigPath, apiServerManifest}, removed...) {
				if there, err := r.exists(ctx, p); there || err != nil {
					return false, err
				}
			}
			data, _, err := r.conn.read(ctx, hostsPath)
			return !strings.Contains(string(data), hostsBegin+b.spec.Name+"\n"), err
		},
		do: func(ctx context.Context, r *stepRun) error {
			for _, argv := range commands {
				if err := r.stream(ctx, argv...); err != nil {
					return err
				}
			}
			if err := r.dropProxyTables(ctx); err != nil {
				return err
			}
			data, ok, err := r.conn.read(ctx, hostsPath)
			if err != nil || !ok {
				return err
			}
			return r.conn.write(ctx, transport.File{Path: hostsPath, Data: []byte(withoutHostsBlock(string(data), b.spec.Name))})
		},
	})
}
