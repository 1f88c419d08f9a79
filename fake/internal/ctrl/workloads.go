package ctrl

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
)

func templateHash(t corev1.PodTemplateSpec) string {
	b, _ := json.Marshal(t) // API types marshal
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:5])
}

// hash is the template's hash, computed once per version of its object.
func (c *Control) hash(o *kapi.Object, t corev1.PodTemplateSpec) string {
	if h, ok := c.hashes[o.UID]; ok && h.rv == o.RV {
		return h.hash
	}
	h := templateHash(t)
	c.hashes[o.UID] = versionedHash{o.RV, h}
	return h
}

type versionedHash struct {
	rv   int64
	hash string
}

func ownedBy(p *corev1.Pod, uid string) bool {
	return slices.ContainsFunc(p.OwnerReferences, func(r metav1.OwnerReference) bool {
		return string(r.UID) == uid && r.Controller != nil && *r.Controller
	})
}

func owner(apiVersion, kind string, m metav1.ObjectMeta) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: m.Name, UID: m.UID, Controller: &yes, BlockOwnerDeletion: &yes}}
}

func tolerates(p *corev1.Pod, t corev1.Taint) bool {
	for _, tol := range p.Spec.Tolerations {
		if (tol.Effect == "" || tol.Effect == t.Effect) && (tol.Key == "" && tol.Operator == corev1.TolerationOpExists || tol.Key == t.Key && (tol.Operator == corev1.TolerationOpExists || tol.Value == t.Value)) {
			return true
		}
	}
	return false
}

func toleratesAll(p *corev1.Pod, taints []corev1.Taint) bool {
	return !slices.ContainsFunc(taints, func(t corev1.Taint) bool {
		return t.Effect != corev1.TaintEffectPreferNoSchedule && !tolerates(p, t)
	})
}

func matchesNode(spec *corev1.PodSpec, n *corev1.Node) bool {
	for k, v := range spec.NodeSelector {
		if n.Labels[k] != v {
			return false
		}
	}
	return true
}

// daemonTolerations are what the controller adds to every DaemonSet's pods.
func daemonTolerations(spec *corev1.PodSpec) []corev1.Toleration {
	out := []corev1.Toleration{
		{Key: taintNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
		{Key: taintUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
		{Key: "node.kubernetes.io/disk-pressure", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		{Key: "node.kubernetes.io/memory-pressure", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		{Key: "node.kubernetes.io/pid-pressure", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		{Key: taintUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	}
	for _, key := range []string{taintNotReady, taintUnreachable} { // its pods are bound by the controller itself
		out = append(out, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
	}
	if spec.HostNetwork {
		out = append(out, corev1.Toleration{Key: "node.kubernetes.io/network-unavailable", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
	}
	return out
}

// daemonSets keeps one pod of each DaemonSet on each Node that takes it.
func (c *Control) daemonSets(s *kapi.Store) {
	all, every := nodes(s), pods(s)
	for _, o := range s.List(s.Core("daemonsets"), "") {
		ds := *kapi.Typed[appsv1.DaemonSet](o)
		if ds.DeletionTimestamp != nil {
			continue
		}
		hash := c.hash(o, ds.Spec.Template)
		pattern := podFrom(ds.Spec.Template, ds.Namespace, ds.Name+"-", owner("apps/v1", "DaemonSet", ds.ObjectMeta))
		pattern.Labels["controller-revision-hash"] = hash
		pattern.Spec.Tolerations = append(pattern.Spec.Tolerations, daemonTolerations(&pattern.Spec)...)
		have := map[string]*corev1.Pod{}
		for _, p := range every {
			if ownedBy(p, o.UID) && p.Namespace == ds.Namespace && p.DeletionTimestamp == nil {
				have[p.Spec.NodeName] = p
			}
		}
		var st appsv1.DaemonSetStatus
		st.ObservedGeneration = ds.Generation
		for _, n := range all {
			p := have[n.Name]
			if !toleratesAll(pattern, n.Spec.Taints) || !matchesNode(&pattern.Spec, n) {
				continue
			}
			st.DesiredNumberScheduled++
			switch {
			case p == nil:
				pod := pattern.DeepCopy()
				pod.Spec.NodeName = n.Name
				_, _ = s.Put(s.Core("pods"), ds.Namespace, "", "", pod) // a namespace that goes away takes no more
				continue
			case p.Labels["controller-revision-hash"] != hash && ds.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType:
				_, _ = s.Delete(s.Core("pods"), p.Namespace, p.Name, nil, "", "") // it was read under this lock
				delete(have, n.Name)
				continue
			}
			st.CurrentNumberScheduled++
			st.UpdatedNumberScheduled++
			if ready(p) {
				st.NumberReady++
				st.NumberAvailable++
			}
			delete(have, n.Name)
		}
		st.NumberUnavailable = st.DesiredNumberScheduled - st.NumberAvailable
		for _, p := range have { // on Nodes that do not take it any more
			_, _ = s.Delete(s.Core("pods"), p.Namespace, p.Name, nil, "", "") // it was read under this lock
		}
		if !same(ds.Status, st) {
			ds.Status = st
			ds.TypeMeta = metav1.TypeMeta{Kind: "DaemonSet", APIVersion: "apps/v1"}
			_, _ = s.Put(s.Core("daemonsets"), ds.Namespace, ds.Name, "status", &ds) // it was read under this lock
		}
	}
}

func ready(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// podFrom makes a pod of a template.
func podFrom(t corev1.PodTemplateSpec, ns, prefix string, owners []metav1.OwnerReference) *corev1.Pod {
	t = *t.DeepCopy()
	labels := t.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return &corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{GenerateName: prefix, Namespace: ns, Labels: labels, Annotations: t.Annotations, OwnerReferences: owners}, Spec: t.Spec}
}

// deployments keeps one ReplicaSet per template and its pods.
func (c *Control) deployments(s *kapi.Store) {
	for _, o := range s.List(s.Core("deployments"), "") {
		d := *kapi.Typed[appsv1.Deployment](o)
		if d.DeletionTimestamp != nil {
			continue
		}
		hash := c.hash(o, d.Spec.Template)
		name := d.Name + "-" + hash
		for _, ro := range s.List(s.Core("replicasets"), d.Namespace) {
			rs := kapi.Typed[appsv1.ReplicaSet](ro)
			if rs.Name != name && len(rs.OwnerReferences) > 0 && rs.OwnerReferences[0].UID == d.UID {
				s.Remove(s.Core("replicasets"), rs.Namespace, rs.Name)
			}
		}
		ro, err := s.Get(s.Core("replicasets"), d.Namespace, name)
		if err != nil {
			rs := &appsv1.ReplicaSet{TypeMeta: metav1.TypeMeta{Kind: "ReplicaSet", APIVersion: "apps/v1"}, ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: d.Namespace, Labels: d.Spec.Template.Labels, OwnerReferences: owner("apps/v1", "Deployment", d.ObjectMeta)},
				Spec: appsv1.ReplicaSetSpec{Replicas: d.Spec.Replicas, Selector: d.Spec.Selector, Template: *d.Spec.Template.DeepCopy()}}
			if ro, err = s.Put(s.Core("replicasets"), d.Namespace, name, "", rs); err != nil {
				continue
			}
		}
		rs := *kapi.Typed[appsv1.ReplicaSet](ro)
		rs.TypeMeta = metav1.TypeMeta{Kind: "ReplicaSet", APIVersion: "apps/v1"}
		total, up := c.replicas(s, &rs, d.Spec.Replicas, hash)
		st := appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: total, UpdatedReplicas: total, ReadyReplicas: up, AvailableReplicas: up, Conditions: d.Status.Conditions}
		if want := *replicas(d.Spec.Replicas); up < want {
			st.UnavailableReplicas = want - up
		}
		if !same(d.Status, st) {
			d.Status = st
			d.TypeMeta = metav1.TypeMeta{Kind: "Deployment", APIVersion: "apps/v1"}
			_, _ = s.Put(s.Core("deployments"), d.Namespace, d.Name, "status", &d) // it was read under this lock
		}
	}
}

func replicas(n *int32) *int32 {
	if n == nil {
		one := int32(1)
		return &one
	}
	return n
}

// replicas makes and deletes pods until there are as many as wanted.
func (c *Control) replicas(s *kapi.Store, rs *appsv1.ReplicaSet, want *int32, hash string) (total, up int32) {
	n := *replicas(want)
	for _, p := range pods(s) {
		if !ownedBy(p, string(rs.UID)) || p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodFailed {
			continue
		}
		if total >= n {
			_, _ = s.Delete(s.Core("pods"), p.Namespace, p.Name, nil, "", "") // it was read under this lock
			continue
		}
		total++
		if ready(p) {
			up++
		}
	}
	for ; total < n; total++ {
		pod := podFrom(rs.Spec.Template, rs.Namespace, rs.Name+"-", owner("apps/v1", "ReplicaSet", rs.ObjectMeta))
		pod.Labels["pod-template-hash"] = hash
		five := int64(300)
		for _, key := range []string{taintNotReady, taintUnreachable} {
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &five})
		}
		if _, err := s.Put(s.Core("pods"), rs.Namespace, "", "", pod); err != nil {
			break // the namespace goes away
		}
	}
	st := appsv1.ReplicaSetStatus{Replicas: total, ReadyReplicas: up, AvailableReplicas: up, FullyLabeledReplicas: total, ObservedGeneration: rs.Generation}
	if !same(rs.Status, st) {
		rs.Status = st
		_, _ = s.Put(s.Core("replicasets"), rs.Namespace, rs.Name, "status", rs) // it was read under this lock
	}
	return total, up
}

// schedule binds pods without a node to the Node with the fewest pods that takes them.
func (c *Control) schedule(s *kapi.Store) {
	all := nodes(s)
	count := map[string]int{}
	var waiting []*corev1.Pod
	for _, p := range pods(s) {
		if p.Spec.NodeName != "" {
			count[p.Spec.NodeName]++
		} else if p.DeletionTimestamp == nil {
			waiting = append(waiting, p)
		}
	}
	for _, p := range waiting {
		best := ""
		for _, n := range all {
			if toleratesAll(p, n.Spec.Taints) && matchesNode(&p.Spec, n) && (best == "" || count[n.Name] < count[best]) {
				best = n.Name
			}
		}
		if best == "" {
			continue
		}
		count[best]++
		p.Spec.NodeName = best
		_, _ = s.Put(s.Core("pods"), p.Namespace, p.Name, "", p) // it was read under this lock
	}
}
