package kubeadmcfg_test

import (
	"fmt"
	"net/netip"

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

func ExampleLint() {
	v := kubeadmcfg.Version{Major: 1, Minor: 37}
	b := kubeadmcfg.Bundle{Cluster: &kubeadmcfg.ClusterConfiguration{KubernetesVersion: "v1.37.0", ControlPlaneEndpoint: "10.0.0.11:16443"}}
	environment := kubeadmcfg.Environment{Hosts: []kubeadmcfg.HostFacts{
		{Name: "cp1", ControlPlane: true, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.11")}},
		{Name: "cp2", ControlPlane: true, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.12")}},
	}}
	for _, f := range kubeadmcfg.Lint(b, v, environment) {
		fmt.Println(f)
	}
	// Output:
	// KC001 error: ClusterConfiguration.controlPlaneEndpoint: 10.0.0.11 is the control plane cp1: without it nobody reaches the others
	// KC002 error: hosts: 2 control planes, 2 etcd members, of which none more may fail than of 1
}

func ExampleConvert() {
	old := []byte(`apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
apiServer:
  timeoutForControlPlane: 5m0s
`)
	file, _, err := kubeadmcfg.Convert(old, kubeadmcfg.V1Beta4, kubeadmcfg.ConvertOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(file))
	// Output:
	// apiVersion: kubeadm.k8s.io/v1beta4
	// kind: InitConfiguration
	// timeouts:
	//   controlPlaneComponentHealthCheck: "5m0s"
	// ---
	// apiVersion: kubeadm.k8s.io/v1beta4
	// kind: ClusterConfiguration
}
