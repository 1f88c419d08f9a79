package kubeadm

import (
	"crypto/x509"
	"fmt"
	"net"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/ctrl"
	"github.com/quorate-dev/quorate/fake/internal/pki"
	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// authority makes a CA, or reads the one that is there.
func (r *run) authority(base, name string) (*pki.CA, error) {
	cert, err1 := r.Host.FS.Read(r.pki(base + ".crt"))
	key, err2 := r.Host.FS.Read(r.pki(base + ".key"))
	if err1 == nil && err2 == nil {
		return pki.ParseCA(cert, key)
	}
	if r.join != nil {
		return nil, fmt.Errorf("failure loading certificate for CA: couldn't load the certificate file %s.crt", r.pki(base))
	}
	validity := caValidity
	if d := r.cluster.CACertificateValidityPeriod; d != nil {
		validity = d.Duration
	}
	ca, err := pki.NewCA(name, r.Now(), validity)
	if err != nil {
		return nil, err
	}
	r.Printf("[certs] Generating %q certificate and key\n", base)
	if err := r.write(r.pki(base+".crt"), ca.CertPEM, 0o644); err != nil {
		return nil, err
	}
	return ca, r.write(r.pki(base+".key"), ca.KeyPEM, 0o600)
}

func (r *run) validity() time.Duration {
	if d := r.cluster.CertificateValidityPeriod; d != nil {
		return d.Duration
	}
	return leafValidity
}

// leaf makes a certificate where there is none.
func (r *run) leaf(ca *pki.CA, base string, l pki.Leaf) error {
	if r.Host.FS.Exists(r.pki(base+".crt")) && r.Host.FS.Exists(r.pki(base+".key")) {
		r.Printf("[certs] Using the existing %q certificate and key\n", base)
		return nil
	}
	l.Validity = r.validity()
	cert, key, err := ca.Sign(l, r.Now())
	if err != nil {
		return err
	}
	r.Printf("[certs] Generating %q certificate and key\n", base)
	if err := r.write(r.pki(base+".crt"), cert, 0o644); err != nil {
		return err
	}
	return r.write(r.pki(base+".key"), key, 0o600)
}

var (
	serverUse = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	clientUse = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	bothUse   = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
)

// sans are the names that the API server's certificate is valid for.
func (r *run) sans() []string {
	domain := r.cluster.Networking.DNSDomain
	out := []string{r.node.Name, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + domain, firstAddress(r.cluster.Networking.ServiceSubnet, 1), r.endpoint.AdvertiseAddress}
	if e := r.cluster.ControlPlaneEndpoint; e != "" {
		host, _, err := net.SplitHostPort(e)
		if err != nil {
			host = e
		}
		out = append(out, host)
	}
	return append(out, r.cluster.APIServer.CertSANs...)
}

// certs writes every certificate of a control plane.
func (r *run) certs() error {
	r.Printf("[certs] Using certificateDir folder %q\n", r.cluster.CertificatesDir)
	ca, err := r.authority("ca", "kubernetes")
	if err != nil {
		return err
	}
	front, err := r.authority("front-proxy-ca", "front-proxy-ca")
	if err != nil {
		return err
	}
	etcd, err := r.authority("etcd/ca", "etcd-ca")
	if err != nil {
		return err
	}
	group := "kubeadm:cluster-admins"
	if !r.version.HasSuperAdmin() {
		group = "system:masters"
	}
	local := []string{r.node.Name, "localhost", r.endpoint.AdvertiseAddress, "127.0.0.1", "::1"}
	for _, c := range []struct {
		ca   *pki.CA
		base string
		leaf pki.Leaf
	}{
		{ca, "apiserver", pki.Leaf{CommonName: "kube-apiserver", Hosts: r.sans(), Usages: serverUse}},
		{ca, "apiserver-kubelet-client", pki.Leaf{CommonName: "kube-apiserver-kubelet-client", Organization: []string{group}, Usages: clientUse}},
		{front, "front-proxy-client", pki.Leaf{CommonName: "front-proxy-client", Usages: clientUse}},
		{etcd, "etcd/server", pki.Leaf{CommonName: r.node.Name, Hosts: append(local, r.cluster.Etcd.Local.ServerCertSANs...), Usages: bothUse}},
		{etcd, "etcd/peer", pki.Leaf{CommonName: r.node.Name, Hosts: append(local, r.cluster.Etcd.Local.PeerCertSANs...), Usages: bothUse}},
		{etcd, "etcd/healthcheck-client", pki.Leaf{CommonName: "kube-etcd-healthcheck-client", Usages: clientUse}},
		{etcd, "apiserver-etcd-client", pki.Leaf{CommonName: "kube-apiserver-etcd-client", Usages: clientUse}},
	} {
		if err := r.leaf(c.ca, c.base, c.leaf); err != nil {
			return err
		}
	}
	return r.serviceAccountKey()
}

func (r *run) serviceAccountKey() error {
	if r.Host.FS.Exists(r.pki("sa.key")) {
		return nil
	}
	if r.join != nil {
		return fmt.Errorf("failure loading key for service account: couldn't load the private key file %s", r.pki("sa.key"))
	}
	key, keyPEM, err := pki.NewKey()
	if err != nil {
		return err
	}
	pub, err := pki.PublicPEM(key)
	if err != nil {
		return err
	}
	r.Printf("[certs] Generating \"sa\" key and public key\n")
	if err := r.write(r.pki("sa.key"), keyPEM, 0o600); err != nil {
		return err
	}
	return r.write(r.pki("sa.pub"), pub, 0o600)
}

// kubeconfigs writes the kubeconfig files of a control plane. withKubelet is for init: a joining
// kubelet gets its own by bootstrapping.
func (r *run) kubeconfigs(withKubelet bool) error {
	r.Printf("[kubeconfig] Using kubeconfig folder %q\n", kubernetesDir)
	ca, err := r.authority("ca", "kubernetes")
	if err != nil {
		return err
	}
	endpoint, local := r.controlPlaneServer(), r.localServer()
	kubeletServer := endpoint
	if r.localMode() {
		kubeletServer = local
	}
	type file struct {
		path, user, server string
		groups             []string
		clientName         string
	}
	adminGroup := "kubeadm:cluster-admins"
	if !r.version.HasSuperAdmin() {
		adminGroup = "system:masters"
	}
	files := []file{{adminConf, "kubernetes-admin", endpoint, []string{adminGroup}, "kubernetes-admin"}}
	if withKubelet {
		if r.version.HasSuperAdmin() {
			files = append(files, file{superConf, "kubernetes-super-admin", endpoint, []string{"system:masters"}, "kubernetes-super-admin"})
		}
		files = append(files, file{kubeletConf, "system:node:" + r.node.Name, kubeletServer, []string{"system:nodes"}, "system:node:" + r.node.Name})
	}
	files = append(files, file{kubernetesDir + "/controller-manager.conf", "system:kube-controller-manager", local, nil, "system:kube-controller-manager"},
		file{kubernetesDir + "/scheduler.conf", "system:kube-scheduler", local, nil, "system:kube-scheduler"})
	for _, f := range files {
		if r.Host.FS.Exists(f.path) {
			continue
		}
		cert, key, err := ca.Sign(pki.Leaf{CommonName: f.clientName, Organization: f.groups, Usages: clientUse, Validity: r.validity()}, r.Now())
		if err != nil {
			return err
		}
		out, err := pki.Kubeconfig(r.cluster.ClusterName, f.server, f.user, ca.CertPEM, cert, key, "")
		if err != nil {
			return err
		}
		r.Printf("[kubeconfig] Writing %q kubeconfig file\n", f.path[len(kubernetesDir)+1:])
		if err := r.write(f.path, out, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// kubeletFinalize makes kubelet.conf point to the certificate that the kubelet rotates.
func (r *run) kubeletFinalize() error {
	data, err := r.Host.FS.Read(r.pki("ca.crt"))
	if err != nil {
		return err
	}
	ca, err := r.authority("ca", "kubernetes")
	if err != nil {
		return err
	}
	cert, key, err := ca.Sign(pki.Leaf{CommonName: "system:node:" + r.node.Name, Organization: []string{"system:nodes"}, Usages: clientUse, Validity: leafValidity}, r.Now())
	if err != nil {
		return err
	}
	if err := r.Host.FS.Replace(ctrl.ClientCert, append(cert, key...), 0o600, vfs.Owner{}); err != nil {
		return err
	}
	server := r.controlPlaneServer()
	if r.localMode() {
		server = r.localServer()
	}
	out, err := ctrl.NodeKubeconfig(server, data)
	if err != nil {
		return err
	}
	r.Printf("[kubelet-finalize] Updating %q to point to a rotatable kubelet client certificate and key\n", kubeletConf)
	return r.write(kubeletConf, out, 0o600)
}
