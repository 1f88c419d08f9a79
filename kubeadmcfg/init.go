package kubeadmcfg

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// InitConfiguration is what `kubeadm init` is told about the host that it runs on. The cluster's
// part is ClusterConfiguration, in the same file.
type InitConfiguration struct {
	// BootstrapTokens are created by init. None: kubeadm makes one with a random token, valid for 24 h.
	BootstrapTokens []BootstrapToken `json:"bootstrapTokens,omitzero"`
	// DryRun shows what would be done. Since v1beta4.
	DryRun bool `json:"dryRun,omitzero"`
	// NodeRegistration is how the host becomes a Node.
	NodeRegistration NodeRegistrationOptions `json:"nodeRegistration,omitzero"`
	// LocalAPIEndpoint is where this host's kube-apiserver listens.
	LocalAPIEndpoint APIEndpoint `json:"localAPIEndpoint,omitzero"`
	// CertificateKey encrypts the certificates that `--upload-certs` puts into the cluster for two
	// hours: 32 bytes in hexadecimal, see NewCertificateKey. Unset: kubeadm makes and prints one.
	CertificateKey Secret `json:"certificateKey,omitzero"`
	// SkipPhases names phases to leave out, such as addon/kube-proxy.
	SkipPhases []string `json:"skipPhases,omitzero"`
	// Patches change the manifests that kubeadm writes.
	Patches *Patches `json:"patches,omitzero"`
	// Timeouts are how long kubeadm waits. Since v1beta4; v1beta3 has only the control plane's, in
	// ClusterConfiguration, and Render carries that one over.
	Timeouts *Timeouts `json:"timeouts,omitzero"`
}

// BootstrapToken is a token that nodes join with (group bootstraptoken/v1, inlined by kubeadm).
type BootstrapToken struct {
	// Token is six characters, a dot and sixteen, [a-z0-9]; see NewToken.
	Token Secret `json:"token"`
	// Description is shown by `kubeadm token list`.
	Description string `json:"description,omitzero"`
	// TTL is how long the token is valid from its creation. Nil: 24 h; zero: for ever.
	TTL *metav1.Duration `json:"ttl,omitzero"`
	// Expires is when the token ends. kubeadm sets TTL first and then refuses both, so that a file
	// with Expires is refused; it is here because the API has it.
	Expires *metav1.Time `json:"expires,omitzero"`
	// Usages are of signing (discovery) and authentication (joining). None: both.
	Usages []string `json:"usages,omitzero"`
	// Groups are what a client that authenticates with the token belongs to.
	// None: system:bootstrappers:kubeadm:default-node-token.
	Groups []string `json:"groups,omitzero"`
}

// Timeouts are how long kubeadm waits for what. A nil pointer is kubeadm's default, named at each;
// a pointer to zero is zero. Defaults are those of kubeadm 1.37, app/constants.
type Timeouts struct {
	// ControlPlaneComponentHealthCheck is for kube-apiserver and its peers to become healthy: 4 m.
	ControlPlaneComponentHealthCheck *metav1.Duration `json:"controlPlaneComponentHealthCheck,omitzero"`
	// KubeletHealthCheck is for the kubelet to become healthy: 4 m.
	KubeletHealthCheck *metav1.Duration `json:"kubeletHealthCheck,omitzero"`
	// KubernetesAPICall is for one call of the Kubernetes API, with its retries: 1 m.
	KubernetesAPICall *metav1.Duration `json:"kubernetesAPICall,omitzero"`
	// EtcdAPICall is for one call of etcd, with its retries: 2 m.
	EtcdAPICall *metav1.Duration `json:"etcdAPICall,omitzero"`
	// TLSBootstrap is for the kubelet to get its certificate: 5 m.
	TLSBootstrap *metav1.Duration `json:"tlsBootstrap,omitzero"`
	// Discovery is for a joining host to find and trust the cluster: 5 m.
	Discovery *metav1.Duration `json:"discovery,omitzero"`
	// UpgradeManifests is for a component to come back with a new manifest: 5 m.
	UpgradeManifests *metav1.Duration `json:"upgradeManifests,omitzero"`
}
