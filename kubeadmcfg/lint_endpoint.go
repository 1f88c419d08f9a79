package kubeadmcfg

import (
	"net/netip"
	"slices"
	"strings"
)

// endpointRules are about how clients reach the apiservers.
func endpointRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC001", Title: "the endpoint is on one control plane, or behind one balancer",
			Why:    "Every kubelet and kube-proxy reaches the API through it: when that host is gone nothing reaches the apiservers that still serve.",
			Fix:    "Use a DNS name that every host resolves to a balancer of its own, or at least two balancer hosts behind a name.",
			Source: "kubernetes/kubeadm docs/ha-considerations.md; kubernetes#95564",
		}, checkSinglePoint},
		{Rule{
			Code: "KC002", Title: "an even number of control planes",
			Why:    "Stacked etcd needs a majority: two members tolerate no failure, as one does, and four tolerate one, as three do, with one more host that can fail.",
			Fix:    "Use 1, 3 or 5 control planes.",
			Source: "etcd.io/docs, fault tolerance table",
		}, func(l *linter) {
			if n := len(l.controlPlanes()); n > 0 && n%2 == 0 && (l.Cluster == nil || l.Cluster.Etcd.External == nil) {
				l.find(SeverityError, "hosts", "%d control planes, %d etcd members, of which none more may fail than of %d", n, n, n-1)
			}
		}},
		{Rule{
			Code: "KC003", Title: "no endpoint is set",
			Why:    "kubeadm refuses a second control plane in a cluster that was made without controlPlaneEndpoint, and does not support adding it later.",
			Fix:    "Set ClusterConfiguration.controlPlaneEndpoint, even for one control plane.",
			Source: "kubernetes/kubeadm#1955",
		}, func(l *linter) {
			if l.Cluster == nil || l.Cluster.ControlPlaneEndpoint != "" {
				return
			}
			severity := SeverityWarning
			if len(l.controlPlanes()) > 1 {
				severity = SeverityError
			}
			l.find(severity, kindCluster+".controlPlaneEndpoint", "is not set, so that no further control plane can join")
		}},
		{Rule{
			Code: "KC004", Title: "balancer and apiserver want the same port of a host",
			Why:    "The apiserver binds its port on all addresses, so that nothing else on the host listens there, on 127.0.0.1 neither.",
			Fix:    "Let the balancer listen on another port, such as 16443, and put it into the endpoint.",
			Source: "kubernetes/kubeadm#1348, #2472",
		}, func(l *linter) {
			if l.Balancer == nil {
				return
			}
			for _, h := range l.controlPlanes() {
				if !slices.ContainsFunc(l.Balancer.Hosts, h.is) {
					continue
				}
				for _, a := range l.Balancer.Listen {
					if a.Port() == l.bindPort() {
						l.find(SeverityError, "balancer.listen", "%s is the apiserver's port on %s", a, h.Name)
					}
				}
			}
		}},
		{Rule{
			Code: "KC005", Title: "the balancer does not listen on the endpoint's port",
			Why:    "Clients connect to the endpoint, and nothing answers.",
			Fix:    "Give endpoint and balancer the same port.",
			Source: "cmd/kubeadm/app/util/endpoint.go",
		}, func(l *linter) {
			_, port, path := l.endpoint()
			if path == "" || l.Balancer == nil || len(l.Balancer.Listen) == 0 {
				return
			}
			if !slices.ContainsFunc(l.Balancer.Listen, func(a netip.AddrPort) bool { return a.Port() == port }) {
				l.find(SeverityError, path, "port %d is none of those that the balancer listens on: %s", port, joined(l.Balancer.Listen))
			}
		}},
		{Rule{
			Code: "KC006", Title: "the balancer's backends are not the control planes",
			Why:    "A control plane that is missing gets no traffic; one that is gone gets some.",
			Fix:    "Render the balancer's file again whenever a control plane joins or leaves.",
			Source: "kubespray#12102, #10404; rke#292",
		}, checkBackends},
		{Rule{
			Code: "KC007", Title: "a name of the balancer is not in the apiservers' certificate",
			Why:    "Clients that use it refuse the certificate. kubeadm adds the endpoint's host and its own names, and neither localhost nor 127.0.0.1.",
			Fix:    "Add it to ClusterConfiguration.apiServer.certSANs.",
			Source: "cmd/kubeadm/app/util/pkiutil/pki_helpers.go, GetAPIServerAltNames",
		}, func(l *linter) {
			if l.Balancer == nil || l.Cluster == nil {
				return
			}
			host, _, _ := l.endpoint()
			for _, name := range l.Balancer.Names {
				own := slices.ContainsFunc(l.controlPlanes(), func(h HostFacts) bool { return h.is(name) })
				if name != host && !own && !strings.HasPrefix(name, "kubernetes") && !slices.Contains(l.Cluster.APIServer.CertSANs, name) {
					l.find(SeverityError, kindCluster+".apiServer.certSANs", "%s is not there, and clients use it", name)
				}
			}
		}},
	}
}

func checkSinglePoint(l *linter) {
	host, _, path := l.endpoint()
	planes := l.controlPlanes()
	single := l.Balancer == nil || len(l.Balancer.Hosts) <= 1
	severity := SeverityError
	if len(planes) == 1 {
		severity = SeverityWarning
	}
	for _, h := range planes {
		if path != "" && h.is(host) && single {
			l.find(severity, path, "%s is the control plane %s: without it nobody reaches the others", host, h.Name)
			return
		}
	}
	if l.Init != nil && host != "" && host == l.Init.LocalAPIEndpoint.AdvertiseAddress && single {
		l.find(severity, path, "%s is this control plane's own address: without it nobody reaches the others", host)
		return
	}
	if l.Balancer != nil && len(l.Balancer.Hosts) == 1 && len(planes) > 1 {
		l.find(SeverityError, "balancer.hosts", "%s alone leads to the apiservers", l.Balancer.Hosts[0])
	}
}

func checkBackends(l *linter) {
	planes := l.controlPlanes()
	if l.Balancer == nil || len(l.Balancer.Backends) == 0 || len(planes) == 0 {
		return
	}
	for _, h := range planes {
		if len(h.Addresses) > 0 && !slices.ContainsFunc(l.Balancer.Backends, func(b netip.AddrPort) bool { return slices.Contains(h.Addresses, b.Addr()) }) {
			l.find(SeverityError, "balancer.backends", "the control plane %s is missing", h.Name)
		}
	}
	for _, b := range l.Balancer.Backends {
		if !slices.ContainsFunc(planes, func(h HostFacts) bool { return len(h.Addresses) == 0 || slices.Contains(h.Addresses, b.Addr()) }) {
			l.find(SeverityError, "balancer.backends", "%s is no control plane's", b)
		}
	}
}

// joined returns a list in one line.
func joined[T interface{ String() string }](list []T) string {
	words := make([]string, len(list))
	for i, x := range list {
		words[i] = x.String()
	}
	return strings.Join(words, ", ")
}
