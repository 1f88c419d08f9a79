package kubeadmcfg

import (
	"strings"
)

// hostRules are about configuration that does not fit the hosts, and hosts that fit nothing.
func hostRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC010", Title: "the runtime's socket is dockershim's, has no scheme, or is none",
			Why:    "The kubelet has no dockershim from 1.24 on, and nothing listens there. A path without unix:// is deprecated and rewritten with a warning; from 1.24 kubeadm puts unix:// before anything else too, such as tcp://.",
			Fix:    "Use unix:///run/containerd/containerd.sock, or unix:///var/run/cri-dockerd.sock for Docker.",
			Source: "kubernetes#97252; cmd/kubeadm/app/util/runtime",
		}, func(l *linter) {
			l.nodes(func(n NodeRegistrationOptions, path string) {
				switch socket := n.CRISocket; {
				case strings.HasSuffix(socket, "/dockershim.sock") && l.version.AtLeast(dockershimRemovedMinor):
					l.find(SeverityError, path+".criSocket", "%s: dockershim is gone since Kubernetes 1.%d", socket, dockershimRemovedMinor)
				case strings.HasSuffix(socket, "/dockershim.sock"):
					l.find(SeverityWarning, path+".criSocket", "%s: dockershim is gone from Kubernetes 1.%d on", socket, dockershimRemovedMinor)
				case strings.HasPrefix(socket, "/") && l.version.AtLeast(dockershimRemovedMinor):
					l.find(SeverityWarning, path+".criSocket", "%s has no scheme", socket)
				case socket != "" && !strings.HasPrefix(socket, "/") && !strings.HasPrefix(socket, "unix:///"):
					l.find(SeverityError, path+".criSocket", "%s is no unix:// URL with an absolute path", socket)
				}
			})
		}},
		{Rule{
			Code: "KC011", Title: "the kubelet's cgroup driver does not fit",
			Why:    "A kubelet and a runtime that manage cgroups in different ways end each other's pods. With systemd as init, and on cgroup v2, two managers of one tree get in each other's way.",
			Fix:    "Use systemd for both: KubeletConfiguration.cgroupDriver and the runtime's SystemdCgroup.",
			Source: "kubernetes/kubeadm#639, #2255; kubernetes.io/docs, container runtimes",
		}, checkCgroupDriver},
		{Rule{
			Code: "KC012", Title: "the kubelet does not start on cgroup v1",
			Why:    "From 1.35 failCgroupV1 is true when it is not set.",
			Fix:    "Boot the host with cgroup v2, or set KubeletConfiguration.failCgroupV1 to false while that is possible.",
			Source: "k8s.io/kubelet config/v1beta1/types.go of 0.34 and 0.35; KEP-5573",
		}, func(l *linter) {
			if !l.version.AtLeast(failCgroupV1Minor) || l.Kubelet != nil && l.Kubelet.FailCgroupV1 != nil && !*l.Kubelet.FailCgroupV1 {
				return
			}
			for i, h := range l.Hosts {
				if h.CgroupVersion == 1 {
					l.find(SeverityError, hostPath(i, "cgroupVersion"), "%s has cgroup v1, where the kubelet of %s does not start", h.Name, l.version)
				}
			}
		}},
		{Rule{
			Code: "KC013", Title: "swap is on",
			Why:    "The kubelet ends with an error when swap is on, unless failSwapOn is false.",
			Fix:    "Turn swap off, in /etc/fstab too, or set KubeletConfiguration.failSwapOn to false.",
			Source: "pkg/kubelet/cm/container_manager_linux.go",
		}, func(l *linter) {
			if l.Kubelet != nil && l.Kubelet.FailSwapOn != nil && !*l.Kubelet.FailSwapOn {
				return
			}
			for i, h := range l.Hosts {
				if h.Swap {
					l.find(SeverityError, hostPath(i, "swap"), "%s has swap in use", h.Name)
				}
			}
		}},
		{Rule{
			Code: "KC014", Title: "a protection of the host is turned off",
			Why:    "A container that breaks out, a port that should be closed, or a package that somebody changed on the way meets nothing.",
			Fix:    "Leave SELinux enforcing or permissive and label the balancer's port; open the ports instead of turning the firewall off; import the repository's key.",
			Source: "kubernetes.io/docs, ports and protocols; pkgs.k8s.io",
		}, func(l *linter) {
			for i, h := range l.Hosts {
				at := hostPath(i, "")
				if h.SELinux == "disabled" {
					l.find(SeverityWarning, at+"selinux", "SELinux is disabled on %s", h.Name)
				}
				if h.FirewallOff {
					l.find(SeverityWarning, at+"firewallOff", "the firewall is off on %s", h.Name)
				}
				for _, r := range h.UnsignedRepositories {
					l.find(SeverityWarning, at+"unsignedRepositories", "signatures of %s are not checked on %s", r, h.Name)
				}
			}
		}},
	}
}

func checkCgroupDriver(l *linter) {
	kubelet := "systemd" // kubeadm's default since 1.22
	if l.Kubelet != nil && l.Kubelet.CgroupDriver != "" {
		kubelet = l.Kubelet.CgroupDriver
	}
	known := false
	for i, h := range l.Hosts {
		switch at := hostPath(i, "runtimeCgroupDriver"); {
		case h.RuntimeCgroupDriver != "" && h.RuntimeCgroupDriver != kubelet:
			l.find(SeverityError, at, "the runtime of %s uses %s, its kubelet %s", h.Name, h.RuntimeCgroupDriver, kubelet)
		case kubelet == "cgroupfs" && (h.Systemd || h.CgroupVersion == 2):
			l.find(SeverityWarning, kindKubelet+".cgroupDriver", "cgroupfs on %s, where systemd manages the same tree", h.Name)
		}
		known = known || h.RuntimeCgroupDriver != "" || h.Systemd
	}
	if kubelet == "cgroupfs" && !known {
		l.find(SeverityWarning, kindKubelet+".cgroupDriver", "cgroupfs, where hosts with systemd want systemd")
	}
}
