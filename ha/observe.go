package ha

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// observeLimit bounds how long one host may take to answer all questions.
const observeLimit = 60 * time.Second

// observeBreaks is how often the connection to a host may break while it is being asked.
const observeBreaks = 2

// leftoverLimit is how long a kubeadm that an earlier run left at work is waited for.
const leftoverLimit = 25 * time.Minute

// observeHosts asks every host of the Spec but those excepted, all at once.
func (s *session) observeHosts(ctx context.Context, except ...string) (map[string]*hostFacts, error) {
	s.cluster.emit(Event{Kind: Observing, Message: fmt.Sprintf("looking at %s", plural(len(s.cluster.spec.Hosts)-len(except), "host"))})
	var (
		mu       sync.Mutex
		facts    = map[string]*hostFacts{}
		problems []Problem
		wg       sync.WaitGroup
	)
	for _, h := range s.cluster.spec.Hosts {
		if slices.Contains(except, h.Name) {
			continue
		}
		wg.Go(func() {
			f, err := s.observeIdleHost(ctx, h)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				problems = append(problems, Problem{Code: "Unreachable", Host: h.Name, Message: err.Error(), Err: err})
				return
			}
			facts[h.Name] = f
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("ha: observe hosts: %w", err)
	}
	if len(problems) > 0 {
		slices.SortFunc(problems, func(a, b Problem) int { return compareText(a.Host, b.Host) })
		return nil, &HostsError{Problems: problems}
	}
	return facts, nil
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// observeIdleHost observes a host once no kubeadm of an earlier run is at work on it any more: what it would
// see meanwhile is about to change.
func (s *session) observeIdleHost(ctx context.Context, h Host) (*hostFacts, error) {
	var f *hostFacts
	told, breaks := false, 0
	err := wait.PollUntilContextTimeout(ctx, time.Second, leftoverLimit, true, func(ctx context.Context) (bool, error) {
		var err error
		limited, cancel := context.WithTimeout(ctx, observeLimit)
		defer cancel()
		if f, err = s.observeHost(limited, h); err != nil {
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				err = fmt.Errorf("the host did not answer within %s: %w", observeLimit, err)
			}
			if breaks++; broken(err) && breaks <= observeBreaks {
				return false, nil // asking changes nothing: ask again
			}
			return false, err
		}
		if f.kubeadmRunning && !told {
			told = true
			s.cluster.emit(Event{Kind: Observing, Host: h.Name, Message: "waiting for a kubeadm that is still at work on " + h.Name})
		}
		return !f.kubeadmRunning, nil
	})
	return f, err
}

// maxSkew is how far hosts' clocks may lie apart. Certificates that kubeadm signs hold from five
// minutes before (cmd/kubeadm/app/util/pkiutil); leases and tokens suffer earlier.
const maxSkew = 30 * time.Second

// checkHosts reports what makes the hosts unfit, all of it.
func (c *Cluster) checkHosts(facts map[string]*hostFacts) error {
	var l []Problem
	add := func(h Host, code, format string, args ...any) {
		l = append(l, Problem{Code: code, Host: h.Name, Message: fmt.Sprintf(format, args...)})
	}
	machineIDs := map[string]string{}
	var earliest, latest *hostFacts
	for _, h := range c.spec.Hosts {
		f := facts[h.Name]
		if f == nil {
			continue
		}
		if !f.os.debian() {
			name := f.os.pretty
			if name == "" {
				name = "an unknown system"
			}
			add(h, "OS", "%s is not supported: Debian and its family are", name)
			continue
		}
		if _, missing := c.spec.engine().needs(); c.balances(h) && !f.balancerInstalled {
			add(h, missing.Code, "%s", missing.Message)
		}
		if c.balances(h) && f.listening[c.spec.Endpoint.Port] && f.generation == "" && !f.units[balancerUnit].running() {
			add(h, "PortInUse", "port %d, the endpoint's, is taken by something else", c.spec.Endpoint.Port)
		}
		if h.Role == RoleLoadBalancer {
			continue
		}
		c.checkPrograms(f, add)
		if id := f.file(machineIDPath); id != "" {
			if other, ok := machineIDs[id]; ok {
				add(h, "MachineID", "its machine-id is that of %s as well (a cloned disk?): give each host its own with `rm /etc/machine-id && systemd-machine-id-setup`, and reboot", other)
			} else {
				machineIDs[id] = h.Name
			}
		}
		if earliest == nil || f.skew < earliest.skew {
			earliest = f
		}
		if latest == nil || f.skew > latest.skew {
			latest = f
		}
	}
	if earliest != nil && latest.skew-earliest.skew > maxSkew {
		add(latest.host, "ClockSkew", "its clock is %s ahead of that of %s: synchronise the clocks (chrony, systemd-timesyncd)", (latest.skew - earliest.skew).Round(time.Second), earliest.host.Name)
	}
	if len(l) > 0 {
		return &HostsError{Problems: l}
	}
	return nil
}

// checkPrograms reports programs that are missing or of another version.
func (c *Cluster) checkPrograms(f *hostFacts, add func(Host, string, string, ...any)) {
	h := f.host
	for _, p := range []struct{ name, version string }{{"kubeadm", f.kubeadm}, {"kubelet", f.kubelet}} {
		v, err := kubeadmcfg.ParseVersion(p.version)
		switch {
		case p.version == "":
			add(h, "Missing", "%s is not installed: install %s, or have it done with packages.manage", p.name, c.version)
		case err != nil:
			add(h, "Version", "%s says its version is %q", p.name, p.version)
		case v.MinorString() != c.version.MinorString():
			add(h, "Version", "%s is %s and the cluster file says %s: install that minor version", p.name, v, c.version)
		}
	}
	if !f.units[containerdUnit].exists() || f.driver == "" {
		add(h, "Missing", "containerd is not installed")
	}
	if !f.units[kubeletUnit].exists() {
		add(h, "Missing", "there is no %s", kubeletUnit)
	}
}

// balances says whether a host runs a balancer.
func (c *Cluster) balances(h Host) bool { return c.spec.balances(h) }

func (s Spec) balances(h Host) bool {
	switch s.LoadBalancer.Placement {
	case PlacementLocal:
		return h.Role != RoleLoadBalancer
	case PlacementDedicated:
		return h.Role == RoleLoadBalancer
	}
	return false
}

// checkMembership reports hosts that belong to another cluster, or that somebody else left half-way: kubeadm's
// files are there, and neither our mark of an unfinished run nor a Node. The host that is leaving may be anything.
func (c *Cluster) checkMembership(obs *observation, leaving string) error {
	var l []Problem
	var ca string
	if obs.cluster != nil {
		ca = obs.hosts[obs.cluster.via.Name].file(caPath)
	}
	for _, h := range c.spec.nodes() {
		f := obs.hosts[h.Name]
		if f == nil || f.has(initConfigPath) || f.has(joinConfigPath) || h.Name == leaving {
			continue
		}
		add := func(code, message string) { l = append(l, Problem{Code: code, Host: h.Name, Message: message}) }
		switch {
		case ca != "" && f.has(caPath) && f.file(caPath) != ca:
			add("OtherCluster", "it belongs to another cluster (its /etc/kubernetes/pki/ca.crt is not this cluster's): reset it first (kubeadm reset)")
		case f.has(kubeletConfPath) && obs.cluster == nil:
			add("LeftOver", "it carries a node of a cluster that no control plane here serves: reset it first (kubeadm reset)")
		case f.has(kubeletConfPath):
			if _, ok := obs.cluster.nodes[h.Name]; !ok {
				add("LeftOver", "kubeadm's files are there and the cluster has no such node: reset it first (kubeadm reset)")
			} else if h.Role == RoleControlPlane && !votes(obs.cluster.members, h) {
				add("NoMember", "it is a node of the cluster and has no voting etcd member: remove it (PlanRemove) and let it join again")
			}
		}
	}
	if len(l) > 0 {
		return &HostsError{Problems: l}
	}
	return nil
}
