package kubeadm

import (
	"context"
	"errors"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// fatalError is an error that another try would not change.
type fatalError struct{ apierrors.StatusError }

func fatal(err error) error {
	e := &fatalError{}
	e.ErrStatus = metav1.Status{Status: metav1.StatusFailure, Code: 409, Reason: metav1.StatusReasonConflict, Message: err.Error()}
	return e
}

func notFoundIsFine(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// reset undoes what init and join did to this host. What it cannot do it warns of, and exits 0.
func (r *run) reset() error {
	if r.flags["force"] != "true" {
		return errors.New("aborted reset operation: the answer was not y")
	}
	r.timeouts = newTimeouts(nil)
	r.timeouts.api, r.timeouts.etcd = 20*time.Second, 20*time.Second
	if err := r.defaults(kubeadmcfg.NodeRegistrationOptions{}, kubeadmcfg.APIEndpoint{}); err != nil {
		return err
	}
	r.cluster.CertificatesDir = "/etc/kubernetes/pki"
	fetched := r.fetchForReset()
	var skip []string
	if list := r.flags["skip-phases"]; list != "" {
		skip = strings.Split(list, ",")
	}
	return r.phases("reset", skip, []named{
		{"preflight", 100 * time.Millisecond, func() error { r.Printf("[preflight] Running pre-flight checks\n"); return nil }},
		{"remove-etcd-member", 100 * time.Millisecond, func() error { return r.resetEtcd(fetched) }},
		{"cleanup-node", 500 * time.Millisecond, r.cleanupNode},
	})
}

// fetchForReset reads the cluster's configuration; false when it could not be had.
func (r *run) fetchForReset() bool {
	c, err := r.connectFile(adminConf, "")
	if err == nil {
		defer c.close()
		r.Printf("[reset] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...\n")
		err = r.retry(func(ctx context.Context) error {
			cm, err := c.CoreV1().ConfigMaps("kube-system").Get(ctx, "kubeadm-config", metav1.GetOptions{})
			if err != nil {
				return err
			}
			return r.readCluster(cm)
		})
	}
	if err != nil {
		r.Errorf("W [reset] Unable to fetch the kubeadm-config ConfigMap from cluster: %v\n", err)
	}
	clusterDefaults(&r.cluster, r.version)
	return err == nil
}

// resetEtcd takes the member out when it can, and wipes the data whether it could or not.
func (r *run) resetEtcd(fetched bool) error {
	if fetched && r.Host.FS.Exists(manifests+"/etcd.yaml") {
		if err := r.removeOwnMember(); err != nil {
			r.Errorf("W [reset] Failed to remove etcd member: %v, please manually remove this etcd member using etcdctl\n", err)
		}
	}
	dir := r.cluster.Etcd.Local.DataDir
	if len(r.Host.FS.List(dir)) > 0 {
		r.Host.FS.Clear(dir)
		r.Printf("[reset] Deleted contents of the etcd data directory: %v\n", dir)
	}
	return r.Ctx.Err()
}

func (r *run) removeOwnMember() error {
	c, err := r.connectFile(adminConf, "")
	if err != nil {
		return err
	}
	defer c.close()
	e, err := r.etcdFromCluster(c)
	if err != nil {
		return err
	}
	return e.removeMember(r.peerURL())
}

// cleanupNode stops the kubelet and every container and deletes what kubeadm and the kubelet wrote.
func (r *run) cleanupNode() error {
	r.Printf("[reset] Stopping the kubelet service\n")
	if err := r.Do(func() {
		_ = r.Host.StopUnit("kubelet.service") // it is no error when it does not run
		if r.Host.Unit("containerd.service").Active() == "active" {
			r.control.Node(r.Host).StopAll()
		} else {
			r.Errorf("W [reset] Failed to remove containers: the container runtime does not answer\n")
		}
	}); err != nil {
		return err
	}
	r.Printf("[reset] Deleting contents of directories: [%s %s %s]\n", manifests, kubeletDir, r.cluster.CertificatesDir)
	for _, dir := range []string{manifests, kubeletDir, r.cluster.CertificatesDir} {
		r.Host.FS.Clear(dir)
	}
	for _, f := range []string{adminConf, superConf, kubeletConf, bootstrapConf, kubernetesDir + "/controller-manager.conf", kubernetesDir + "/scheduler.conf"} {
		_ = r.Host.FS.Remove(f) // absent is as good
	}
	r.Printf("\nThe reset process does not perform cleanup of CNI plugin configuration,\nnetwork filtering rules and kubeconfig files.\n")
	return r.Do(func() { r.Host.Changed() })
}
