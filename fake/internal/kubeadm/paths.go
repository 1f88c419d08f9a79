package kubeadm

import (
	"io/fs"
	"path"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// Paths of kubeadm.
const (
	kubernetesDir = "/etc/kubernetes"
	manifests     = kubernetesDir + "/manifests"
	kubeletDir    = "/var/lib/kubelet"
	kubeletConf   = kubernetesDir + "/kubelet.conf"
	bootstrapConf = kubernetesDir + "/bootstrap-kubelet.conf"
	adminConf     = kubernetesDir + "/admin.conf"
	superConf     = kubernetesDir + "/super-admin.conf"
)

// Lifetimes of certificates and tokens.
const (
	leafValidity   = 365 * 24 * time.Hour
	caValidity     = 10 * 365 * 24 * time.Hour
	tokenTTL       = 24 * time.Hour
	uploadTokenTTL = 2 * time.Hour
)

// write puts a file of root's on the host.
func (r *run) write(name string, data []byte, mode fs.FileMode) error {
	if err := r.Ctx.Err(); err != nil {
		return err
	}
	if err := r.Host.FS.Replace(name, data, mode, vfs.Owner{}); err != nil {
		return err
	}
	if path.Dir(name) != manifests && path.Dir(name) != kubernetesDir {
		return r.Ctx.Err()
	}
	return r.Do(func() { r.Host.Changed() }) // the kubelet watches
}

func (r *run) pki(name string) string { return r.cluster.CertificatesDir + "/" + name }
