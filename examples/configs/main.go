// Command configs prints the files that a cluster needs, made with the two pure packages alone:
// kubeadm's configuration for the first control plane and for one that joins, the balancer's nginx
// file and its systemd unit. Nothing is read, contacted or changed.
//
//	go run ./examples/configs
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"

	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/lbconfig"
)

const endpoint = "api.prod.internal:16443"

func main() {
	if err := run(os.Stdout, rand.Reader); err != nil {
		log.Fatal(err)
	}
}

// run writes the files to out, with credentials made from random and shown as [redacted].
func run(out io.Writer, random io.Reader) error {
	version, err := kubeadmcfg.ParseVersion("v1.37.2")
	if err != nil {
		return err
	}
	token, err := kubeadmcfg.NewToken(random)
	if err != nil {
		return err
	}
	key, err := kubeadmcfg.NewCertificateKey(random)
	if err != nil {
		return err
	}
	balancer := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.11:6443"),
		netip.MustParseAddrPort("10.0.0.12:6443"),
		netip.MustParseAddrPort("10.0.0.13:6443"),
	}})
	if err := balancer.Validate(); err != nil {
		return err
	}
	nginx, err := balancer.Render()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name   string
		bundle kubeadmcfg.Bundle
	}{
		{"kubeadm-init.yaml, on cp1", first(version, token, key)},
		{"kubeadm-join.yaml, on cp2", second(token, key)},
	} {
		if err := kubeadmcfg.Validate(f.bundle, version); err != nil {
			return err
		}
		// RenderRedacted is for looking at; Render writes the file that kubeadm reads.
		file, err := kubeadmcfg.RenderRedacted(f.bundle, version)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "##### %s\n%s\n", f.name, file)
	}
	fmt.Fprintf(out, "##### %s, on every host\n%s\n", lbconfig.DefaultConfigPath, nginx)
	_, err = fmt.Fprintf(out, "##### /etc/systemd/system/%s, on every host\n%s", lbconfig.UnitName, lbconfig.ServiceUnit(lbconfig.UnitOptions{}))
	return err
}

// first is what `kubeadm init --upload-certs` is given on the first control plane.
func first(version kubeadmcfg.Version, token, key kubeadmcfg.Secret) kubeadmcfg.Bundle {
	return kubeadmcfg.Bundle{
		Init: &kubeadmcfg.InitConfiguration{
			BootstrapTokens:  []kubeadmcfg.BootstrapToken{{Token: token}},
			NodeRegistration: kubeadmcfg.NodeRegistrationOptions{Name: "cp1", CRISocket: version.CRISocket(kubeadmcfg.Containerd)},
			LocalAPIEndpoint: kubeadmcfg.APIEndpoint{AdvertiseAddress: "10.0.0.11"},
			CertificateKey:   key,
		},
		Cluster: &kubeadmcfg.ClusterConfiguration{
			KubernetesVersion:    version.String(),
			ControlPlaneEndpoint: endpoint,
			Networking:           kubeadmcfg.Networking{PodSubnet: "10.244.0.0/16", ServiceSubnet: "10.96.0.0/12"},
			APIServer:            kubeadmcfg.APIServer{CertSANs: []string{"127.0.0.1", "localhost"}},
		},
		Kubelet:   &kubeletv1beta1.KubeletConfiguration{CgroupDriver: "systemd"},
		KubeProxy: &proxyv1alpha1.KubeProxyConfiguration{Mode: "nftables"},
	}
}

// second is what `kubeadm join` is given on another control plane.
func second(token, key kubeadmcfg.Secret) kubeadmcfg.Bundle {
	return kubeadmcfg.Bundle{Join: &kubeadmcfg.JoinConfiguration{
		NodeRegistration: kubeadmcfg.NodeRegistrationOptions{Name: "cp2"},
		Discovery: kubeadmcfg.Discovery{BootstrapToken: &kubeadmcfg.BootstrapTokenDiscovery{
			Token:             token,
			APIServerEndpoint: endpoint,
			// kubeadmcfg.CACertHash gives this from the first control plane's ca.crt.
			CACertHashes: []string{"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		}},
		ControlPlane: &kubeadmcfg.JoinControlPlane{
			LocalAPIEndpoint: kubeadmcfg.APIEndpoint{AdvertiseAddress: "10.0.0.12"},
			CertificateKey:   key,
		},
	}}
}
