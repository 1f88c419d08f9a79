package kapi

import (
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

// builtinTypes is the schema of the built-in kinds. It is a constant that takes long to compute,
// so it is computed once, and only when something is applied.
var builtinTypes = sync.OnceValue(func() managedfields.TypeConverter { return applyconfigurations.NewTypeConverter(scheme.Scheme) })

// untyped is the machinery that managed fields need, for objects that are maps of one version.
type untyped struct{ gvk schema.GroupVersionKind }

// Convert is runtime.ObjectConvertor's.
func (untyped) Convert(in, out, _ any) error {
	from, ok1 := in.(*unstructured.Unstructured)
	to, ok2 := out.(*unstructured.Unstructured)
	if ok1 && ok2 {
		to.Object = from.Object
	}
	return nil
}

// ConvertToVersion is runtime.ObjectConvertor's.
func (untyped) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

// ConvertFieldLabel is runtime.ObjectConvertor's.
func (untyped) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

// Default is runtime.ObjectDefaulter's.
func (untyped) Default(runtime.Object) {}

// New is runtime.ObjectCreater's.
func (t untyped) New(schema.GroupVersionKind) (runtime.Object, error) {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(t.gvk)
	return u, nil
}

func fieldManager(r *Resource, sub string) (*managedfields.FieldManager, error) {
	t := untyped{r.GVK()}
	if r.CRD || !scheme.Scheme.Recognizes(r.GVK()) { // the definitions themselves have no schema in client-go
		return managedfields.NewDefaultCRDFieldManager(managedfields.NewDeducedTypeConverter(), t, t, t, r.GVK(), r.GVK().GroupVersion(), sub, nil)
	}
	return managedfields.NewDefaultFieldManager(builtinTypes(), t, t, t, r.GVK(), r.GVK().GroupVersion(), sub, nil)
}

// applied merges a server-side apply into live.
func applied(r *Resource, sub string, live, patch *unstructured.Unstructured, manager string, force bool) (*unstructured.Unstructured, error) {
	fm, err := fieldManager(r, sub)
	if err != nil {
		return nil, err
	}
	out, err := fm.Apply(live, patch, manager, force)
	if err != nil {
		return nil, err
	}
	return out.(*unstructured.Unstructured), nil
}

// updated records in the managed fields, where an object has them, who made the change.
func updated(r *Resource, sub string, live, next *unstructured.Unstructured, manager string) *unstructured.Unstructured {
	if len(live.GetManagedFields()) == 0 {
		return next
	}
	fm, err := fieldManager(r, sub)
	if err != nil {
		return next
	}
	return fm.UpdateNoErrors(live, next, manager).(*unstructured.Unstructured)
}
