package kubeadmcfg

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// networkRules are about networks that meet, and the plugin that makes them.
func networkRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC040", Title: "networks overlap",
			Why:    "Packets for a pod, a Service or a host with the same address go to one of them only. kubeadm does not compare them.",
			Fix:    "Choose pod and Service networks that no host is in.",
			Source: "cmd/kubeadm/app/apis/kubeadm/validation/validation.go checks sizes alone",
		}, checkOverlap},
		{Rule{
			Code: "KC041", Title: "the network plugin's pods are outside podSubnet",
			Why:    "Controller manager and kube-proxy take podSubnet for the pods' network: addresses from elsewhere are masqueraded wrongly or get no route.",
			Fix:    "Give the plugin's manifest the same network as ClusterConfiguration.networking.podSubnet.",
			Source: "cmd/kubeadm/app/phases/controlplane/manifests.go, --cluster-cidr",
		}, func(l *linter) {
			if l.Cluster == nil {
				return
			}
			pods := prefixes(l.Cluster.Networking.PodSubnet)
			for i, p := range l.NetworkPlugin.PodCIDRs {
				inside := false
				for _, s := range pods {
					inside = inside || s.Bits() <= p.Bits() && s.Contains(p.Addr())
				}
				if !inside {
					l.find(SeverityError, indexed("networkPlugin.podCIDRs", i), "%s is not within podSubnet %q", p, l.Cluster.Networking.PodSubnet)
				}
			}
		}},
		{Rule{
			Code: "KC042", Title: "the network plugin's manifest is at an address that is no more",
			Why:    "docs.projectcalico.org was given up; its URLs of versions answer with errors or other files.",
			Fix:    "Use a file of your own, checked in, or raw.githubusercontent.com/projectcalico/calico/<tag>/manifests/calico.yaml.",
			Source: "projectcalico/calico releases; the how-to of 2022",
		}, func(l *linter) {
			if deadManifest(l.NetworkPlugin.Source) {
				l.find(SeverityError, "networkPlugin.source", "%s is no more", l.NetworkPlugin.Source)
			}
		}},
	}
}

// deadManifest says whether a manifest's URL is one that was given up.
func deadManifest(url string) bool { return strings.Contains(url, "//docs.projectcalico.org/") }

// prefixes returns the networks in a list such as podSubnet, without those that cannot be read.
func prefixes(list string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range splitComma(list) {
		if p, err := netip.ParsePrefix(strings.TrimSpace(s)); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func checkOverlap(l *linter) {
	if l.Cluster == nil {
		return
	}
	n := l.Cluster.Networking
	services := n.ServiceSubnet
	if services == "" {
		services = "10.96.0.0/12" // cmd/kubeadm/app/apis/kubeadm/v1beta4/defaults.go
	}
	for _, p := range prefixes(n.PodSubnet) {
		for _, s := range prefixes(services) {
			if p.Overlaps(s) {
				l.find(SeverityError, kindCluster+".networking.podSubnet", "%s overlaps with the Services' %s", p, s)
			}
		}
	}
	for _, net := range []struct{ list, path string }{{n.PodSubnet, "podSubnet"}, {services, "serviceSubnet"}} {
		for _, p := range prefixes(net.list) {
			for _, h := range l.Hosts {
				for _, a := range h.Addresses {
					if p.Contains(a) {
						l.find(SeverityError, kindCluster+".networking."+net.path, "%s holds %s, an address of %s", p, a, h.Name)
					}
				}
			}
		}
	}
}

// indexed returns the path of a list's item.
func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// hostPath returns the path of a host's fact.
func hostPath(i int, fact string) string { return fmt.Sprintf("hosts[%d].%s", i, fact) }
