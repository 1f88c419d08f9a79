package kubeadmcfg

import corev1 "k8s.io/api/core/v1"

// NodeRegistrationOptions is how a host becomes a Node.
type NodeRegistrationOptions struct {
	// Name of the Node: an RFC 1123 subdomain. Unset: the host's name in lower case.
	Name string `json:"name,omitzero"`
	// CRISocket of the container runtime, such as unix:///run/containerd/containerd.sock.
	// Unset: the one that kubeadm finds; two on a host are an error then.
	CRISocket string `json:"criSocket,omitzero"`
	// Taints of the Node. Nil: the control plane's taint on a control plane, none on a worker;
	// empty and not nil: none.
	Taints []corev1.Taint `json:"taints,omitzero"`
	// KubeletExtraArgs are flags of this host's kubelet, names without dashes. They win over
	// KubeletConfiguration, and are the way to differ on one host: join ignores KubeletConfiguration.
	KubeletExtraArgs []Arg `json:"kubeletExtraArgs,omitzero"`
	// IgnorePreflightErrors names checks whose failure is a warning, such as Swap; all is every one.
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitzero"`
	// ImagePullPolicy is Always, IfNotPresent (when unset) or Never.
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitzero"`
	// ImagePullSerial pulls one image after the other; nil: true. Since v1beta4.
	ImagePullSerial *bool `json:"imagePullSerial,omitzero"`
}

// APIEndpoint is where one kube-apiserver listens.
type APIEndpoint struct {
	// AdvertiseAddress is the IP address that others reach it at. Unset: the default route's.
	AdvertiseAddress string `json:"advertiseAddress,omitzero"`
	// BindPort is its TCP port. Unset: 6443.
	BindPort int32 `json:"bindPort,omitzero"`
}

// Arg is one flag of a component. A name may occur more than once in v1beta4; in v1beta3, where
// arguments were a map, it cannot.
type Arg struct {
	// Name without the dashes.
	Name string `json:"name"`
	// Value; may be empty.
	Value string `json:"value"`
}

// Patches names the directory with changes to the manifests that kubeadm writes.
type Patches struct {
	// Directory holds files target[suffix][+patchtype].extension, such as kube-apiserver0+merge.yaml.
	// Targets: kube-apiserver, kube-controller-manager, kube-scheduler and etcd;
	// kubeletconfiguration since 1.25, corednsdeployment later.
	Directory string `json:"directory,omitzero"`
}

// HostPathMount is a directory or file of the host in a control-plane component's pod.
type HostPathMount struct {
	// Name of the volume.
	Name string `json:"name"`
	// HostPath is the path on the host.
	HostPath string `json:"hostPath"`
	// MountPath is the path in the pod.
	MountPath string `json:"mountPath"`
	// ReadOnly mounts it so.
	ReadOnly bool `json:"readOnly,omitzero"`
	// PathType is what HostPath must be, such as DirectoryOrCreate. Unset: no check.
	PathType corev1.HostPathType `json:"pathType,omitzero"`
}
