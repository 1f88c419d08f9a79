package ha

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/lbconfig"
)

// Finding is something that Lint advises against. Its codes are in docs/lint.md.
type Finding struct {
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
	return fmt.Sprintf("%s %s: %s: %s", f.Code, f.Severity, f.Path, f.Message)
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
	l := linter{spec: c.spec, version: c.version, env: c.spec.environment(facts), seen: map[Finding]bool{}}
	for i, h := range c.spec.byRole(RoleControlPlane) {
		if i == 0 {
			l.documents(c.spec.initBundle(h, previewSecret, previewSecret))
			continue
		}
		l.documents(c.spec.joinBundle(h, lintCredentials))
	}
	for _, h := range c.spec.byRole(RoleWorker) {
		l.documents(c.spec.joinBundle(h, lintCredentials))
	}
	for _, h := range c.spec.Hosts {
		if c.spec.balances(h) {
			l.balancer(h)
		}
	}
	return l.findings
}

// linter collects findings, each once.
type linter struct {
	spec     Spec
	version  kubeadmcfg.Version
	env      kubeadmcfg.Environment
	seen     map[Finding]bool
	findings []Finding
}

func (l *linter) add(f Finding) {
	if !l.seen[f] && !l.spec.acknowledgedFinding(f.Code) {
		l.seen[f] = true
		l.findings = append(l.findings, f)
	}
}

// documents judges what kubeadm reads on a host.
func (l *linter) documents(b kubeadmcfg.Bundle) {
	for _, f := range kubeadmcfg.Lint(b, l.version, l.env) {
		l.add(Finding{Code: f.Code, Severity: string(f.Severity), Path: f.Path, Message: f.Message, Fix: f.Fix})
	}
}

// balancer judges a host's balancer.
func (l *linter) balancer(h Host) {
	planes := l.spec.byRole(RoleControlPlane)
	o, err := l.spec.balancerOptions(planes, "")
	if err != nil {
		return // Validate refused it
	}
	env := lbconfig.Env{
		Nodes: len(l.spec.Hosts), Endpoint: l.spec.Endpoint.String(), DualStack: strings.Contains(l.spec.Networking.PodSubnet, ","),
		CertSANs: append(l.spec.clusterConfiguration().APIServer.CertSANs, l.spec.Endpoint.Host),
	}
	for _, p := range planes {
		if addr, err := netip.ParseAddr(p.Address); err == nil {
			env.ControlPlanes = append(env.ControlPlanes, addr)
		}
	}
	if addr, err := netip.ParseAddr(h.Address); err == nil {
		env.Host = []netip.Addr{addr}
	}
	for _, f := range l.spec.engine().lint(o, env) {
		l.add(Finding{Code: f.Code, Severity: string(f.Severity), Path: f.Path, Message: f.Message, Fix: f.Fix})
	}
}

// acknowledgedFinding says whether a finding is of a risk that was acknowledged.
func (s Spec) acknowledgedFinding(code string) bool {
	switch code {
	case "KC001", "LB005":
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
	balancer := kubeadmcfg.BalancerFacts{Listen: s.listenAddresses(), ActiveChecks: s.LoadBalancer.Engine == EngineHAProxy}
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
