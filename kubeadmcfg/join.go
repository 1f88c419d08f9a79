package kubeadmcfg

// JoinConfiguration is what `kubeadm join` is told. It is the only kubeadm document that join
// reads: the cluster's part, the kubelet's and kube-proxy's come from the cluster.
type JoinConfiguration struct {
	// DryRun shows what would be done. Since v1beta4.
	DryRun bool `json:"dryRun,omitzero"`
	// NodeRegistration is how the host becomes a Node.
	NodeRegistration NodeRegistrationOptions `json:"nodeRegistration,omitzero"`
	// CACertPath is where the cluster's CA certificate is put. Unset: /etc/kubernetes/pki/ca.crt.
	CACertPath string `json:"caCertPath,omitzero"`
	// Discovery is how the cluster is found and trusted. Required.
	Discovery Discovery `json:"discovery,omitzero"`
	// ControlPlane makes the host a control plane; nil: a worker.
	ControlPlane *JoinControlPlane `json:"controlPlane,omitzero"`
	// SkipPhases names phases to leave out.
	SkipPhases []string `json:"skipPhases,omitzero"`
	// Patches change the manifests that kubeadm writes.
	Patches *Patches `json:"patches,omitzero"`
	// Timeouts are how long kubeadm waits. Since v1beta4; v1beta3 has only Discovery, inside
	// Discovery, and Render carries that one over.
	Timeouts *Timeouts `json:"timeouts,omitzero"`
}

// JoinControlPlane is what a joining control plane needs besides.
type JoinControlPlane struct {
	// LocalAPIEndpoint is where this host's kube-apiserver will listen.
	LocalAPIEndpoint APIEndpoint `json:"localAPIEndpoint,omitzero"`
	// CertificateKey decrypts the certificates that `--upload-certs` put into the cluster, which
	// keeps them for two hours. Unset: they must be on the host already.
	CertificateKey Secret `json:"certificateKey,omitzero"`
}

// Discovery is how a joining host finds the cluster and comes to trust it: by exactly one of
// BootstrapToken and File.
type Discovery struct {
	// BootstrapToken reads the cluster's public information, signed with a token.
	BootstrapToken *BootstrapTokenDiscovery `json:"bootstrapToken,omitzero"`
	// File reads a kubeconfig.
	File *FileDiscovery `json:"file,omitzero"`
	// TLSBootstrapToken is what the kubelet asks for its certificate with. Unset: the token of BootstrapToken.
	TLSBootstrapToken Secret `json:"tlsBootstrapToken,omitzero"`
}

// BootstrapTokenDiscovery finds the cluster by a token and an address.
type BootstrapTokenDiscovery struct {
	// Token is a bootstrap token of the cluster with the usage signing.
	Token Secret `json:"token"`
	// APIServerEndpoint is host:port of an apiserver or balancer. Required.
	APIServerEndpoint string `json:"apiServerEndpoint,omitzero"`
	// CACertHashes are the pins of acceptable CAs, see CACertHash; one is needed unless
	// UnsafeSkipCAVerification is set.
	CACertHashes []string `json:"caCertHashes,omitzero"`
	// UnsafeSkipCAVerification trusts whoever answers and knows the token.
	UnsafeSkipCAVerification bool `json:"unsafeSkipCAVerification,omitzero"`
}

// FileDiscovery finds the cluster by a kubeconfig.
type FileDiscovery struct {
	// KubeConfigPath is a file on the host or an https URL.
	KubeConfigPath string `json:"kubeConfigPath"`
}
