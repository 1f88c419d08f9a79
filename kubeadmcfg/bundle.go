package kubeadmcfg

import (
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
)

// Bundle is the documents of one configuration file; nil is a document that is not there.
// `kubeadm init` reads Init, Cluster, Kubelet and KubeProxy; `kubeadm join`, `reset` and
// `upgrade` read their own document alone.
type Bundle struct {
	// Init is the first control plane's own part.
	Init *InitConfiguration
	// Cluster is the part that all hosts share.
	Cluster *ClusterConfiguration
	// Join is a joining host's part.
	Join *JoinConfiguration
	// Reset is for `kubeadm reset`. Since v1beta4.
	Reset *ResetConfiguration
	// Upgrade is for the commands of `kubeadm upgrade`. Since v1beta4.
	Upgrade *UpgradeConfiguration
	// Kubelet is what every kubelet of the cluster starts with. Its TypeMeta is written by Render
	// and left empty by Parse.
	Kubelet *kubeletv1beta1.KubeletConfiguration
	// KubeProxy is what every kube-proxy of the cluster starts with. Its TypeMeta is written by
	// Render and left empty by Parse.
	KubeProxy *proxyv1alpha1.KubeProxyConfiguration
	// Unknown is what ParseLenient found and the types here do not have. Render writes it again.
	Unknown []Unknown
}
