package kapi

import (
	"net/http"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// evict deletes a pod unless a disruption budget forbids it.
func (q *request) evict(u *unstructured.Unstructured) error {
	var grace *int64
	if v, ok, _ := unstructured.NestedInt64(u.Object, "deleteOptions", "gracePeriodSeconds"); ok {
		grace = &v
	}
	q.server.World.Lock()
	_, err := q.server.Backend()
	if err == nil {
		err = q.store.mayEvict(q.ns, q.name)
	}
	if err == nil {
		_, err = q.store.Delete(q.res, q.ns, q.name, grace, "", "")
	}
	q.server.World.Unlock()
	if err != nil {
		return err
	}
	q.json(http.StatusCreated, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess, Code: http.StatusCreated})
	return nil
}

func (s *Store) mayEvict(ns, name string) error {
	pods := s.Core("pods")
	o, err := s.Get(pods, ns, name)
	if err != nil {
		return err
	}
	var pod corev1.Pod
	o.Into(&pod)
	if !podReady(&pod) || pod.DeletionTimestamp != nil {
		return nil // evicting it disturbs nobody
	}
	var matching []policyv1.PodDisruptionBudget
	for _, b := range s.List(s.Core("poddisruptionbudgets"), ns) {
		var pdb policyv1.PodDisruptionBudget
		b.Into(&pdb)
		if sel, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector); err == nil && sel.Matches(labelSet(pod.Labels)) {
			matching = append(matching, pdb)
		}
	}
	if len(matching) > 1 {
		return apierrors.NewInternalError(errMultipleBudgets)
	}
	for _, pdb := range matching {
		if s.DisruptionsAllowed(&pdb) <= 0 {
			e := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
			e.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget " + pdb.Name + " does not allow evicting pods currently"}}
			return e
		}
	}
	return nil
}

// DisruptionsAllowed computes how many pods a budget lets go now. The World's lock is held.
func (s *Store) DisruptionsAllowed(pdb *policyv1.PodDisruptionBudget) int {
	sel, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
	if err != nil {
		return 0
	}
	expected, healthy := 0, 0
	for _, o := range s.List(s.Core("pods"), pdb.Namespace) {
		if !sel.Matches(labelSet(o.Labels)) {
			continue
		}
		var pod corev1.Pod
		o.Into(&pod)
		expected++
		if podReady(&pod) && pod.DeletionTimestamp == nil {
			healthy++
		}
	}
	need := 0
	switch {
	case pdb.Spec.MinAvailable != nil:
		need, _ = intstr.GetScaledValueFromIntOrPercent(pdb.Spec.MinAvailable, expected, true)
	case pdb.Spec.MaxUnavailable != nil:
		max, _ := intstr.GetScaledValueFromIntOrPercent(pdb.Spec.MaxUnavailable, expected, true)
		need = expected - max
	}
	return healthy - need
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
