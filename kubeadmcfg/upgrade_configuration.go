package kubeadmcfg

import corev1 "k8s.io/api/core/v1"

// UpgradeConfiguration is what the commands of `kubeadm upgrade` are told, each its own part. Since
// v1beta4 (Kubernetes 1.31); older kubeadms take flags alone. A nil switch is the default of the
// command's flag, named at each.
type UpgradeConfiguration struct {
	// Apply is for `kubeadm upgrade apply`.
	Apply UpgradeApply `json:"apply,omitzero"`
	// Diff is for `kubeadm upgrade diff`.
	Diff UpgradeDiff `json:"diff,omitzero"`
	// Node is for `kubeadm upgrade node`.
	Node UpgradeNode `json:"node,omitzero"`
	// Plan is for `kubeadm upgrade plan`.
	Plan UpgradePlan `json:"plan,omitzero"`
	// Timeouts are how long kubeadm waits.
	Timeouts *Timeouts `json:"timeouts,omitzero"`
}

// UpgradeApply upgrades the first control plane, and the cluster's addons with it.
type UpgradeApply struct {
	// KubernetesVersion is what to upgrade to. Required here or as an argument.
	KubernetesVersion string `json:"kubernetesVersion,omitzero"`
	// AllowExperimentalUpgrades lets alpha and beta releases be upgraded to: false.
	AllowExperimentalUpgrades *bool `json:"allowExperimentalUpgrades,omitzero"`
	// AllowRCUpgrades lets release candidates be upgraded to: false.
	AllowRCUpgrades *bool `json:"allowRCUpgrades,omitzero"`
	// CertificateRenewal renews the certificates of the components: true.
	CertificateRenewal *bool `json:"certificateRenewal,omitzero"`
	// DryRun shows what would be done: false.
	DryRun *bool `json:"dryRun,omitzero"`
	// EtcdUpgrade upgrades the etcd member too: true.
	EtcdUpgrade *bool `json:"etcdUpgrade,omitzero"`
	// ForceUpgrade goes on where requirements are not met: false.
	ForceUpgrade *bool `json:"forceUpgrade,omitzero"`
	// IgnorePreflightErrors names checks whose errors become warnings.
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitzero"`
	// Patches change the manifests that kubeadm writes.
	Patches *Patches `json:"patches,omitzero"`
	// PrintConfig prints the configuration that is used: false.
	PrintConfig *bool `json:"printConfig,omitzero"`
	// SkipPhases names phases to leave out.
	SkipPhases []string `json:"skipPhases,omitzero"`
	// ImagePullPolicy is Always, IfNotPresent or Never. Unset: IfNotPresent.
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitzero"`
	// ImagePullSerial pulls images one after the other: true.
	ImagePullSerial *bool `json:"imagePullSerial,omitzero"`
}

// UpgradeDiff shows how the manifests would change.
type UpgradeDiff struct {
	// KubernetesVersion is what would be upgraded to.
	KubernetesVersion string `json:"kubernetesVersion,omitzero"`
	// ContextLines is how many unchanged lines are shown around each change. Unset: 3.
	ContextLines int `json:"contextLines,omitzero"`
}

// UpgradeNode upgrades another control plane, or a worker.
type UpgradeNode struct {
	// CertificateRenewal renews the certificates of the components: true.
	CertificateRenewal *bool `json:"certificateRenewal,omitzero"`
	// DryRun shows what would be done: false.
	DryRun *bool `json:"dryRun,omitzero"`
	// EtcdUpgrade upgrades the etcd member too: true.
	EtcdUpgrade *bool `json:"etcdUpgrade,omitzero"`
	// IgnorePreflightErrors names checks whose errors become warnings.
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitzero"`
	// SkipPhases names phases to leave out.
	SkipPhases []string `json:"skipPhases,omitzero"`
	// Patches change the manifests that kubeadm writes.
	Patches *Patches `json:"patches,omitzero"`
	// ImagePullPolicy is Always, IfNotPresent or Never. Unset: IfNotPresent.
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitzero"`
	// ImagePullSerial pulls images one after the other: true.
	ImagePullSerial *bool `json:"imagePullSerial,omitzero"`
}

// UpgradePlan shows what the cluster can be upgraded to.
type UpgradePlan struct {
	// KubernetesVersion is what is asked about. Unset: all there are.
	KubernetesVersion string `json:"kubernetesVersion,omitzero"`
	// AllowExperimentalUpgrades shows alpha and beta releases: false.
	AllowExperimentalUpgrades *bool `json:"allowExperimentalUpgrades,omitzero"`
	// AllowRCUpgrades shows release candidates: false.
	AllowRCUpgrades *bool `json:"allowRCUpgrades,omitzero"`
	// DryRun shows what would be done: false.
	DryRun *bool `json:"dryRun,omitzero"`
	// EtcdUpgrade counts etcd in: true. Since Kubernetes 1.33.
	EtcdUpgrade *bool `json:"etcdUpgrade,omitzero"`
	// IgnorePreflightErrors names checks whose errors become warnings.
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitzero"`
	// PrintConfig prints the configuration that is used: false.
	PrintConfig *bool `json:"printConfig,omitzero"`
}
