package kubeadmcfg

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// proxyRules are about kube-proxy and the kernels it works on.
func proxyRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC050", Title: "the mode ipvs is on its way out",
			Why:    "Deprecated in 1.35, behind the gate KubeProxyIPVS from 1.37, off by default in 1.40, removed in 1.43.",
			Fix:    "Plan the move to nftables (kernel 5.13 or newer) before 1.40.",
			Source: "KEP-5495; cmd/kube-proxy/app/server_linux.go; pkg/features/kube_features.go",
		}, func(l *linter) {
			if l.ipvs() && l.version.IPVS().Deprecated {
				l.find(SeverityWarning, kindKubeProxy+".mode", "ipvs is deprecated in Kubernetes %s", l.version.MinorString())
			}
		}},
		{Rule{
			Code: "KC051", Title: "the kernel has no IPVS module that kube-proxy needs",
			Why:    "Up to 1.25 kube-proxy falls back to iptables and says so in its log alone; from 1.26 it ends, on every such node.",
			Fix:    "Load ip_vs, ip_vs_rr, ip_vs_wrr, ip_vs_sh, the scheduler's module and nf_conntrack, and list them in /etc/modules-load.d.",
			Source: "pkg/proxy/ipvs; kubernetes#111806",
		}, checkModules},
		{Rule{
			Code: "KC052", Title: "a module is asked for that the kernel no longer has",
			Why:    "nf_conntrack_ipv4 became part of nf_conntrack in Linux 4.19: modprobe fails, and so does a boot that waits for it.",
			Fix:    "Ask for nf_conntrack.",
			Source: "Linux commit a0ae2562c6c4",
		}, func(l *linter) {
			for i, h := range l.Hosts {
				if slices.Contains(h.LoadModules, "nf_conntrack_ipv4") && h.Kernel != "" && !kernelBefore(h.Kernel, 4, 19) {
					l.find(SeverityError, hostPath(i, "loadModules"), "nf_conntrack_ipv4 is not in %s, the kernel of %s", h.Kernel, h.Name)
				}
			}
		}},
		{Rule{
			Code: "KC053", Title: "the kernel is too old for the mode",
			Why:    "Below 4.1 kube-proxy cannot set net/ipv4/vs/conn_reuse_mode, and connections to Pods that are gone are used again; nftables needs 5.13.",
			Fix:    "Use a newer kernel, or the mode iptables.",
			Source: "pkg/proxy/ipvs/proxier.go; pkg/proxy/nftables, the kernel check; kubernetes#81775",
		}, func(l *linter) {
			for i, h := range l.Hosts {
				switch {
				case h.Kernel == "":
				case l.ipvs() && kernelBefore(h.Kernel, 4, 1):
					l.find(SeverityWarning, hostPath(i, "kernel"), "%s of %s is older than 4.1, which ipvs wants", h.Kernel, h.Name)
				case l.KubeProxy != nil && l.KubeProxy.Mode == "nftables" && kernelBefore(h.Kernel, 5, 13):
					l.find(SeverityError, hostPath(i, "kernel"), "%s of %s is older than 5.13, which nftables needs", h.Kernel, h.Name)
				}
			}
		}},
		{Rule{
			Code: "KC054", Title: "ipvs answers ARP for every Service address",
			Why:    "Service addresses are on kube-ipvs0 of all nodes; without strictARP each answers for load balancer addresses that MetalLB or kube-vip announce from one.",
			Fix:    "Set ipvs.strictARP to true where something else announces Service addresses.",
			Source: "metallb.universe.tf/installation; pkg/proxy/ipvs/proxier.go",
		}, func(l *linter) {
			if l.ipvs() && !l.KubeProxy.IPVS.StrictARP {
				l.find(SeverityInfo, kindKubeProxy+".ipvs.strictARP", "is not set")
			}
		}},
		{Rule{
			Code: "KC055", Title: "ipvs without a scheduler is round robin",
			Why:    "An empty scheduler is rr, which looks neither at the connections of an endpoint nor at where they come from.",
			Fix:    "Set ipvs.scheduler: rr if that is meant, lc or sh otherwise.",
			Source: "pkg/proxy/ipvs/proxier.go, defaultScheduler",
		}, func(l *linter) {
			if l.ipvs() && l.KubeProxy.IPVS.Scheduler == "" {
				l.find(SeverityInfo, kindKubeProxy+".ipvs.scheduler", "is not set: rr")
			}
		}},
		{Rule{
			Code: "KC056", Title: "kube-proxy would delete the balancer's own IPVS service",
			Why:    "In the mode ipvs kube-proxy removes every virtual service that is not one of its Services, at each synchronisation.",
			Fix:    "Put the balancer's addresses into ipvs.excludeCIDRs.",
			Source: "pkg/proxy/ipvs/proxier.go, cleanLegacyService",
		}, func(l *linter) {
			if !l.ipvs() || l.Balancer == nil {
				return
			}
			for _, vip := range l.Balancer.VirtualIPs {
				excluded := slices.ContainsFunc(l.KubeProxy.IPVS.ExcludeCIDRs, func(s string) bool {
					p, err := netip.ParsePrefix(s)
					return err == nil && p.Contains(vip)
				})
				if !excluded {
					l.find(SeverityError, kindKubeProxy+".ipvs.excludeCIDRs", "%s of the balancer is in none", vip)
				}
			}
		}},
	}
}

func (l *linter) ipvs() bool { return l.KubeProxy != nil && l.KubeProxy.Mode == "ipvs" }

func checkModules(l *linter) {
	if !l.ipvs() {
		return
	}
	want := []string{"ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh"}
	if s := l.KubeProxy.IPVS.Scheduler; s != "" && !slices.Contains(want, "ip_vs_"+s) {
		want = append(want, "ip_vs_"+s)
	}
	for i, h := range l.Hosts {
		if h.Modules == nil {
			continue
		}
		var missing []string
		for _, m := range want {
			if !slices.Contains(h.Modules, m) {
				missing = append(missing, m)
			}
		}
		if !slices.Contains(h.Modules, "nf_conntrack") && !slices.Contains(h.Modules, "nf_conntrack_ipv4") {
			missing = append(missing, "nf_conntrack")
		}
		switch names := strings.Join(missing, ", "); {
		case len(missing) == 0:
		case l.version.IPVS().FallsBack:
			l.find(SeverityWarning, hostPath(i, "modules"), "%s has no %s: its kube-proxy uses iptables, and only its log says so", h.Name, names)
		default:
			l.find(SeverityError, hostPath(i, "modules"), "%s has no %s: its kube-proxy does not start", h.Name, names)
		}
	}
}

// kernelBefore says whether a kernel's release is older than major.minor, and no when it cannot be read.
func kernelBefore(release string, major, minor int) bool {
	first, rest, _ := strings.Cut(release, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(rest[:end])
	return errA == nil && errB == nil && (a < major || a == major && b < minor)
}
