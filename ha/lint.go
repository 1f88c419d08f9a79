package ha

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// Finding is something that Lint advises against. Its codes are in docs/lint.md.
type Finding struct {
	// Host that it is about; empty where it is about the cluster.
	Host string `json:"host,omitempty"`
	// Code names the rule, for programs: "KC001".
	Code string `json:"code"`
	// Severity is "error" (it does not work, or is open to attack), "warning" (it works until something happens) or "info".
	Severity string `json:"severity"`
	// Path is the field in a document, or the fact.
	Path string `json:"path"`
	// Message says what is wrong, and Fix what to do.
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// String returns all but the fix in one line.
func (f Finding) String() string {
	s := fmt.Sprintf("%s %s: %s: %s", f.Code, f.Severity, f.Path, f.Message)
	if f.Host != "" {
		s = f.Host + ": " + s
	}
	return s
}

// Lint returns what is unwise, dangerous or bound to fail in what the Spec makes of the hosts, although nothing refuses it: the
// documents for kubeadm, the kubelet and kube-proxy, the balancer's file, and the hosts' kernels are looked at together. What
// applying the Spec puts right (swap, modules, drivers) is not a finding, and neither is a risk that it acknowledges.
//
// It asks the hosts and changes nothing. Those that do not answer are a *HostsError, beside the findings on the rest.
func (c *Cluster) Lint(ctx context.Context) ([]Finding, error) {
	s := c.open()
	defer s.close()
	var st Status
	facts := s.observeEach(ctx, &st)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("ha: lint: %w", err)
	}
	findings := c.lint(facts)
	if len(st.Problems) > 0 {
		return findings, &HostsError{Problems: st.Problems}
	}
	return findings, nil
}

// lint judges the Spec and what is known of the hosts.
func (c *Cluster) lint(facts map[string]*hostFacts) []Finding {
	env := c.spec.environment(facts)
	var out []Finding
	seen := map[Finding]bool{}
	add := func(list []kubeadmcfg.Finding) {
		for _, f := range list {
			finding := Finding{Code: f.Code, Severity: string(f.Severity), Path: f.Path, Message: f.Message, Fix: f.Fix}
			if !seen[finding] && !c.spec.acknowledgedFinding(f.Code) {
				seen[finding] = true
				out = append(out, finding)
			}
		}
	}
	for i, h := range c.spec.byRole(RoleControlPlane) {
		if i == 0 {
			add(kubeadmcfg.Lint(c.spec.initBundle(h, previewSecret, previewSecret), c.version, env))
			continue
		}
		add(kubeadmcfg.Lint(c.spec.joinBundle(h, lintCredentials), c.version, env))
	}
	for _, h := range c.spec.byRole(RoleWorker) {
		add(kubeadmcfg.Lint(c.spec.joinBundle(h, lintCredentials), c.version, env))
	}
	return out
}

// acknowledgedFinding says whether a finding is of a risk that was acknowledged.
func (s Spec) acknowledgedFinding(code string) bool {
	switch code {
	case "KC001":
		return s.acknowledges(EndpointOnControlPlane)
	case "KC002":
		return s.acknowledges(EvenControlPlanes)
	default:
		return false
	}
}

// lintCredentials stand for those of a join, in a form that nothing is wrong with.
var lintCredentials = credentials{token: previewSecret, key: previewSecret, caHash: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}

// environment is what Lint may know beside the documents.
func (s Spec) environment(facts map[string]*hostFacts) kubeadmcfg.Environment {
	var env kubeadmcfg.Environment
	balancer := kubeadmcfg.BalancerFacts{Listen: s.listenAddresses()}
	for _, h := range s.Hosts {
		addr, err := netip.ParseAddr(h.Address)
		if err != nil {
			continue // Validate refused it
		}
		if s.balances(h) {
			balancer.Hosts = append(balancer.Hosts, h.Name)
		}
		if h.Role == RoleLoadBalancer {
			continue
		}
		known := kubeadmcfg.HostFacts{Name: h.Name, Addresses: []netip.Addr{addr}, ControlPlane: h.Role == RoleControlPlane, Systemd: true}
		if f := facts[h.Name]; f != nil {
			known.Kernel, known.CgroupVersion = f.kernel, f.cgroupVersion()
		}
		env.Hosts = append(env.Hosts, known)
		if h.Role == RoleControlPlane {
			balancer.Backends = append(balancer.Backends, netip.AddrPortFrom(addr, uint16(s.apiServerPort())))
		}
	}
	if s.LoadBalancer.Placement != PlacementExternal {
		env.Balancer = &balancer
	}
	env.NetworkPlugin.Source = s.CNI.Manifest
	return env
}
