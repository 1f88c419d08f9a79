package kubeadm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// conflictIsTemporary makes a write that lost against another one worth another try.
func conflictIsTemporary(err error) error {
	if apierrors.IsConflict(err) {
		return errors.New(err.Error())
	}
	return err
}

// localMode says whether the kubelet of a control plane uses its own API server.
func (r *run) localMode() bool {
	switch r.version.KubeletLocalMode() {
	case kubeadmcfg.StageDefault, kubeadmcfg.StageLocked:
		on, set := r.cluster.FeatureGates["ControlPlaneKubeletLocalMode"]
		return !set || on
	case kubeadmcfg.StageOptIn:
		return r.cluster.FeatureGates["ControlPlaneKubeletLocalMode"]
	}
	return false
}

// prepareInit reads the configuration of init and its phases.
func (r *run) prepareInit() error {
	if err := r.load(); err != nil {
		return err
	}
	b := &r.bundle
	if b.Init == nil {
		b.Init = &kubeadmcfg.InitConfiguration{}
	}
	if b.Cluster != nil {
		r.cluster = *b.Cluster
	}
	clusterDefaults(&r.cluster, r.version)
	if r.cluster.Etcd.External != nil {
		r.Host.Unsupported("kubeadm init with external etcd")
		return errors.New("external etcd is not simulated")
	}
	if b.Init.Patches != nil || b.Init.DryRun {
		r.Host.Unsupported("kubeadm init with patches or dryRun")
	}
	r.timeouts = newTimeouts(b.Init.Timeouts)
	return r.defaults(b.Init.NodeRegistration, b.Init.LocalAPIEndpoint)
}

// admin connects as the cluster's administrator: from 1.37 on to the local API server, before
// through the endpoint.
func (r *run) admin() (*connection, error) {
	file, server := adminConf, ""
	if r.version.HasSuperAdmin() && r.Host.FS.Exists(superConf) {
		file = superConf
	}
	if !r.version.InitNeedsEndpoint() {
		server = r.localServer()
	}
	return r.connectFile(file, server)
}

// withAdmin makes a phase of a function that needs the API.
func (r *run) withAdmin(do func(*connection) error) func() error {
	return func() error {
		c, err := r.admin()
		if err != nil {
			return err
		}
		defer c.close()
		return do(c)
	}
}

func (r *run) init() error {
	if err := r.prepareInit(); err != nil {
		return err
	}
	r.Printf("[init] Using Kubernetes version: %s\n", r.cluster.KubernetesVersion)
	list := []named{
		{"preflight", 300 * time.Millisecond, func() error {
			if err := r.preflight(func(c *checks) { c.common(); c.controlPlane() }); err != nil {
				return err
			}
			return r.pullImages()
		}},
		{"certs", 400 * time.Millisecond, r.certs},
		{"kubeconfig", 200 * time.Millisecond, func() error { return r.kubeconfigs(true) }},
		{"etcd", 50 * time.Millisecond, func() error {
			r.Printf("[etcd] Creating static Pod manifest for local etcd in %q\n", manifests)
			return r.etcdManifest(nil)
		}},
		{"control-plane", 50 * time.Millisecond, r.controlPlaneManifests},
		{"kubelet-start", 300 * time.Millisecond, func() error { return r.startKubelet(r.kubeletConfig, false) }},
		{"wait-control-plane", 0, r.waitControlPlane},
		{"upload-config", 100 * time.Millisecond, r.withAdmin(func(c *connection) error { return r.uploadConfig(c) })},
		{"upload-certs", 100 * time.Millisecond, r.withAdmin(func(c *connection) error {
			if r.flags["upload-certs"] != "true" {
				r.Printf("[upload-certs] Skipping phase. Please see --upload-certs\n")
				return nil
			}
			return r.uploadCerts(c, r.certificateKey())
		})},
		{"mark-control-plane", 100 * time.Millisecond, r.withAdmin(func(c *connection) error { return r.markControlPlane(c) })},
		{"bootstrap-token", 200 * time.Millisecond, r.withAdmin(func(c *connection) error { return r.bootstrapTokens(c) })},
		{"kubelet-finalize", 50 * time.Millisecond, r.kubeletFinalize},
		{"addon", 300 * time.Millisecond, r.withAdmin(func(c *connection) error { return r.addons(c) })},
		{"show-join-command", 0, func() error {
			r.Printf("\nYour Kubernetes control-plane has initialized successfully!\n")
			return nil
		}},
	}
	return r.phases("init", r.bundle.Init.SkipPhases, list)
}

// certificateKey is the configured key, or a new one that is printed.
func (r *run) certificateKey() kubeadmcfg.Secret {
	key := r.bundle.Init.CertificateKey
	if k := r.flags["certificate-key"]; k != "" {
		key = kubeadmcfg.Secret(k)
	}
	if key == "" {
		key, _ = kubeadmcfg.NewCertificateKey(rand.Reader) // crypto/rand does not fail
		r.bundle.Init.CertificateKey = key
		r.Printf("[upload-certs] Using certificate key:\n%s\n", key.Reveal())
	}
	return key
}

func (r *run) uploadCertsPhase() error {
	if err := r.prepareInit(); err != nil {
		return err
	}
	if r.flags["upload-certs"] != "true" {
		r.Printf("[upload-certs] Skipping phase. Please see --upload-certs\n")
		return nil
	}
	return r.phases("init", nil, []named{{"upload-certs", 200 * time.Millisecond, func() error {
		c, err := r.connectFile(adminConf, "")
		if err != nil {
			return err
		}
		defer c.close()
		return r.uploadCerts(c, r.certificateKey())
	}}})
}

// waitControlPlane waits for the kubelet and for the API server, then makes the administrator one.
func (r *run) waitControlPlane() error {
	if err := r.waitKubelet(); err != nil {
		return err
	}
	r.Printf("[control-plane-check] Waiting for healthy control plane components. This can take up to %v\n", r.timeouts.controlPlane)
	c, err := r.admin()
	if err != nil {
		return err
	}
	defer c.close()
	err = r.Poll(r.timeouts.controlPlane, 500*time.Millisecond, func(ctx context.Context) (bool, error) {
		if err := ready(ctx, c); err != nil {
			return false, err
		}
		return r.componentsUp(), fmt.Errorf("kube-controller-manager or kube-scheduler is not healthy")
	})
	if err != nil && !r.componentsUp() {
		r.Printf("\nA control plane component may have crashed or exited when started by the container runtime.\n")
		return fmt.Errorf("failed while waiting for the control plane to start: %w%s", err, r.componentFailures())
	}
	if !r.version.HasSuperAdmin() {
		return nil
	}
	return r.retry(func(ctx context.Context) error {
		return bind(ctx, c, "kubeadm:cluster-admins", "cluster-admin", "kubeadm:cluster-admins")
	})
}

// ready asks an API server for /readyz.
func ready(ctx context.Context, c *connection) error {
	var code int
	err := c.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&code).Error()
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("/readyz answers %d", code)
	}
	return err
}

var components = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}

func (r *run) componentsUp() bool {
	up := true
	_ = r.Do(func() {
		for _, name := range components[1:] {
			up = up && r.control.Node(r.Host).Component(name)
		}
	}) // a killed command is found out by who polls
	return up
}

// componentFailures is what the components' logs would say.
func (r *run) componentFailures() string {
	var out strings.Builder
	_ = r.Do(func() {
		for _, name := range components {
			if f := r.control.Node(r.Host).Failure(name); f != "" {
				fmt.Fprintf(&out, "; %s: %s", name, f)
			}
		}
	}) // as above
	return out.String()
}

func (r *run) waitKubelet() error {
	r.Printf("[kubelet-check] Waiting for a healthy kubelet at http://127.0.0.1:10248/healthz. This can take up to %v\n", r.timeouts.kubelet)
	err := r.Poll(r.timeouts.kubelet, time.Second, func(context.Context) (bool, error) {
		var up bool
		if err := r.Do(func() { up = r.Host.NIC.Reach("tcp", "127.0.0.1:10248") != nil }); err != nil {
			return true, err
		}
		if !up {
			return false, errors.New("the kubelet is not healthy: dial tcp 127.0.0.1:10248: connect: connection refused")
		}
		return true, nil
	})
	if err != nil {
		r.Printf("\nThe kubelet is not running\n")
	}
	return err
}

// node of this host as the API has it.
func nodeExists(ctx context.Context, c *connection, name string) (bool, error) {
	_, err := c.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
