package kubeadmcfg

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The kinds of v1beta3 as far as they differ from the types of this package. Fields are those of
// cmd/kubeadm/app/apis/kubeadm/v1beta3 of Kubernetes 1.36; 1.22 has the same, without patches'
// later targets.

type initV1Beta3 struct {
	BootstrapTokens  []BootstrapToken `json:"bootstrapTokens"`
	NodeRegistration nodeV1Beta3      `json:"nodeRegistration"`
	LocalAPIEndpoint APIEndpoint      `json:"localAPIEndpoint"`
	CertificateKey   Secret           `json:"certificateKey"`
	SkipPhases       []string         `json:"skipPhases"`
	Patches          *Patches         `json:"patches"`
}

type nodeV1Beta3 struct {
	Name                  string            `json:"name"`
	CRISocket             string            `json:"criSocket"`
	Taints                []corev1.Taint    `json:"taints"`
	KubeletExtraArgs      map[string]string `json:"kubeletExtraArgs"`
	IgnorePreflightErrors []string          `json:"ignorePreflightErrors"`
	ImagePullPolicy       corev1.PullPolicy `json:"imagePullPolicy"`
}

type clusterV1Beta3 struct {
	Etcd                 etcdV1Beta3      `json:"etcd"`
	Networking           Networking       `json:"networking"`
	KubernetesVersion    string           `json:"kubernetesVersion"`
	ControlPlaneEndpoint string           `json:"controlPlaneEndpoint"`
	APIServer            apiServerV1Beta3 `json:"apiServer"`
	ControllerManager    componentV1Beta3 `json:"controllerManager"`
	Scheduler            componentV1Beta3 `json:"scheduler"`
	DNS                  ImageMeta        `json:"dns"`
	CertificatesDir      string           `json:"certificatesDir"`
	ImageRepository      string           `json:"imageRepository"`
	FeatureGates         map[string]bool  `json:"featureGates"`
	ClusterName          string           `json:"clusterName"`
}

type componentV1Beta3 struct {
	ExtraArgs    map[string]string `json:"extraArgs"`
	ExtraVolumes []HostPathMount   `json:"extraVolumes"`
}

type apiServerV1Beta3 struct {
	componentV1Beta3
	CertSANs               []string         `json:"certSANs"`
	TimeoutForControlPlane *metav1.Duration `json:"timeoutForControlPlane"`
}

type etcdV1Beta3 struct {
	Local    *localEtcdV1Beta3    `json:"local"`
	External *externalEtcdV1Beta3 `json:"external"`
}

type localEtcdV1Beta3 struct {
	ImageMeta
	DataDir        string            `json:"dataDir"`
	ExtraArgs      map[string]string `json:"extraArgs"`
	ServerCertSANs []string          `json:"serverCertSANs"`
	PeerCertSANs   []string          `json:"peerCertSANs"`
}

type externalEtcdV1Beta3 struct {
	Endpoints []string `json:"endpoints"`
	CAFile    string   `json:"caFile"`
	CertFile  string   `json:"certFile"`
	KeyFile   string   `json:"keyFile"`
}

type joinV1Beta3 struct {
	NodeRegistration nodeV1Beta3       `json:"nodeRegistration"`
	CACertPath       string            `json:"caCertPath"`
	Discovery        discoveryV1Beta3  `json:"discovery"`
	ControlPlane     *JoinControlPlane `json:"controlPlane"`
	SkipPhases       []string          `json:"skipPhases"`
	Patches          *Patches          `json:"patches"`
}

type discoveryV1Beta3 struct {
	BootstrapToken    *BootstrapTokenDiscovery `json:"bootstrapToken"`
	File              *FileDiscovery           `json:"file"`
	TLSBootstrapToken Secret                   `json:"tlsBootstrapToken"`
	Timeout           *metav1.Duration         `json:"timeout"`
}

// v1beta3Bundle is the kubeadm documents of a file in v1beta3.
type v1beta3Bundle struct {
	init    *initV1Beta3
	cluster *clusterV1Beta3
	join    *joinV1Beta3
}
