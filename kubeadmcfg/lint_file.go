package kubeadmcfg

import (
	"slices"
	"strings"
)

// fileRules are about documents that say less, or other, than their author meant.
func fileRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC031", Title: "a placeholder of print init-defaults was left in",
			Why:    "`kubeadm config print init-defaults` writes a node called node and the address 1.2.3.4: the node gets that name for good, and the apiserver an address that it cannot bind.",
			Fix:    "Set the host's own name and address, or leave them out.",
			Source: "cmd/kubeadm/app/util/config/initconfiguration.go, placeholderToken and defaults",
		}, func(l *linter) {
			l.nodes(func(n NodeRegistrationOptions, path string) {
				if n.Name == "node" {
					l.find(SeverityError, path+".name", "node is the placeholder")
				}
			})
			if l.Init != nil && l.Init.LocalAPIEndpoint.AdvertiseAddress == "1.2.3.4" {
				l.find(SeverityError, kindInit+".localAPIEndpoint.advertiseAddress", "1.2.3.4 is the placeholder")
			}
		}},
		{Rule{
			Code: "KC032", Title: "the version to install is not said, or is another",
			Why:    "Unset it is stable-1, which kubeadm asks the internet for; kubeadm installs its own minor or the one before.",
			Fix:    "Set ClusterConfiguration.kubernetesVersion to kubeadm's own version.",
			Source: "cmd/kubeadm/app/util/version.go; cmd/kubeadm/app/constants/constants.go, MinimumControlPlaneVersion",
		}, func(l *linter) {
			if l.Cluster == nil {
				return
			}
			const at = kindCluster + ".kubernetesVersion"
			v, err := ParseVersion(l.Cluster.KubernetesVersion)
			switch {
			case l.Cluster.KubernetesVersion == "":
				l.find(SeverityWarning, at, "is not set: whatever is newest on the internet is installed")
			case err != nil:
				l.find(SeverityWarning, at, "%q is a label that kubeadm asks the internet for", l.Cluster.KubernetesVersion)
			case v.Minor > l.version.Minor || v.Minor+1 < l.version.Minor:
				l.find(SeverityError, at, "%s is not installed by kubeadm %s", v, l.version)
			case v != l.version:
				l.find(SeverityInfo, at, "%s, by kubeadm %s", v, l.version)
			}
		}},
		{Rule{
			Code: "KC033", Title: "a document that the command does not read",
			Why:    "`kubeadm join` reads its JoinConfiguration alone: kubelet and cluster settings in its file change nothing.",
			Fix:    "Give a joining host its own settings as kubeletExtraArgs or, from 1.25, as a patch of kubeletconfiguration.",
			Source: "kubernetes/kubeadm#1682, #2418",
		}, func(l *linter) {
			if l.Join == nil || l.Init != nil {
				return
			}
			for _, d := range []struct {
				set  bool
				kind string
			}{{l.Cluster != nil, kindCluster}, {l.Kubelet != nil, kindKubelet}, {l.KubeProxy != nil, kindKubeProxy}} {
				if d.set {
					l.find(SeverityWarning, d.kind, "is beside a %s, and join does not read it", kindJoin)
				}
			}
		}},
		{Rule{
			Code: "KC034", Title: "images come from a registry that is frozen",
			Why:    "k8s.gcr.io gets no new images since April 2023 and may go away; kubeadm below 1.25 uses it when nothing is set.",
			Fix:    "Set ClusterConfiguration.imageRepository to registry.k8s.io or your own mirror.",
			Source: "kubernetes.io/blog/2023/02/06/k8s-gcr-io-freeze-announcement",
		}, func(l *linter) {
			if l.Cluster == nil {
				return
			}
			repository := l.Cluster.ImageRepository
			if repository == "" {
				repository = l.version.DefaultImageRepository()
			}
			if repository == "k8s.gcr.io" || strings.HasPrefix(repository, "k8s.gcr.io/") {
				l.find(SeverityWarning, kindCluster+".imageRepository", "%s is frozen", repository)
			}
		}},
	}
}

// acceptedRules find what kubeadm accepts and what never works.
func acceptedRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC035", Title: "a taint that no apiserver accepts",
			Why:    "kubeadm does not look at effects: the Node is refused, and the kubelet never registers.",
			Fix:    "Use NoSchedule, PreferNoSchedule or NoExecute.",
			Source: "pkg/apis/core/validation/validation.go, validateTaintEffect",
		}, func(l *linter) {
			l.nodes(func(n NodeRegistrationOptions, path string) {
				for i, t := range n.Taints {
					if t.Key == "" || !slices.Contains([]string{"NoSchedule", "PreferNoSchedule", "NoExecute"}, string(t.Effect)) {
						l.find(SeverityError, indexed(path+".taints", i), "key %q, effect %q", t.Key, t.Effect)
					}
				}
			})
		}},
		{Rule{
			Code: "KC036", Title: "an argument's name begins with a dash",
			Why:    "kubeadm puts two dashes before every name: the component ends with an unknown flag.",
			Fix:    "Write the name without dashes.",
			Source: "cmd/kubeadm/app/util/arguments.go",
		}, func(l *linter) {
			l.arguments(func(a Arg, path string) {
				if strings.HasPrefix(a.Name, "-") {
					l.find(SeverityError, path, "%q becomes --%s", a.Name, a.Name)
				}
			})
		}},
		{Rule{
			Code: "KC037", Title: "all preflight checks are ignored, and single ones named",
			Why:    "`kubeadm config validate` takes it, and init and join end with \"don't specify individual checks if 'all' is used\".",
			Fix:    "Name the checks whose failure is meant to be ignored.",
			Source: "cmd/kubeadm/app/apis/kubeadm/validation/validation.go, ValidateIgnorePreflightErrors",
		}, func(l *linter) {
			l.nodes(func(n NodeRegistrationOptions, path string) {
				all := slices.ContainsFunc(n.IgnorePreflightErrors, func(s string) bool { return strings.EqualFold(s, "all") })
				switch {
				case all && len(n.IgnorePreflightErrors) > 1:
					l.find(SeverityError, path+".ignorePreflightErrors", "all, beside %d others", len(n.IgnorePreflightErrors)-1)
				case all:
					l.find(SeverityWarning, path+".ignorePreflightErrors", "all: whatever is wrong with the host, kubeadm goes on")
				}
			})
		}},
		{Rule{
			Code: "KC038", Title: "an endpoint without its host or its port",
			Why:    "kubeadm only splits it in two: \":6443\" and \"api:\" pass, and the join fails later.",
			Fix:    "Write host:port.",
			Source: "cmd/kubeadm/app/apis/kubeadm/validation/validation.go, ValidateDiscoveryBootstrapToken",
		}, func(l *linter) {
			if host, port, path := l.endpoint(); path != "" && (host == "" || port == 0) {
				l.find(SeverityError, path, "has no host, or no port")
			}
		}},
	}
}

// arguments calls each for every extra argument.
func (l *linter) arguments(each func(a Arg, path string)) {
	list := func(args []Arg, path string) {
		for i, a := range args {
			each(a, indexed(path, i))
		}
	}
	l.nodes(func(n NodeRegistrationOptions, path string) { list(n.KubeletExtraArgs, path+".kubeletExtraArgs") })
	if c := l.Cluster; c != nil {
		list(c.APIServer.ExtraArgs, kindCluster+".apiServer.extraArgs")
		list(c.ControllerManager.ExtraArgs, kindCluster+".controllerManager.extraArgs")
		list(c.Scheduler.ExtraArgs, kindCluster+".scheduler.extraArgs")
		if c.Etcd.Local != nil {
			list(c.Etcd.Local.ExtraArgs, kindCluster+".etcd.local.extraArgs")
		}
	}
}
