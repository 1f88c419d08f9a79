package ctrl

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
)

// seed puts into a new store what the control plane makes by itself.
func (c *Control) seed(s *kapi.Store) {
	_, _ = s.Put(s.Core("services"), "default", "kubernetes", "", &corev1.Service{
		TypeMeta: metav1.TypeMeta{Kind: "Service", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: "default", Labels: map[string]string{"component": "apiserver", "provider": "kubernetes"}},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.1", Ports: []corev1.ServicePort{{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP}}},
	}) // the store is new and the namespace there
}

// services is done when an API server starts.
func (n *Node) services() { n.c.Kick() }
