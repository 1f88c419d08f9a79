package kubeadmcfg

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ClusterConfiguration is the part of kubeadm's configuration that all hosts share. `kubeadm init`
// reads it and keeps it in the ConfigMap kubeadm-config; joins read it from there.
type ClusterConfiguration struct {
	// Etcd is where the cluster's state is kept. Unset: an etcd member on each control plane.
	Etcd Etcd `json:"etcd,omitzero"`
	// Networking is the cluster's networks.
	Networking Networking `json:"networking,omitzero"`
	// KubernetesVersion of the control plane, such as v1.37.2. Unset: kubeadm asks the internet for
	// the newest stable one, so set it.
	KubernetesVersion string `json:"kubernetesVersion,omitzero"`
	// ControlPlaneEndpoint is host[:port] that all hosts reach the API at: a DNS name or IP address
	// that is no single control plane's. It cannot be added to a cluster later, and without it no
	// second control plane can join.
	ControlPlaneEndpoint string `json:"controlPlaneEndpoint,omitzero"`
	// APIServer is kube-apiserver.
	APIServer APIServer `json:"apiServer,omitzero"`
	// ControllerManager is kube-controller-manager.
	ControllerManager ControlPlaneComponent `json:"controllerManager,omitzero"`
	// Scheduler is kube-scheduler.
	Scheduler ControlPlaneComponent `json:"scheduler,omitzero"`
	// DNS is the CoreDNS add-on.
	DNS DNS `json:"dns,omitzero"`
	// Proxy is the kube-proxy add-on. Since v1beta4.
	Proxy Proxy `json:"proxy,omitzero"`
	// CertificatesDir is where certificates are kept. Unset: /etc/kubernetes/pki.
	CertificatesDir string `json:"certificatesDir,omitzero"`
	// ImageRepository that images are pulled from. Unset: see Version.DefaultImageRepository.
	ImageRepository string `json:"imageRepository,omitzero"`
	// FeatureGates of kubeadm itself; one that a version does not know is refused by it.
	FeatureGates map[string]bool `json:"featureGates,omitzero"`
	// ClusterName in kubeconfigs and for cloud providers. Unset: kubernetes.
	ClusterName string `json:"clusterName,omitzero"`
	// EncryptionAlgorithm of the keys of certificates. Unset: RSA-2048. Since v1beta4.
	EncryptionAlgorithm EncryptionAlgorithm `json:"encryptionAlgorithm,omitzero"`
	// CertificateValidityPeriod of all certificates but CAs. Nil: 8760 h. Since v1beta4.
	CertificateValidityPeriod *metav1.Duration `json:"certificateValidityPeriod,omitzero"`
	// CACertificateValidityPeriod of CAs. Nil: 87600 h. Since v1beta4.
	CACertificateValidityPeriod *metav1.Duration `json:"caCertificateValidityPeriod,omitzero"`
}

// EncryptionAlgorithm is the kind of keys that kubeadm makes.
type EncryptionAlgorithm string

// The algorithms of v1beta4; ECDSA-P384 since Kubernetes 1.34.
const (
	EncryptionRSA2048   EncryptionAlgorithm = "RSA-2048"
	EncryptionRSA3072   EncryptionAlgorithm = "RSA-3072"
	EncryptionRSA4096   EncryptionAlgorithm = "RSA-4096"
	EncryptionECDSAP256 EncryptionAlgorithm = "ECDSA-P256"
	EncryptionECDSAP384 EncryptionAlgorithm = "ECDSA-P384"
)

// Networking is the networks of a cluster; pods, services and hosts must not overlap.
type Networking struct {
	// ServiceSubnet is one CIDR, or two of different families with a comma. Unset: 10.96.0.0/12.
	ServiceSubnet string `json:"serviceSubnet,omitzero"`
	// PodSubnet likewise. Unset: kube-controller-manager gives nodes no pod networks.
	PodSubnet string `json:"podSubnet,omitzero"`
	// DNSDomain of services. Unset: cluster.local.
	DNSDomain string `json:"dnsDomain,omitzero"`
}

// ControlPlaneComponent is what can be changed in a component's static pod.
type ControlPlaneComponent struct {
	// ExtraArgs are flags, names without dashes; they win over kubeadm's own.
	ExtraArgs []Arg `json:"extraArgs,omitzero"`
	// ExtraVolumes are mounted into the pod.
	ExtraVolumes []HostPathMount `json:"extraVolumes,omitzero"`
	// ExtraEnvs are environment variables. Since v1beta4.
	ExtraEnvs []corev1.EnvVar `json:"extraEnvs,omitzero"`
}

// APIServer is kube-apiserver.
type APIServer struct {
	ControlPlaneComponent `json:",inline"`
	// CertSANs are further names and addresses in its certificate. kubeadm adds the node's name, the
	// kubernetes service, the advertised address and the control-plane endpoint, and neither
	// 127.0.0.1 nor localhost.
	CertSANs []string `json:"certSANs,omitzero"`
}

// DNS is the CoreDNS add-on.
type DNS struct {
	ImageMeta `json:",inline"`
	// Disabled leaves the add-on out. Since v1beta4; before, skip the phase addon/coredns.
	Disabled bool `json:"disabled,omitzero"`
}

// Proxy is the kube-proxy add-on.
type Proxy struct {
	// Disabled leaves the add-on out. Before v1beta4, skip the phase addon/kube-proxy.
	Disabled bool `json:"disabled,omitzero"`
}

// ImageMeta is an image that differs from kubeadm's.
type ImageMeta struct {
	// ImageRepository. Unset: ClusterConfiguration's.
	ImageRepository string `json:"imageRepository,omitzero"`
	// ImageTag. Unset: the one that goes with the Kubernetes version.
	ImageTag string `json:"imageTag,omitzero"`
}

// Etcd is where the cluster's state is kept: at most one of Local and External.
type Etcd struct {
	// Local is a member on each control plane.
	Local *LocalEtcd `json:"local,omitzero"`
	// External is an etcd cluster that kubeadm does not manage.
	External *ExternalEtcd `json:"external,omitzero"`
}

// LocalEtcd is the etcd member on a control plane.
type LocalEtcd struct {
	ImageMeta `json:",inline"`
	// DataDir on the host. Unset: /var/lib/etcd.
	DataDir string `json:"dataDir,omitzero"`
	// ExtraArgs are flags of etcd, names without dashes.
	ExtraArgs []Arg `json:"extraArgs,omitzero"`
	// ExtraEnvs are environment variables. Since v1beta4.
	ExtraEnvs []corev1.EnvVar `json:"extraEnvs,omitzero"`
	// ServerCertSANs are further names and addresses in the certificate for clients.
	ServerCertSANs []string `json:"serverCertSANs,omitzero"`
	// PeerCertSANs are further names and addresses in the certificate for members.
	PeerCertSANs []string `json:"peerCertSANs,omitzero"`
}

// ExternalEtcd is an etcd cluster that kubeadm does not manage.
type ExternalEtcd struct {
	// Endpoints are URLs; https, unless none of the files is given.
	Endpoints []string `json:"endpoints,omitzero"`
	// HTTPEndpoints serve etcd's HTTP paths where they are apart from gRPC. Since Kubernetes 1.35.
	HTTPEndpoints []string `json:"httpEndpoints,omitzero"`
	// CAFile, CertFile and KeyFile are absolute paths on the hosts; CertFile and KeyFile together,
	// and with CAFile.
	CAFile   string `json:"caFile,omitzero"`
	CertFile string `json:"certFile,omitzero"`
	KeyFile  string `json:"keyFile,omitzero"`
}
