package kubeadmcfg_test

import (
	"fmt"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func ExampleRenderRedacted() {
	v, err := kubeadmcfg.ParseVersion("1.37.2")
	if err != nil {
		panic(err)
	}
	file, err := kubeadmcfg.RenderRedacted(kubeadmcfg.Bundle{
		Init: &kubeadmcfg.InitConfiguration{
			NodeRegistration: kubeadmcfg.NodeRegistrationOptions{Name: "cp1"},
			CertificateKey:   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		},
		Cluster: &kubeadmcfg.ClusterConfiguration{
			KubernetesVersion:    v.String(),
			ControlPlaneEndpoint: "api.prod.internal:16443",
			APIServer:            kubeadmcfg.APIServer{CertSANs: []string{"127.0.0.1"}},
		},
	}, v)
	if err != nil {
		panic(err)
	}
	fmt.Print(string(file))
	// Output:
	// apiVersion: kubeadm.k8s.io/v1beta4
	// kind: InitConfiguration
	// nodeRegistration:
	//   name: cp1
	// certificateKey: "[redacted]"
	// ---
	// apiVersion: kubeadm.k8s.io/v1beta4
	// kind: ClusterConfiguration
	// kubernetesVersion: v1.37.2
	// controlPlaneEndpoint: api.prod.internal:16443
	// apiServer:
	//   certSANs:
	//     - "127.0.0.1"
}
