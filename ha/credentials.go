package ha

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/transport"
)

const (
	tokenDescription = "quorate: joins of one run"
	tokenGroup       = "system:bootstrappers:kubeadm:default-node-token"
	certsSecret      = "kubeadm-certs"
)

// certsMaxAge is how old uploaded certificates may be when a join begins. kubeadm's Secret lives for two hours
// (DefaultCertTokenDuration in cmd/kubeadm/app/constants) and a join takes up to 25 minutes.
const certsMaxAge = 80 * time.Minute

// credentials are what a host joins with.
type credentials struct {
	token, key kubeadmcfg.Secret
	caHash     string
}

// joinCredentials makes credentials when they are first needed and again when they get old. They live in
// this process alone: a run that is cut short leaves a token that dies by itself, and the next run makes its own.
// One caller at a time works; an upload replaces the key of the one before.
type joinCredentials struct {
	gate     gate
	now      credentials
	made     time.Time // when the token was made
	uploaded time.Time // when the certificates were uploaded
}

func newJoinCredentials() *joinCredentials { return &joinCredentials{gate: newGate()} }

// fresh returns new secrets for kubeadm init. They count once initialised says that it took them.
func (j *joinCredentials) fresh(ctx context.Context) (credentials, error) {
	leave, err := j.gate.enter(ctx)
	if err != nil {
		return credentials{}, err
	}
	defer leave()
	token, err := kubeadmcfg.NewToken(rand.Reader)
	if err != nil {
		return credentials{}, err
	}
	key, err := kubeadmcfg.NewCertificateKey(rand.Reader)
	if err != nil {
		return credentials{}, err
	}
	j.now = credentials{token: token, key: key}
	j.made, j.uploaded = time.Time{}, time.Time{}
	return j.now, nil
}

// initialised says that kubeadm init took the fresh secrets.
func (j *joinCredentials) initialised(ctx context.Context) error {
	leave, err := j.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	j.made, j.uploaded = time.Now(), time.Now()
	return nil
}

// credentialsFor returns what h joins with: a token that lives long enough, the CA's hash, and for a control
// plane certificates that are in the cluster, encrypted with the key. via is a control plane to ask.
func (r *stepRun) credentialsFor(ctx context.Context, via, h Host) (credentials, error) {
	j := r.join
	leave, err := j.gate.enter(ctx)
	if err != nil {
		return credentials{}, err
	}
	defer leave()
	kube, err := r.kubeAt(ctx, via)
	if err != nil {
		return credentials{}, err
	}
	ca, err := r.host(via.Name).mustRead(ctx, caPath)
	if err != nil {
		return credentials{}, err
	}
	if j.now.caHash, err = kubeadmcfg.CACertHash(ca); err != nil {
		return credentials{}, fmt.Errorf("%s: %s: %w", via.Name, caPath, err)
	}
	if j.made.IsZero() || time.Since(j.made) > tokenTTL/2 {
		if err := r.makeToken(ctx, kube); err != nil {
			return credentials{}, err
		}
	}
	if err := r.sign(ctx, kube); err != nil {
		return credentials{}, err
	}
	if h.Role != RoleControlPlane {
		return j.now, nil
	}
	there, err := exists(ctx, kube.CoreV1().Secrets(metav1.NamespaceSystem).Get, certsSecret)
	if err != nil {
		return credentials{}, fmt.Errorf("get secret %s: %w", certsSecret, err)
	}
	if !there || j.uploaded.IsZero() || time.Since(j.uploaded) > certsMaxAge {
		if err := r.uploadCertificates(ctx, via); err != nil {
			return credentials{}, err
		}
	}
	return j.now, nil
}

// makeToken makes a bootstrap token through the API.
func (r *stepRun) makeToken(ctx context.Context, kube *kubeClient) error {
	token, err := kubeadmcfg.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	id, secret, _ := strings.Cut(token.Reveal(), ".")
	r.hide(token)
	object := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: bootstrapapi.BootstrapTokenSecretPrefix + id, Namespace: metav1.NamespaceSystem},
		Type:       bootstrapapi.SecretTypeBootstrapToken,
		StringData: map[string]string{
			bootstrapapi.BootstrapTokenIDKey:               id,
			bootstrapapi.BootstrapTokenSecretKey:           secret,
			bootstrapapi.BootstrapTokenDescriptionKey:      tokenDescription,
			bootstrapapi.BootstrapTokenExpirationKey:       time.Now().Add(tokenTTL).UTC().Format(time.RFC3339),
			bootstrapapi.BootstrapTokenUsageAuthentication: "true",
			bootstrapapi.BootstrapTokenUsageSigningKey:     "true",
			bootstrapapi.BootstrapTokenExtraGroupsKey:      tokenGroup,
		},
	}
	if _, err := kube.CoreV1().Secrets(metav1.NamespaceSystem).Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create a bootstrap token: %w", err)
	}
	r.join.now.token, r.join.made = token, time.Now()
	return nil
}

// sign adds the token's signature to the cluster's public information, which kubeadm join trusts by it. The controller manager
// does the same, some seconds after it began, and kubeadm join looks only every five seconds. The signature is the same whoever
// makes it: a detached JWS with the token's secret (k8s.io/cluster-bootstrap).
func (r *stepRun) sign(ctx context.Context, kube *kubeClient) error {
	id, secret, _ := strings.Cut(r.join.now.token.Reveal(), ".")
	maps := kube.CoreV1().ConfigMaps(metav1.NamespacePublic)
	info, err := maps.Get(ctx, bootstrapapi.ConfigMapClusterInfo, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("sign the public information: %w", err)
	}
	key := bootstrapapi.JWSSignatureKeyPrefix + id
	if info.Data[key] != "" {
		return nil
	}
	signature, err := jws.ComputeDetachedSignature(info.Data[bootstrapapi.KubeConfigKey], id, secret)
	if err != nil {
		return fmt.Errorf("sign the public information: %w", err)
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{key: signature}})
	if err != nil {
		return err
	}
	if _, err := maps.Patch(ctx, bootstrapapi.ConfigMapClusterInfo, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("sign the public information: %w", err)
	}
	return nil
}

// uploadCertificates has kubeadm put the shared certificates into the cluster again, encrypted with a new key.
func (r *stepRun) uploadCertificates(ctx context.Context, via Host) error {
	key, err := kubeadmcfg.NewCertificateKey(rand.Reader)
	if err != nil {
		return err
	}
	r.hide(key)
	bundle := r.cluster.spec.initBundle(via, r.join.now.token, key)
	bundle.Kubelet, bundle.KubeProxy = nil, nil
	text, err := kubeadmcfg.Render(bundle, r.cluster.version)
	if err != nil {
		return err
	}
	conn := r.host(via.Name)
	if err := conn.write(ctx, transport.File{Path: certsConfigPath, Data: text, Mode: 0o600}); err != nil {
		return err
	}
	err = conn.stream(ctx, r.report, "kubeadm", "init", "phase", "upload-certs", "--upload-certs", "--config", certsConfigPath)
	if _, rmErr := conn.run(ctx, "rm", "-f", certsConfigPath); err == nil {
		err = rmErr
	}
	if err != nil {
		return fmt.Errorf("upload the control plane's certificates: %w", r.redactError(err))
	}
	r.join.now.key, r.join.uploaded = key, time.Now()
	return nil
}

// revokeToken deletes the token of this session, if it made one.
func (s *session) revokeToken(ctx context.Context) error {
	leave, err := s.join.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if s.join.made.IsZero() {
		return nil
	}
	id, ok := kubeadmcfg.TokenID(s.join.now.token)
	if !ok {
		return nil
	}
	err = errNoControlPlane
	for _, h := range s.cluster.spec.byRole(RoleControlPlane) {
		var kube *kubeClient
		if kube, err = s.kubeAt(ctx, h); err != nil {
			continue
		}
		err = kube.CoreV1().Secrets(metav1.NamespaceSystem).Delete(ctx, bootstrapapi.BootstrapTokenSecretPrefix+id, metav1.DeleteOptions{})
		if ok, notFound := found(err); ok || notFound == nil {
			s.join.made = time.Time{}
			return nil
		}
	}
	return fmt.Errorf("ha: revoke the bootstrap token: %w", err)
}

// hide has a secret shown as [redacted] wherever a command prints it.
func (s *session) hide(secrets ...kubeadmcfg.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append(s.hidden, secrets...)
}

// redact replaces the session's secrets in text.
func (s *session) redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.hidden {
		if value := secret.Reveal(); value != "" {
			text = strings.ReplaceAll(text, value, secret.String())
		}
	}
	return text
}

// redactError returns err without the session's secrets: they are taken out of what failed commands were called with and
// wrote, wherever in the tree of err they are, and out of texts that were wrapped around them before.
func (s *session) redactError(err error) error {
	if err == nil {
		return nil
	}
	s.redactLeaves(err)
	if text := s.redact(err.Error()); text != err.Error() {
		return &redactedError{text: text, err: err}
	}
	return err
}

func (s *session) redactLeaves(err error) {
	if exit, ok := err.(*transport.ExitError); ok {
		exit.Stdout, exit.Stderr = []byte(s.redact(string(exit.Stdout))), []byte(s.redact(string(exit.Stderr)))
		argv := make([]string, len(exit.Argv))
		for i, arg := range exit.Argv {
			argv[i] = s.redact(arg)
		}
		exit.Argv = argv
	}
	switch tree := err.(type) {
	case interface{ Unwrap() error }:
		s.redactLeaves(tree.Unwrap())
	case interface{ Unwrap() []error }:
		for _, branch := range tree.Unwrap() {
			s.redactLeaves(branch)
		}
	}
}

// redactedError is an error whose text held a secret.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error as it was, its leaves redacted.
func (e *redactedError) Unwrap() error { return e.err }
