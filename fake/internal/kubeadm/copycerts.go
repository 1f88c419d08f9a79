package kubeadm

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// shared are the files that every control plane has the same: key in the Secret, file, mode.
var shared = []struct {
	key, file string
	mode      fs.FileMode
}{
	{"ca.crt", "ca.crt", 0o644}, {"ca.key", "ca.key", 0o600}, {"front-proxy-ca.crt", "front-proxy-ca.crt", 0o644}, {"front-proxy-ca.key", "front-proxy-ca.key", 0o600},
	{"sa.pub", "sa.pub", 0o600}, {"sa.key", "sa.key", 0o600}, {"etcd-ca.crt", "etcd/ca.crt", 0o644}, {"etcd-ca.key", "etcd/ca.key", 0o600},
}

func gcm(hexKey string) (cipher.AEAD, error) {
	key, err := hex.DecodeString(hexKey)
	if err != nil {
		return nil, fmt.Errorf("error decoding certificate key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// uploadCerts puts the shared files, encrypted, into kubeadm-certs, owned by a new token of two hours.
func (r *run) uploadCerts(c *connection, key kubeadmcfg.Secret) error {
	r.Printf("[upload-certs] Storing the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace\n")
	aead, err := gcm(key.Reveal())
	if err != nil {
		return err
	}
	data := map[string][]byte{}
	for _, f := range shared {
		plain, err := r.Host.FS.Read(r.pki(f.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		nonce := make([]byte, aead.NonceSize())
		if _, err := rand.Read(nonce); err != nil {
			return err
		}
		data[f.key] = aead.Seal(nonce, nonce, plain, nil)
	}
	token, err := kubeadmcfg.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	bt := kubeadmcfg.BootstrapToken{Token: token, Description: "Proxy for managing TTL for the kubeadm-certs secret", TTL: &metav1.Duration{Duration: uploadTokenTTL}}
	if err := r.createToken(c, bt); err != nil {
		return err
	}
	id, _ := kubeadmcfg.TokenID(token)
	return r.retry(func(ctx context.Context) error {
		owner, err := c.CoreV1().Secrets("kube-system").Get(ctx, "bootstrap-token-"+id, metav1.GetOptions{})
		if err != nil {
			return err
		}
		yes := true
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "kubeadm-certs", Namespace: "kube-system", OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Secret", Name: owner.Name, UID: owner.UID, Controller: &yes, BlockOwnerDeletion: &yes}}}, Data: data}
		secrets := c.CoreV1().Secrets("kube-system")
		if err := ensure(ctx, func(ctx context.Context) (*corev1.Secret, error) {
			return secrets.Create(ctx, s, metav1.CreateOptions{})
		}, func(ctx context.Context) (*corev1.Secret, error) {
			return secrets.Update(ctx, s, metav1.UpdateOptions{})
		}); err != nil {
			return err
		}
		return allow(ctx, c, "kube-system", "kubeadm:kubeadm-certs", rule([]string{"get"}, []string{"secrets"}, "kubeadm-certs"), tokenGroup)
	})
}

// downloadCerts takes the shared files out of kubeadm-certs.
func (r *run) downloadCerts() error {
	key := r.join.ControlPlane.CertificateKey.Reveal()
	if key == "" {
		return nil
	}
	r.Printf("[download-certs] Downloading the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace\n")
	aead, err := gcm(key)
	if err != nil {
		return err
	}
	c, err := r.info.client(r)
	if err != nil {
		return err
	}
	defer c.close()
	var secret *corev1.Secret
	err = r.retry(func(ctx context.Context) (err error) {
		secret, err = c.CoreV1().Secrets("kube-system").Get(ctx, "kubeadm-certs", metav1.GetOptions{})
		return err
	})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("error downloading certs: error downloading the secret: Secret \"kubeadm-certs\" was not found in the \"kube-system\" Namespace. This Secret might have expired. Please, run `kubeadm init phase upload-certs --upload-certs` on a control plane to generate a new one")
	}
	if err != nil {
		return fmt.Errorf("error downloading certs: error downloading the secret: %w", err)
	}
	for _, f := range shared {
		sealed, ok := secret.Data[f.key]
		if !ok || len(sealed) < aead.NonceSize() {
			return fmt.Errorf("error downloading certs: the Secret does not include the required certificate or key - name: %s, path: %s", f.key, r.pki(f.file))
		}
		plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
		if err != nil {
			return fmt.Errorf("error downloading certs: error decoding secret data with provided key: %w", err)
		}
		if err := r.write(r.pki(f.file), plain, f.mode); err != nil {
			return err
		}
	}
	return r.Sleep(200 * time.Millisecond)
}
