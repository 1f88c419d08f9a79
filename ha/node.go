package ha

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// deleteNode deletes a Node, and the pods that are still bound to it: those of DaemonSets, which a drain leaves. The
// cluster itself collects them only after a while; until then a host that joins again under the same name would be
// given its old pods back, and their init containers, which install the network plugin, do not run a second time.
// It is no error when there is nothing.
func (s *session) deleteNode(ctx context.Context, via Host, name string) error {
	kube, err := s.kubeAt(ctx, via)
	if err != nil {
		return err
	}
	if _, err := found(kube.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
		return fmt.Errorf("delete node %s: %w", name, err)
	}
	pods, err := podsOn(ctx, kube, name)
	if err != nil {
		return err
	}
	now := int64(0)
	for _, pod := range pods {
		if _, err := found(kube.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})); err != nil {
			return fmt.Errorf("delete pod %s/%s of node %s: %w", pod.Namespace, pod.Name, name, err)
		}
	}
	return nil
}

// nodeGone says whether there is neither a Node nor a pod bound to it.
func (s *session) nodeGone(ctx context.Context, via Host, name string) (bool, error) {
	kube, err := s.kubeAt(ctx, via)
	if err != nil {
		return false, err
	}
	if there, err := exists(ctx, kube.CoreV1().Nodes().Get, name); there || err != nil {
		return false, err
	}
	pods, err := podsOn(ctx, kube, name)
	return len(pods) == 0, err
}

// podsOn lists the pods that are bound to a node.
func podsOn(ctx context.Context, kube *kubeClient, node string) ([]corev1.Pod, error) {
	list, err := kube.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", node).String()})
	if err != nil {
		return nil, fmt.Errorf("list the pods of node %s: %w", node, err)
	}
	return list.Items, nil
}
