package fake_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/quorate-dev/quorate/fake"
)

// built runs f in a bubble with a cluster of two control planes and two workers.
func built(t *testing.T, f func(t *testing.T, h *hand)) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.build()
		f(t, h)
		require.Empty(t, c.Unhandled())
	}, fake.ControlPlanes(1), fake.Workers(2))
}

func TestAPIWrites(t *testing.T) {
	built(t, func(t *testing.T, h *hand) {
		ctx := t.Context()
		maps := h.client().CoreV1().ConfigMaps("default")
		a, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"x": "1"}}, Data: map[string]string{"k": "v"}}, metav1.CreateOptions{})
		require.NoError(t, err)
		require.NotEmpty(t, a.UID)
		_, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
		require.True(t, apierrors.IsAlreadyExists(err), "%v", err)

		// an old version conflicts
		b := a.DeepCopy()
		b.Data["k"] = "w"
		b, err = maps.Update(ctx, b, metav1.UpdateOptions{})
		require.NoError(t, err)
		require.NotEqual(t, a.ResourceVersion, b.ResourceVersion)
		_, err = maps.Update(ctx, a, metav1.UpdateOptions{})
		require.True(t, apierrors.IsConflict(err), "%v", err)
		same, err := maps.Update(ctx, b, metav1.UpdateOptions{})
		require.NoError(t, err)
		require.Equal(t, b.ResourceVersion, same.ResourceVersion, "an update that changes nothing is none")

		// the patches
		for kind, p := range map[types.PatchType]string{
			types.MergePatchType:          `{"data":{"merge":"1","k":null}}`,
			types.StrategicMergePatchType: `{"data":{"strategic":"1"}}`,
			types.JSONPatchType:           `[{"op":"add","path":"/data/json","value":"1"}]`,
		} {
			_, err := maps.Patch(ctx, "a", kind, []byte(p), metav1.PatchOptions{})
			require.NoError(t, err, "%s", kind)
		}
		got, err := maps.Get(ctx, "a", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"merge": "1", "strategic": "1", "json": "1"}, got.Data)

		// names are generated, and wrong ones refused
		for range 20 {
			_, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "gen-"}}, metav1.CreateOptions{})
			require.NoError(t, err)
		}
		_, err = maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "Not_A_Name"}}, metav1.CreateOptions{})
		require.True(t, apierrors.IsInvalid(err), "%v", err)
		_, err = h.client().CoreV1().ConfigMaps("nowhere").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, metav1.CreateOptions{})
		require.True(t, apierrors.IsNotFound(err), "%v", err)

		// selectors: those that are known select, others are an error
		list, err := maps.List(ctx, metav1.ListOptions{LabelSelector: "x=1"})
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		pods, err := h.client().CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=w1"})
		require.NoError(t, err)
		require.NotEmpty(t, pods.Items)
		for _, p := range pods.Items {
			require.Equal(t, "w1", p.Spec.NodeName)
		}
		_, err = maps.List(ctx, metav1.ListOptions{FieldSelector: "data.k=v"})
		require.True(t, apierrors.IsBadRequest(err), "%v", err)

		require.NoError(t, maps.Delete(ctx, "a", metav1.DeleteOptions{}))
		_, err = maps.Get(ctx, "a", metav1.GetOptions{})
		require.True(t, apierrors.IsNotFound(err))
		require.NoError(t, maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "!x"}))
	})
}

func TestServerSideApply(t *testing.T) {
	built(t, func(t *testing.T, h *hand) {
		cfg, err := h.c.RESTConfig("")
		require.NoError(t, err)
		dc, err := discovery.NewDiscoveryClientForConfig(cfg)
		require.NoError(t, err)
		mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(dc))
		m, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, "v1")
		require.NoError(t, err)
		dyn, err := dynamic.NewForConfig(cfg)
		require.NoError(t, err)
		sets := dyn.Resource(m.Resource).Namespace("kube-system")
		apply := func(manager, image string, force bool) error {
			_, err := sets.Apply(t.Context(), "net", &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": "net", "namespace": "kube-system"},
				"spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"a": "b"}}, "template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"a": "b"}}, "spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": image}}}}},
			}}, metav1.ApplyOptions{FieldManager: manager, Force: force})
			return err
		}
		require.NoError(t, apply("quorate", "x:1", false))
		require.NoError(t, apply("quorate", "x:1", false))
		require.NoError(t, apply("quorate", "x:2", false))
		require.True(t, apierrors.IsConflict(apply("other", "x:3", false)))
		require.NoError(t, apply("other", "x:3", true))
		require.True(t, apierrors.IsConflict(apply("quorate", "x:2", false)))

		// a kind of its own, once its definition is there
		crds := dyn.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
		_, err = crds.Apply(t.Context(), "widgets.example.com", &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "widgets.example.com"},
			"spec": map[string]any{"group": "example.com", "scope": "Cluster", "names": map[string]any{"plural": "widgets", "singular": "widget", "kind": "Widget"}, "versions": []any{map[string]any{"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}},
		}}, metav1.ApplyOptions{FieldManager: "quorate"})
		require.NoError(t, err)
		mapper.Reset()
		m, err = mapper.RESTMapping(schema.GroupKind{Group: "example.com", Kind: "Widget"})
		require.NoError(t, err)
		w, err := dyn.Resource(m.Resource).Apply(t.Context(), "w", &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "w"}, "spec": map[string]any{"size": int64(3)}}}, metav1.ApplyOptions{FieldManager: "quorate"})
		require.NoError(t, err)
		require.Equal(t, "Widget", w.GetKind())
	})
}

func TestEvictionAndBudgets(t *testing.T) {
	built(t, func(t *testing.T, h *hand) {
		cs := h.client()
		dns := func() (out []corev1.Pod) {
			list, err := cs.CoreV1().Pods("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: "k8s-app=kube-dns"})
			require.NoError(t, err)
			return list.Items
		}
		require.Len(t, dns(), 2)
		two := intstr.FromInt32(2)
		_, err := cs.PolicyV1().PodDisruptionBudgets("kube-system").Create(t.Context(), &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "dns"}, Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: &two, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}}}}, metav1.CreateOptions{})
		require.NoError(t, err)
		victim := dns()[0]
		evict := func() error {
			return cs.CoreV1().Pods("kube-system").EvictV1(t.Context(), &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: victim.Name, Namespace: "kube-system"}})
		}
		require.True(t, apierrors.IsTooManyRequests(evict()))
		require.NoError(t, cs.PolicyV1().PodDisruptionBudgets("kube-system").Delete(t.Context(), "dns", metav1.DeleteOptions{}))

		// evicted from a node that takes no more, it comes back elsewhere
		_, err = cs.CoreV1().Nodes().Patch(t.Context(), victim.Spec.NodeName, types.StrategicMergePatchType, []byte(`{"spec":{"unschedulable":true}}`), metav1.PatchOptions{})
		require.NoError(t, err)
		require.NoError(t, evict())
		h.c.Settle(time.Minute)
		require.Len(t, dns(), 2)
		for _, p := range dns() {
			require.NotEqual(t, victim.Name, p.Name)
			require.Equal(t, corev1.PodRunning, p.Status.Phase)
		}
	})
}

func TestInformer(t *testing.T) {
	built(t, func(t *testing.T, h *hand) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f := informers.NewSharedInformerFactory(h.client(), 0)
		nodes := f.Core().V1().Nodes().Lister()
		inf := f.Core().V1().Nodes().Informer()
		f.Start(ctx.Done())
		f.WaitForCacheSync(ctx.Done())
		require.True(t, inf.HasSynced())
		_, err := nodes.Get("w1")
		require.NoError(t, err)
		_, err = h.client().CoreV1().Nodes().Patch(ctx, "w1", types.MergePatchType, []byte(`{"metadata":{"labels":{"hello":"there"}}}`), metav1.PatchOptions{})
		require.NoError(t, err)
		time.Sleep(time.Second)
		n, err := nodes.Get("w1")
		require.NoError(t, err)
		require.Equal(t, "there", n.Labels["hello"])
		require.NoError(t, h.client().CoreV1().Nodes().Delete(ctx, "w2", metav1.DeleteOptions{}))
		h.c.Host("w2").Crash()
		time.Sleep(time.Second)
		_, err = nodes.Get("w2")
		require.Error(t, err)
		cancel()
		f.Shutdown()
	})
}

func TestAuthentication(t *testing.T) {
	built(t, func(t *testing.T, h *hand) {
		cfg, err := h.c.RESTConfig("")
		require.NoError(t, err)
		as := func(change func(*rest.Config)) *kubernetes.Clientset {
			c := rest.CopyConfig(cfg)
			c.CertData, c.KeyData = nil, nil
			change(c)
			cs, err := kubernetes.NewForConfig(c)
			require.NoError(t, err)
			return cs
		}
		nobody := as(func(*rest.Config) {})
		_, err = nobody.CoreV1().ConfigMaps("kube-public").Get(t.Context(), "cluster-info", metav1.GetOptions{})
		require.NoError(t, err, "everybody may read cluster-info")
		_, err = nobody.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		require.True(t, apierrors.IsForbidden(err), "%v", err)

		token := as(func(c *rest.Config) { c.BearerToken = h.token.Reveal() })
		_, err = token.CoreV1().ConfigMaps("kube-system").Get(t.Context(), "kubeadm-config", metav1.GetOptions{})
		require.NoError(t, err)
		_, err = token.CoreV1().Nodes().Get(t.Context(), "cp1", metav1.GetOptions{})
		require.NoError(t, err)
		_, err = token.CoreV1().Secrets("kube-system").List(t.Context(), metav1.ListOptions{})
		require.True(t, apierrors.IsForbidden(err), "%v", err)

		wrong := as(func(c *rest.Config) { c.BearerToken = "abcdef.0123456789abcdef" })
		_, err = wrong.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		require.True(t, apierrors.IsUnauthorized(err), "%v", err)

		h.c.Advance(25 * time.Hour)
		_, err = token.CoreV1().Nodes().Get(t.Context(), "cp1", metav1.GetOptions{})
		require.True(t, apierrors.IsUnauthorized(err), "%v", err)
		secrets, err := h.client().CoreV1().Secrets("kube-system").List(t.Context(), metav1.ListOptions{})
		require.NoError(t, err)
		for _, s := range secrets.Items {
			require.NotContains(t, s.Name, "bootstrap-token-", "the cleaner took it")
			require.NotEqual(t, "kubeadm-certs", s.Name, "and what it owned")
		}
		raw, err := json.Marshal(secrets)
		require.NoError(t, err)
		require.NotContains(t, string(raw), h.token.Reveal()[7:])
	})
}
