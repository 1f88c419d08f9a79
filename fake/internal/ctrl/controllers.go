package ctrl

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
)

// controllers is one round of the controller manager on node m, and of the scheduler.
func (c *Control) controllers(s *kapi.Store, m *Node) {
	c.lifecycle(s)
	c.podCIDRs(s, m)
	c.collect(s)
	c.namespaces(s, m)
	c.tokens(s)
	c.daemonSets(s)
	c.deployments(s)
	if c.schedules(s) {
		c.schedule(s)
	}
}

// nodes reads all Nodes.
func nodes(s *kapi.Store) []*corev1.Node {
	var out []*corev1.Node
	for _, o := range s.List(s.Core("nodes"), "") {
		n := *kapi.Typed[corev1.Node](o) // its fields may be replaced, not changed
		n.TypeMeta = metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}
		out = append(out, &n)
	}
	return out
}

func pods(s *kapi.Store) []*corev1.Pod {
	var out []*corev1.Pod
	for _, o := range s.List(s.Core("pods"), "") {
		p := *kapi.Typed[corev1.Pod](o) // its fields may be replaced, not changed
		p.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
		out = append(out, &p)
	}
	return out
}

// byName returns the host whose kubelet reports as the Node; nil when there is none.
func (c *Control) byName(s *kapi.Store, name string) *Node {
	for _, n := range c.hosts {
		if st := n.kubelet(); st != nil && n.heard && n.store == s && n.name(st) == name {
			return n
		}
	}
	return nil
}

func readyCondition(n *corev1.Node) *corev1.NodeCondition {
	for i := range n.Status.Conditions {
		if n.Status.Conditions[i].Type == corev1.NodeReady {
			return &n.Status.Conditions[i]
		}
	}
	return nil
}

// Taints that the node life cycle controller sets.
const (
	taintNotReady      = "node.kubernetes.io/not-ready"
	taintUnreachable   = "node.kubernetes.io/unreachable"
	taintUnschedulable = "node.kubernetes.io/unschedulable"
)

// lifecycle marks Nodes that are not heard of, and taints them as their conditions say.
func (c *Control) lifecycle(s *kapi.Store) {
	for _, node := range nodes(s) {
		heard := c.byName(s, node.Name)
		c.watchNode(s, node, heard != nil)
		want := slices.DeleteFunc(slices.Clone(node.Spec.Taints), func(t corev1.Taint) bool {
			return t.Key == taintNotReady || t.Key == taintUnreachable || t.Key == taintUnschedulable
		})
		add := func(key string, effects ...corev1.TaintEffect) {
			for _, e := range effects {
				want = append(want, corev1.Taint{Key: key, Effect: e})
			}
		}
		if node.Spec.Unschedulable {
			add(taintUnschedulable, corev1.TaintEffectNoSchedule)
		}
		switch r := readyCondition(node); {
		case r == nil || r.Status == corev1.ConditionFalse:
			add(taintNotReady, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute)
		case r.Status == corev1.ConditionUnknown:
			add(taintUnreachable, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute)
		}
		if !sameTaints(node.Spec.Taints, want) {
			node.Spec.Taints = want
			_, _ = s.Put(s.Core("nodes"), "", node.Name, "", node) // it was read under this lock
		}
	}
}

func sameTaints(a, b []corev1.Taint) bool {
	key := func(t corev1.Taint) string { return t.Key + "=" + t.Value + ":" + string(t.Effect) }
	x, y := []string{}, []string{}
	for _, t := range a {
		x = append(x, key(t))
	}
	for _, t := range b {
		y = append(y, key(t))
	}
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// watchNode starts and stops the deadlines of a Node whose kubelet is silent.
func (c *Control) watchNode(s *kapi.Store, node *corev1.Node, heard bool) {
	key := s.ID + "/" + string(node.UID)
	if heard {
		if cancel := c.silent(key); cancel != nil {
			cancel()
			delete(c.deadlines, key)
		}
		return
	}
	if r := readyCondition(node); c.silent(key) != nil || r != nil && r.Status == corev1.ConditionUnknown {
		return
	}
	name, uid := node.Name, string(node.UID)
	if c.deadlines == nil {
		c.deadlines = map[string]func(){}
	}
	c.deadlines[key] = c.World.Later(graceToUnknown, func() {
		delete(c.deadlines, key)
		c.markUnknown(s, name, uid)
	})
}

func (c *Control) silent(key string) func() { return c.deadlines[key] }

// markUnknown is what happens to a Node that was not heard of for the grace period.
func (c *Control) markUnknown(s *kapi.Store, name, uid string) {
	o, err := s.Get(s.Core("nodes"), "", name)
	if err != nil || o.UID != uid || c.byName(s, name) != nil || c.manager(s) == nil {
		c.Kick()
		return
	}
	var node corev1.Node
	o.Into(&node)
	node.TypeMeta = metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}
	now := metav1.NewTime(c.World.NowLocked().Truncate(time.Second))
	for i := range node.Status.Conditions {
		cond := &node.Status.Conditions[i]
		cond.Status, cond.Reason, cond.Message, cond.LastTransitionTime = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status.", now
	}
	_, _ = s.Put(s.Core("nodes"), "", name, "status", &node) // it was read under this lock
	c.World.Later(unreachableTTL, func() {
		o, err := s.Get(s.Core("nodes"), "", name)
		if err != nil || o.UID != uid {
			return
		}
		var node corev1.Node
		o.Into(&node)
		if r := readyCondition(&node); r == nil || r.Status != corev1.ConditionUnknown || c.manager(s) == nil {
			return
		}
		for _, p := range pods(s) {
			if p.Spec.NodeName == name && p.Annotations[mirrorAnnotation] == "" && !toleratesAll(p, []corev1.Taint{{Key: taintUnreachable, Effect: corev1.TaintEffectNoExecute}}) {
				_, _ = s.Delete(s.Core("pods"), p.Namespace, p.Name, nil, "", "") // it was read under this lock
			}
		}
	})
}

// podCIDRs gives each Node its range of pod addresses, when the controller manager does that.
func (c *Control) podCIDRs(s *kapi.Store, m *Node) {
	f := flagsOf(argv(m.component("kube-controller-manager").pod))
	if f["allocate-node-cidrs"] != "true" || f["cluster-cidr"] == "" {
		return
	}
	used := map[string]bool{}
	all := nodes(s)
	for _, n := range all {
		used[n.Spec.PodCIDR] = true
	}
	for _, n := range all {
		if n.Spec.PodCIDR != "" {
			continue
		}
		cidr := nextCIDR(f["cluster-cidr"], used)
		if cidr == "" {
			continue
		}
		used[cidr] = true
		n.Spec.PodCIDR, n.Spec.PodCIDRs = cidr, []string{cidr}
		_, _ = s.Put(s.Core("nodes"), "", n.Name, "", n) // it was read under this lock
	}
}

// collect removes pods whose Node is gone and objects whose owners are gone.
func (c *Control) collect(s *kapi.Store) {
	live := map[string]bool{}
	for _, r := range ownerKinds {
		for _, o := range s.List(s.Core(r), "") {
			live[o.UID] = true
		}
	}
	names := map[string]bool{}
	for _, n := range nodes(s) {
		names[n.Name] = true
	}
	for _, p := range pods(s) {
		if p.Spec.NodeName != "" && !names[p.Spec.NodeName] {
			s.Remove(s.Core("pods"), p.Namespace, p.Name)
		}
	}
	for _, plural := range []string{"pods", "replicasets", "controllerrevisions", "secrets", "leases"} {
		res := s.Core(plural)
		for _, o := range s.List(res, "") {
			u := o.Meta()
			owners := u.OwnerReferences
			gone := len(owners) > 0
			for _, ref := range owners {
				if live[string(ref.UID)] || !slices.Contains(ownedKinds, ref.Kind) {
					gone = false
				}
			}
			if gone && u.DeletionTimestamp == nil {
				_, _ = s.Delete(res, o.Namespace, o.Name, nil, "", "") // it was listed under this lock
			}
		}
	}
}

// ownerKinds are the resources that own others here, ownedKinds their kinds.
var (
	ownerKinds = []string{"nodes", "daemonsets", "replicasets", "deployments", "secrets"}
	ownedKinds = []string{"Node", "DaemonSet", "ReplicaSet", "Deployment", "Secret"}
)

// namespaces empties and removes those that are being deleted, and gives the others what each has.
func (c *Control) namespaces(s *kapi.Store, m *Node) {
	for _, o := range s.List(s.Core("namespaces"), "") {
		if o.Meta().DeletionTimestamp != nil {
			s.EmptyNamespace(o.Name)
			s.Remove(s.Core("namespaces"), "", o.Name)
			continue
		}
		if _, err := s.Get(s.Core("serviceaccounts"), o.Name, "default"); err != nil {
			_, _ = s.Create(s.Core("serviceaccounts"), o.Name, &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "default"}}}) // it is absent: just asked
		}
		if _, err := s.Get(s.Core("configmaps"), o.Name, "kube-root-ca.crt"); err != nil {
			if a := m.apiServer(); a != nil {
				_, _ = s.Create(s.Core("configmaps"), o.Name, &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "kube-root-ca.crt"}, "data": map[string]any{"ca.crt": string(a.caPEM)}}}) // as above
			}
		}
	}
}
