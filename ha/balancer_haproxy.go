package ha

import (
	"context"

	"github.com/quorate-dev/quorate/lbconfig"
	"github.com/quorate-dev/quorate/transport"
)

// haproxyEngine is HAProxy, with active checks of /readyz.
type haproxyEngine struct{}

func (haproxyEngine) render(o balancerOptions) (balancer, error) {
	cfg := lbconfig.HAProxy(lbconfig.HAProxyOptions{
		Listen: o.listen, Backends: o.backends, CAFile: o.ca, CheckInterval: lbconfig.HAProxyCheckInterval(o.balancers),
		Socket: haproxySocket, State: haproxyState,
	})
	data, err := cfg.Render()
	if err != nil {
		return balancer{}, err
	}
	generation, _, _ := cfg.Generation()
	return balancer{
		config:     managedFile{path: haproxyConfig, data: string(data)},
		unit:       managedFile{path: balancerService, data: string(lbconfig.HAProxyUnit(lbconfig.HAProxyUnitOptions{ConfigPath: haproxyConfig, PID: haproxyPID}))},
		generation: generation,
	}, nil
}

func (haproxyEngine) config() string { return haproxyConfig }

func (haproxyEngine) needs() (string, Problem) {
	return haproxyProgram, Problem{Code: "HAProxy", Message: haproxyProgram + " is missing: install haproxy"}
}

func (haproxyEngine) test(config string) []string {
	return []string{"haproxy", "-c", "-q", "-f", config}
}

func (haproxyEngine) program() string { return haproxyProgram }

func (haproxyEngine) generation(ctx context.Context, conn *hostConn) (string, error) {
	answer, err := conn.converse(ctx, haproxySocket, "show info")
	return lbconfig.HAProxyGeneration(answer), err
}

// beforeReload keeps what the running process knows of the apiservers: the one that takes over would presume all of them ready.
func (haproxyEngine) beforeReload(ctx context.Context, r *stepRun) error {
	state, err := r.conn.converse(ctx, haproxySocket, "show servers state")
	if err != nil || state == "" {
		return err
	}
	return r.conn.write(ctx, transport.File{Path: haproxyState, Data: []byte(state), Mode: fileMode(0o600)})
}

// lint has nothing to say: what is to be said of a balancer without checks does not hold for this one.
func (haproxyEngine) lint(balancerOptions, lbconfig.Env) []lbconfig.Finding { return nil }

func (haproxyEngine) complaints() string { return "its lines in the journal" }

// balancerCA is where a host has the cluster's CA certificate: a node has kubeadm's, a dedicated balancer a copy.
func balancerCA(h Host) string {
	if h.Role == RoleLoadBalancer {
		return balancerCACopy
	}
	return caPath
}

// trusts says whether the host has the CA certificate of the cluster that is there.
func (b *planner) trusts(f *hostFacts) bool {
	if f.host.Role == RoleLoadBalancer {
		ca := b.clusterCA()
		return ca != "" && f.file(balancerCACopy) == ca
	}
	return f.has(caPath) && b.isJoined(f.host)
}

// clusterCA is the CA certificate of the cluster that is there, "" where there is none.
func (b *planner) clusterCA() string {
	if b.obs.cluster == nil {
		return ""
	}
	if f := b.obs.hosts[b.obs.cluster.via.Name]; f != nil {
		return f.file(caPath)
	}
	return ""
}

// balancerTrust is the step after which a host's HAProxy has the CA certificate.
const balancerTrust = "balancer+ca"

// planBalancerTrust has HAProxy verify apiservers' certificates on the hosts that come to have the CA certificate in this plan.
func (b *planner) planBalancerTrust(backends []Host) {
	if b.spec.LoadBalancer.Engine != EngineHAProxy {
		return
	}
	first := b.spec.byRole(RoleControlPlane)[0]
	for _, h := range b.spec.Hosts {
		f := b.obs.hosts[h.Name]
		if f == nil || !b.spec.balances(h) || b.trusts(f) {
			continue
		}
		want, after := b.spec.balancerOf(backends, balancerCA(h)), b.planned(h.Name, "init", "join")
		if h.Role == RoleLoadBalancer {
			want.caFrom, after = first, b.planned(first.Name, "init")
			if b.obs.cluster != nil {
				want.caFrom = b.obs.cluster.via
			}
		}
		b.planBalancer(f, balancerTrust, backends, want, after)
	}
}

// withCA returns want with the copy of the CA certificate, where it has one.
func (r *stepRun) withCA(ctx context.Context, want balancer) (balancer, error) {
	if want.err != nil || want.caFrom.Name == "" {
		return want, want.err
	}
	data, _, err := r.host(want.caFrom.Name).read(ctx, caPath)
	if err != nil {
		return want, err
	}
	want.others = append(want.others[:len(want.others):len(want.others)], managedFile{path: balancerCACopy, data: string(data)})
	return want, nil
}
