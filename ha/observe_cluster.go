package ha

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// clusterFacts is what the cluster itself says, asked through one control plane.
type clusterFacts struct {
	// via is the control plane that was asked.
	via Host
	// complete says that kubeadm init went through to its last phase.
	complete bool
	nodes    map[string]nodeFacts
	members  []EtcdMember
	// apiReady holds the control planes whose own apiserver is ready.
	apiReady map[string]bool
	// views holds, by host, whether the whole cluster is seen through the endpoint from there.
	views map[string]error
	// cniMissing names objects of the network plugin's manifest that are not there as written.
	cniMissing []string
}

// nodeFacts is what matters of a Node.
type nodeFacts struct {
	ready        bool
	controlPlane bool
	schedulable  bool
	version      string
	address      string
}

func nodeFactsOf(n corev1.Node) nodeFacts {
	f := nodeFacts{version: n.Status.NodeInfo.KubeletVersion, schedulable: !n.Spec.Unschedulable}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			f.ready = c.Status == corev1.ConditionTrue
		}
	}
	_, f.controlPlane = n.Labels[labelControlPlane]
	if !f.controlPlane {
		_, f.controlPlane = n.Labels[labelMaster]
	}
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP && f.address == "" {
			f.address = a.Address
		}
	}
	return f
}

const (
	labelControlPlane = "node-role.kubernetes.io/control-plane"
	// labelMaster is the label up to Kubernetes 1.23 (kubernetes/enhancements KEP-2067).
	labelMaster = "node-role.kubernetes.io/master"
)

// apiPatience is how long a cluster that is there is given to answer before it counts as down: an
// apiserver restarts within it.
const apiPatience = 90 * time.Second

// pollInterval is the pause between two looks at something that is waited for.
const pollInterval = 500 * time.Millisecond

// observeCluster asks the cluster through the first control plane whose apiserver is ready. It returns nil
// where there is no cluster yet: no control plane was initialised, or the only attempt was cut short.
func (s *session) observeCluster(ctx context.Context, hosts map[string]*hostFacts) (*clusterFacts, error) {
	var set, unfinished []Host
	for _, h := range s.cluster.spec.byRole(RoleControlPlane) {
		f := hosts[h.Name]
		if f == nil || !f.has(adminKubeconfigPath) || !f.has(apiServerManifest) {
			continue
		}
		if f.has(initConfigPath) || f.has(joinConfigPath) {
			unfinished = append(unfinished, h)
		} else {
			set = append(set, h)
		}
	}
	via, err := s.firstReady(ctx, append(set, unfinished...))
	if err != nil && len(set) > 0 {
		err = wait.PollUntilContextTimeout(ctx, pollInterval, apiPatience, true, func(ctx context.Context) (bool, error) {
			via, err = s.firstReady(ctx, set)
			return err == nil, nil
		})
		if err != nil {
			return nil, &HostsError{Problems: []Problem{{Code: "APIDown", Host: set[0].Name,
				Message: "a cluster is set up here and no apiserver of it answers: bring it back, or reset it", Err: err}}}
		}
	}
	if err != nil {
		return nil, ctx.Err()
	}
	return s.clusterFactsVia(ctx, via, hosts)
}

// errNoControlPlane says that nobody could be asked.
var errNoControlPlane = errors.New("no control plane is set up")

// firstReady returns the first of hosts whose own apiserver is ready.
func (s *session) firstReady(ctx context.Context, hosts []Host) (Host, error) {
	err := errNoControlPlane
	for _, h := range hosts {
		if err = s.apiReady(ctx, h); err == nil {
			return h, nil
		}
	}
	return Host{}, err
}

// readyTimeout bounds the question whether an apiserver is ready.
const readyTimeout = 5 * time.Second

// apiReady returns nil when the apiserver on h reports itself ready.
func (s *session) apiReady(ctx context.Context, h Host) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	kube, err := s.kubeAt(ctx, h)
	if err != nil {
		return err
	}
	return kube.ready(ctx)
}

func (s *session) clusterFactsVia(ctx context.Context, via Host, hosts map[string]*hostFacts) (*clusterFacts, error) {
	kube, err := s.kubeAt(ctx, via)
	if err != nil {
		return nil, err
	}
	f := &clusterFacts{via: via, apiReady: map[string]bool{}, views: map[string]error{}}
	if f.nodes, err = nodesOf(ctx, kube); err != nil {
		return nil, err
	}
	if f.members, err = s.etcdMembers(ctx, via); err != nil {
		return nil, err
	}
	if f.complete, err = s.initComplete(ctx, kube, via); err != nil {
		return nil, err
	}
	nodes := s.cluster.spec.nodes()
	ready, views := make([]bool, len(nodes)), make([]error, len(nodes))
	var g errgroup.Group
	for i, h := range nodes {
		if _, joined := f.nodes[h.Name]; !joined || hosts[h.Name] == nil {
			continue
		}
		g.Go(func() error {
			ready[i] = h.Role == RoleControlPlane && hosts[h.Name].has(adminKubeconfigPath) && s.apiReady(ctx, h) == nil
			views[i] = s.checkView(ctx, h)
			return nil
		})
	}
	_ = g.Wait()
	for i, h := range nodes {
		f.apiReady[h.Name] = ready[i]
		f.views[h.Name] = views[i]
	}
	return f, ctx.Err()
}

// nodesOf lists the Nodes.
func nodesOf(ctx context.Context, kube *kubeClient) (map[string]nodeFacts, error) {
	list, err := kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	nodes := map[string]nodeFacts{}
	for _, n := range list.Items {
		nodes[n.Name] = nodeFactsOf(n)
	}
	return nodes, nil
}

// initComplete says whether kubeadm init went through on h: its last phases make the cluster-info
// ConfigMap, and then kube-proxy and CoreDNS (cmd/kubeadm/app/cmd/init.go, the order of the phases).
func (s *session) initComplete(ctx context.Context, kube *kubeClient, h Host) (bool, error) {
	node, err := kube.CoreV1().Nodes().Get(ctx, h.Name, metav1.GetOptions{})
	if ok, err := found(err); !ok {
		return false, err
	}
	if !nodeFactsOf(*node).controlPlane {
		return false, nil
	}
	if ok, err := exists(ctx, kube.CoreV1().ConfigMaps("kube-public").Get, "cluster-info"); !ok {
		return false, err
	}
	if ok, err := exists(ctx, kube.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get, "kubeadm-config"); !ok {
		return false, err
	}
	if s.cluster.spec.Kubeadm.Proxy.Disabled {
		return true, nil
	}
	return exists(ctx, kube.AppsV1().DaemonSets(metav1.NamespaceSystem).Get, "kube-proxy")
}

// exists asks for one object.
func exists[T any](ctx context.Context, get func(context.Context, string, metav1.GetOptions) (T, error), name string) (bool, error) {
	_, err := get(ctx, name, metav1.GetOptions{})
	return found(err)
}

// found tells an object that is not there from an error.
func found(err error) (bool, error) {
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
