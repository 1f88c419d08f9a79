package ha

import (
	"context"
	"fmt"
	"path"
	"strings"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/quorate-dev/quorate/transport"
)

// planKubeconfig gives the user who logs in to a control plane the admin kubeconfig, where kubectl looks for it. Another
// cluster's is left alone.
func (b *planner) planKubeconfig(f *hostFacts) {
	user := f.login
	if user.home == "" {
		return
	}
	name, target := f.host.Name, user.kubeconfigPath()
	have := f.file(target)
	if b.isJoined(f.host) && have == f.file(adminKubeconfigPath) {
		return
	}
	if f.has(target) && !b.spec.owns(have) {
		b.note("%s on %s belongs to another cluster and is left alone; the admin kubeconfig is %s", target, name, adminKubeconfigPath)
		return
	}
	b.add(step{
		Step: Step{ID: stepID(name, "kubeconfig"), Host: name, Title: "kubectl of " + user.name + " reaches the cluster",
			After: b.planned(name, "init", "join"), Limit: limitShort,
			Changes: []Change{
				runChange("install", "-d", "-m", "0700", "-o", user.uid, "-g", user.gid, path.Dir(target)),
				{File: target, Diff: "(a copy of " + adminKubeconfigPath + ", mode 0600)\n"},
			}},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			admin, ok, err := r.conn.read(ctx, adminKubeconfigPath)
			if !ok {
				return false, err
			}
			have, _, err := r.conn.read(ctx, target)
			return string(have) == string(admin), err
		},
		do: func(ctx context.Context, r *stepRun) error {
			admin, err := r.conn.mustRead(ctx, adminKubeconfigPath)
			if err != nil {
				return err
			}
			if _, err := r.conn.run(ctx, "install", "-d", "-m", "0700", "-o", user.uid, "-g", user.gid, path.Dir(target)); err != nil {
				return err
			}
			return r.conn.write(ctx, transport.File{Path: target, Data: admin, Mode: 0o600, Owner: user.uid + ":" + user.gid})
		},
	})
}

// owns says whether a kubeconfig speaks of no other cluster than this one (also an earlier one of its
// name: kubeadm names the entry after clusterName).
func (s Spec) owns(kubeconfig string) bool {
	if strings.TrimSpace(kubeconfig) == "" {
		return true
	}
	cfg, err := clientcmd.Load([]byte(kubeconfig))
	if err != nil {
		return false
	}
	for name, cluster := range cfg.Clusters {
		if name != s.Name || cluster.Server != "https://"+s.Endpoint.String() {
			return false
		}
	}
	return true
}

// Kubeconfig returns the admin kubeconfig, read from the first control plane that has one. It holds a private key.
func (c *Cluster) Kubeconfig(ctx context.Context) ([]byte, error) {
	s := c.open()
	defer s.close()
	var last error
	for _, h := range c.spec.byRole(RoleControlPlane) {
		data, ok, err := s.host(h.Name).read(ctx, adminKubeconfigPath)
		if ok {
			return data, nil
		}
		if err != nil {
			last = err
		}
	}
	if last == nil {
		last = errNoControlPlane
	}
	return nil, fmt.Errorf("ha: kubeconfig: %w", last)
}
