package kubeadm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/fake/internal/ctrl"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func (r *run) joinCluster() error {
	if err := r.load(); err != nil {
		return err
	}
	if r.join = r.bundle.Join; r.join == nil {
		return validationError(errors.New("no InitConfiguration or JoinConfiguration kind was found in the YAML file"))
	}
	if r.join.Patches != nil || r.join.DryRun {
		r.Host.Unsupported("kubeadm join with patches or dryRun")
	}
	r.timeouts = newTimeouts(r.join.Timeouts)
	local := kubeadmcfg.APIEndpoint{}
	if r.join.ControlPlane != nil {
		local = r.join.ControlPlane.LocalAPIEndpoint
	}
	if err := r.defaults(r.join.NodeRegistration, local); err != nil {
		return err
	}
	r.cluster.CertificatesDir = "/etc/kubernetes/pki"
	return r.phases("join", r.join.SkipPhases, r.joinPhases())
}

func (r *run) joinPhases() []named {
	list := []named{{"preflight", 300 * time.Millisecond, r.joinPreflight}}
	if r.join.ControlPlane == nil {
		return append(list, named{"kubelet-start", 300 * time.Millisecond, r.joinKubelet}, named{"kubelet-wait-bootstrap", 0, r.waitBootstrap})
	}
	list = append(list,
		named{"control-plane-prepare/download-certs", 100 * time.Millisecond, r.downloadCerts},
		named{"control-plane-prepare/certs", 400 * time.Millisecond, r.certs},
		named{"control-plane-prepare/kubeconfig", 200 * time.Millisecond, func() error { return r.kubeconfigs(false) }},
		named{"control-plane-prepare/control-plane", 50 * time.Millisecond, r.controlPlaneManifests},
		named{"check-etcd", 100 * time.Millisecond, r.checkEtcd},
		named{"kubelet-start", 300 * time.Millisecond, r.joinKubelet},
	)
	if r.version.AtLeast(32) { // the member joins before the kubelet needs its API server
		list = append(list, named{"etcd-join", 200 * time.Millisecond, r.joinEtcd}, named{"kubelet-wait-bootstrap", 0, r.waitBootstrap})
	} else {
		list = append(list, named{"kubelet-wait-bootstrap", 0, r.waitBootstrap}, named{"control-plane-join/etcd", 200 * time.Millisecond, r.joinEtcd})
	}
	list = append(list, named{"control-plane-join/mark-control-plane", 100 * time.Millisecond, func() error {
		c, err := r.connectFile(adminConf, "")
		if err != nil {
			return err
		}
		defer c.close()
		return r.markControlPlane(c)
	}})
	if r.version.AtLeast(31) {
		list = append(list, named{"wait-control-plane", 0, r.waitJoined})
	}
	return list
}

// joinPreflight checks the host, finds the cluster and reads its configuration.
func (r *run) joinPreflight() error {
	err := r.preflight(func(c *checks) {
		c.absent(kubeletConf)
		c.absent(bootstrapConf)
		c.common()
		if r.join.ControlPlane == nil {
			c.absent("/etc/kubernetes/pki/ca.crt")
		}
	})
	if err != nil {
		return err
	}
	if r.info, err = r.discover(); err != nil {
		return err
	}
	r.Printf("[preflight] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...\n")
	c, err := r.info.client(r)
	if err != nil {
		return err
	}
	defer c.close()
	var cm *corev1.ConfigMap
	if err := r.retry(func(ctx context.Context) (err error) {
		cm, err = c.CoreV1().ConfigMaps("kube-system").Get(ctx, "kubeadm-config", metav1.GetOptions{})
		return err
	}); err != nil {
		return fmt.Errorf("unable to fetch the kubeadm-config ConfigMap: %w", err)
	}
	if err := r.readCluster(cm); err != nil {
		return err
	}
	if r.join.ControlPlane == nil {
		return nil
	}
	if r.cluster.ControlPlaneEndpoint == "" {
		//lint:ignore ST1005 the words are those of the real program, which callers see
		return errors.New("One or more conditions for hosting a new control plane instance is not satisfied.\n\n[unable to add a new control plane instance to a cluster that doesn't have a stable controlPlaneEndpoint address]\n\nPlease ensure that:\n* The cluster has a stable controlPlaneEndpoint address.\n* The certificates that must be shared among control plane instances are provided.")
	}
	if r.join.ControlPlane.CertificateKey == "" {
		for _, f := range shared {
			if !r.Host.FS.Exists(r.pki(f.file)) {
				//lint:ignore ST1005 the words are those of the real program, which callers see
				return fmt.Errorf("One or more conditions for hosting a new control plane instance is not satisfied.\n\n[failure loading certificate: couldn't load the file %s]", r.pki(f.file))
			}
		}
	}
	if err := r.preflight(func(c *checks) { c.controlPlane() }); err != nil {
		return err
	}
	return r.pullImages()
}

func (r *run) readCluster(cm *corev1.ConfigMap) error {
	b, err := kubeadmcfg.Parse([]byte(cm.Data["ClusterConfiguration"]))
	if err != nil || b.Cluster == nil {
		return fmt.Errorf("failed to decode cluster configuration data: %w", err)
	}
	r.cluster = *b.Cluster
	clusterDefaults(&r.cluster, r.version)
	return nil
}

// joinKubelet writes the bootstrap kubeconfig and the kubelet's configuration and starts it.
func (r *run) joinKubelet() error {
	c, err := r.info.client(r)
	if err != nil {
		return err
	}
	defer c.close()
	name := "kubelet-config"
	if !r.version.AtLeast(24) {
		name = fmt.Sprintf("kubelet-config-%d.%d", r.version.Major, r.version.Minor)
	}
	var cm *corev1.ConfigMap
	if err := r.retry(func(ctx context.Context) (err error) {
		cm, err = c.CoreV1().ConfigMaps("kube-system").Get(ctx, name, metav1.GetOptions{})
		return err
	}); err != nil {
		return err
	}
	var config kubeletv1beta1.KubeletConfiguration
	if err := yaml.Unmarshal([]byte(cm.Data["kubelet"]), &config); err != nil {
		return err
	}
	// a Ready Node of this name is somebody else's
	if err := r.retry(func(ctx context.Context) error {
		node, err := c.CoreV1().Nodes().Get(ctx, r.node.Name, metav1.GetOptions{})
		if err != nil {
			return notFoundIsFine(err)
		}
		for _, cond := range node.Status.Conditions {
			if cond.Type == corev1.NodeReady && cond.Status == corev1.ConditionTrue {
				return fatal(fmt.Errorf("a Node with name %q and status \"Ready\" already exists in the cluster. You must delete the existing Node or change the name of this new joining Node", r.node.Name))
			}
		}
		return nil
	}); err != nil {
		return err
	}
	server := r.info.server
	if r.join.ControlPlane != nil && r.localMode() {
		server = r.localServer()
	}
	bootstrap, err := r.info.kubeconfig(server)
	if err != nil {
		return err
	}
	if err := r.write(bootstrapConf, bootstrap, 0o600); err != nil {
		return err
	}
	if !r.Host.FS.Exists("/etc/kubernetes/pki/ca.crt") {
		if err := r.write("/etc/kubernetes/pki/ca.crt", r.info.ca, 0o644); err != nil {
			return err
		}
	}
	if err := r.Host.FS.MkdirAll(manifests, 0o700); err != nil {
		return err
	}
	if err := r.startKubelet(func() kubeletv1beta1.KubeletConfiguration { return config }, true); err != nil {
		return err
	}
	return r.waitKubelet()
}

// waitBootstrap waits for the kubelet to have got its certificate and its Node.
func (r *run) waitBootstrap() error {
	r.Printf("[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap\n")
	if err := r.Poll(r.timeouts.bootstrap, time.Second, func(context.Context) (bool, error) {
		if r.Host.FS.Exists(kubeletConf) && r.Host.FS.Exists(ctrl.ClientCert) { // a client can be made of it
			return true, nil
		}
		return false, errors.New("timed out waiting for the kubelet to perform the TLS Bootstrap" + r.componentFailuresIfControlPlane())
	}); err != nil {
		return err
	}
	// the annotation of the Node needs it registered
	err := r.Poll(r.timeouts.bootstrap, 500*time.Millisecond, func(ctx context.Context) (bool, error) {
		c, err := r.connectFile(kubeletConf, "")
		if err != nil {
			return false, err
		}
		defer c.close()
		found, err := nodeExists(ctx, c, r.node.Name)
		if err == nil && !found {
			err = fmt.Errorf("the Node %s did not appear", r.node.Name)
		}
		return found, err
	})
	if err != nil {
		return err
	}
	if err := r.Host.FS.Remove(bootstrapConf); err != nil {
		return err
	}
	return r.Ctx.Err()
}

func (r *run) componentFailuresIfControlPlane() string {
	if r.join.ControlPlane == nil {
		return ""
	}
	return r.componentFailures()
}

// waitJoined waits for this host's own API server.
func (r *run) waitJoined() error {
	r.Printf("[control-plane-check] Waiting for healthy control plane components. This can take up to %v\n", r.timeouts.controlPlane)
	c, err := r.connectFile(adminConf, "https://"+net.JoinHostPort(r.endpoint.AdvertiseAddress, fmt.Sprint(r.endpoint.BindPort)))
	if err != nil {
		return err
	}
	defer c.close()
	return r.Poll(r.timeouts.controlPlane, 500*time.Millisecond, func(ctx context.Context) (bool, error) {
		if err := ready(ctx, c); err != nil {
			return false, fmt.Errorf("%w%s", err, r.componentFailures())
		}
		if !r.componentsUp() {
			return false, errors.New("the control plane is not healthy" + r.componentFailures())
		}
		return true, nil
	})
}
