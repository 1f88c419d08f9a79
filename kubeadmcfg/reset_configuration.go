package kubeadmcfg

// ResetConfiguration is what `kubeadm reset` is told. Since v1beta4 (Kubernetes 1.31); older
// kubeadms take flags alone.
type ResetConfiguration struct {
	// CleanupTmpDir empties /etc/kubernetes/tmp too.
	CleanupTmpDir bool `json:"cleanupTmpDir,omitzero"`
	// CertificatesDir is cleaned. Unset: /etc/kubernetes/pki.
	CertificatesDir string `json:"certificatesDir,omitzero"`
	// CRISocket is the runtime's: a unix:// URL. Unset: kubeadm looks for one.
	CRISocket string `json:"criSocket,omitzero"`
	// DryRun shows what would be done.
	DryRun bool `json:"dryRun,omitzero"`
	// Force asks nothing.
	Force bool `json:"force,omitzero"`
	// IgnorePreflightErrors names checks whose errors become warnings; "all" is every one.
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitzero"`
	// SkipPhases names phases to leave out, such as remove-etcd-member.
	SkipPhases []string `json:"skipPhases,omitzero"`
	// UnmountFlags are how mounts below /var/lib/kubelet are undone.
	UnmountFlags []UnmountFlag `json:"unmountFlags,omitzero"`
	// Timeouts are how long kubeadm waits.
	Timeouts *Timeouts `json:"timeouts,omitzero"`
}

// UnmountFlag is a flag of umount2(2).
type UnmountFlag string

// The flags that kubeadm knows.
const (
	UnmountForce    UnmountFlag = "MNT_FORCE"
	UnmountDetach   UnmountFlag = "MNT_DETACH"
	UnmountExpire   UnmountFlag = "MNT_EXPIRE"
	UnmountNoFollow UnmountFlag = "UMOUNT_NOFOLLOW"
)
