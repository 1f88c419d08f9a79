package kapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/quorate-dev/quorate/fake/internal/sim"
)

// Object is one version of a stored object. It never changes.
type Object struct {
	Namespace, Name string
	RV              int64
	UID             string
	Labels          map[string]string
	JSON            []byte

	typed any                           // what Typed decoded, for the next who asks
	meta  *metav1.PartialObjectMetadata // what Meta decoded
}

// Typed decodes the object, once: the result is shared and must not be changed. The World's lock is held.
func Typed[T any](o *Object) *T {
	if v, ok := o.typed.(*T); ok {
		return v
	}
	v := new(T)
	o.Into(v)
	o.typed = v
	return v
}

// Meta decodes the object's metadata, once: the result is shared and must not be changed. The World's lock is held.
func (o *Object) Meta() *metav1.PartialObjectMetadata {
	if o.meta == nil {
		o.meta = &metav1.PartialObjectMetadata{}
		o.Into(o.meta)
	}
	return o.meta
}

// Map decodes the object.
func (o *Object) Map() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(o.JSON); err != nil {
		panic(fmt.Sprintf("kapi: stored object: %v", err)) // it was encoded by us
	}
	return u
}

// Into decodes the object into a typed one.
func (o *Object) Into(v any) {
	if err := json.Unmarshal(o.JSON, v); err != nil {
		panic(fmt.Sprintf("kapi: stored object: %v", err)) // it was encoded by us
	}
}

// Event is one change in the store.
type Event struct {
	RV       int64
	Type     string // ADDED, MODIFIED, DELETED
	Resource *Resource
	// Object is the state after the change (before it, for DELETED, with the deletion's RV). Old is the state before.
	Object, Old *Object
}

// Store holds the objects of one etcd cluster.
type Store struct {
	World *sim.World
	// Changed is called after each change.
	Changed func(Event)
	// ID tells stores apart.
	ID string

	resources []*Resource
	objects   map[string]map[string]*Object // hub, then namespace/name
	rv        int64
	log       []Event
	watchers  map[*watcher]struct{}
	dry       bool // a request with dryRun=All is being answered
}

// NewStore returns an empty store with the namespaces that every cluster has.
func NewStore(w *sim.World) *Store {
	s := &Store{World: w, Changed: func(Event) {}, resources: builtinResources(), objects: map[string]map[string]*Object{}, watchers: map[*watcher]struct{}{}}
	for _, ns := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		s.mustCreate("namespaces", "", map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": ns}})
	}
	s.bootstrapRBAC()
	return s
}

func (s *Store) mustCreate(plural, ns string, obj map[string]any) {
	if _, err := s.Create(s.Core(plural), ns, &unstructured.Unstructured{Object: obj}); err != nil {
		panic(fmt.Sprintf("kapi: new store: %v", err)) // the objects are the simulator's own
	}
}

func key(ns, name string) string { return ns + "/" + name }

// Get returns an object, or a NotFound error.
func (s *Store) Get(r *Resource, ns, name string) (*Object, error) {
	if o := s.objects[r.hub][key(ns, name)]; o != nil {
		return o, nil
	}
	return nil, apierrors.NewNotFound(r.GroupResource(), name)
}

// List returns the objects of a namespace (all for ""), sorted by namespace and name.
func (s *Store) List(r *Resource, ns string) []*Object {
	all := s.objects[r.hub]
	out := make([]*Object, 0, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if o := all[k]; ns == "" || o.Namespace == ns {
			out = append(out, o)
		}
	}
	return out
}

// RV is the store's current resource version.
func (s *Store) RV() int64 { return s.rv }

// save writes u as the object's next version and tells watchers.
func (s *Store) save(r *Resource, u *unstructured.Unstructured, old *Object) *Object {
	if s.dry { // shown, and neither kept nor told
		return s.encode(u)
	}
	s.rv++
	u.SetResourceVersion(strconv.FormatInt(s.rv, 10))
	o := s.encode(u)
	if s.objects[r.hub] == nil {
		s.objects[r.hub] = map[string]*Object{}
	}
	s.objects[r.hub][key(o.Namespace, o.Name)] = o
	kind := "MODIFIED"
	if old == nil {
		kind = "ADDED"
	}
	s.emit(Event{RV: s.rv, Type: kind, Resource: r, Object: o, Old: old})
	return o
}

func (s *Store) encode(u *unstructured.Unstructured) *Object {
	raw, err := json.Marshal(u.Object)
	if err != nil {
		panic(fmt.Sprintf("kapi: encode: %v", err)) // the map came from JSON
	}
	return &Object{Namespace: u.GetNamespace(), Name: u.GetName(), RV: s.rv, UID: string(u.GetUID()), Labels: u.GetLabels(), JSON: raw}
}

// maxLog is how many events a watch can go back: older resource versions are 410 Gone.
const maxLog = 20000

func (s *Store) emit(e Event) {
	if len(s.log) >= maxLog {
		s.log = slices.Clone(s.log[maxLog/2:])
	}
	s.log = append(s.log, e)
	for w := range s.watchers {
		w.offer(e)
	}
	if e.Resource.Plural == "customresourcedefinitions" {
		s.registerCRD(e)
	}
	s.Changed(e)
}

// generated is the alphabet of names made by generateName, as the real server's.
const generated = "bcdfghjklmnpqrstvwxz2456789"

func (s *Store) suffix() string {
	n := uint64(s.World.Serial("generateName")) * 0x9E3779B97F4A7C15
	b := make([]byte, 5)
	for i := range b {
		b[i] = generated[n%uint64(len(generated))]
		n /= uint64(len(generated))
		n ^= n << 7
	}
	return string(b)
}

func (s *Store) newUID() types.UID {
	n := uint64(s.World.Serial("uid"))
	h := n * 0x9E3779B97F4A7C15
	return types.UID(fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(h>>32), uint16(h>>16), uint16(h)&0xfff, uint16(n>>48)&0xfff, n&0xffffffffffff))
}

// Create stores a new object. Its namespace must exist.
func (s *Store) Create(r *Resource, ns string, u *unstructured.Unstructured) (*Object, error) {
	if err := s.prepareNew(r, ns, u); err != nil {
		return nil, err
	}
	for range 8 {
		if u.GetName() == "" || s.objects[r.hub][key(ns, u.GetName())] == nil {
			break
		}
		if u.GetGenerateName() == "" || !strings.HasPrefix(u.GetName(), u.GetGenerateName()) {
			break
		}
		u.SetName(u.GetGenerateName() + s.suffix())
	}
	if s.objects[r.hub][key(ns, u.GetName())] != nil {
		return nil, apierrors.NewAlreadyExists(r.GroupResource(), u.GetName())
	}
	return s.save(r, u, nil), nil
}

func (s *Store) prepareNew(r *Resource, ns string, u *unstructured.Unstructured) error {
	if r.Namespaced {
		if u.GetNamespace() == "" {
			u.SetNamespace(ns)
		}
		if u.GetNamespace() != ns {
			return apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
		}
		nso, err := s.Get(s.Core("namespaces"), "", ns)
		if err != nil {
			return err
		}
		if nso.Meta().DeletionTimestamp != nil {
			return apierrors.NewForbidden(r.GroupResource(), u.GetName(), fmt.Errorf("unable to create new content in namespace %s because it is being terminated", ns))
		}
	} else {
		u.SetNamespace("")
	}
	if u.GetName() == "" && u.GetGenerateName() != "" {
		u.SetName(u.GetGenerateName() + s.suffix())
	}
	if u.GetResourceVersion() != "" {
		return apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	u.SetUID(s.newUID())
	u.SetCreationTimestamp(metav1.NewTime(s.World.NowLocked().Truncate(1e9)))
	unstructured.RemoveNestedField(u.Object, "metadata", "deletionTimestamp")
	if _, ok := u.Object["spec"]; ok {
		u.SetGeneration(1)
	}
	u.SetAPIVersion(r.APIVersion())
	u.SetKind(r.Kind)
	setDefaults(r, u)
	return validate(r, u)
}

// Update replaces an object by what change makes of it. sub is "" or "status"; what the other one
// owns stays as it was. An object whose resourceVersion is set and not the stored one is a Conflict.
func (s *Store) Update(r *Resource, ns, name, sub string, change func(*unstructured.Unstructured) (*unstructured.Unstructured, error)) (*Object, error) {
	old, err := s.Get(r, ns, name)
	if err != nil {
		return nil, err
	}
	was := old.Map()
	u, err := change(old.Map())
	if err != nil {
		return nil, err
	}
	switch {
	case u.GetName() != name:
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the name of the object (%s) does not match the name on the URL (%s)", u.GetName(), name))
	case u.GetResourceVersion() != "" && u.GetResourceVersion() != was.GetResourceVersion():
		return nil, apierrors.NewConflict(r.GroupResource(), name, fmt.Errorf("the object has been modified; please apply your changes to the latest version and try again"))
	case u.GetUID() != "" && u.GetUID() != was.GetUID():
		//lint:ignore ST1005 the words are those of the real program, which callers see
		return nil, apierrors.NewConflict(r.GroupResource(), name, fmt.Errorf("Precondition failed: UID in precondition: %v, UID in object meta: %v", u.GetUID(), was.GetUID()))
	}
	u = merge(r, sub, was, u)
	if err := validateUpdate(r, was, u); err != nil {
		return nil, err
	}
	if u.GetDeletionTimestamp() != nil && len(u.GetFinalizers()) == 0 && !s.held(r, u) {
		return s.remove(r, old), nil
	}
	u.SetResourceVersion(was.GetResourceVersion())
	if raw, err := json.Marshal(u.Object); err == nil && string(raw) == string(old.JSON) {
		return old, nil // nothing changed: no new version, as the real server
	}
	return s.save(r, u, old), nil
}

// merge keeps what an update to sub may not touch.
func merge(r *Resource, sub string, was, u *unstructured.Unstructured) *unstructured.Unstructured {
	u.SetUID(was.GetUID())
	u.SetNamespace(was.GetNamespace())
	u.SetCreationTimestamp(was.GetCreationTimestamp())
	u.SetDeletionTimestamp(was.GetDeletionTimestamp())
	u.SetDeletionGracePeriodSeconds(was.GetDeletionGracePeriodSeconds())
	u.SetGeneration(was.GetGeneration())
	u.SetAPIVersion(r.APIVersion())
	u.SetKind(r.Kind)
	if sub == "status" {
		kept := was.DeepCopy()
		if status, ok := u.Object["status"]; ok {
			kept.Object["status"] = status
		} else {
			delete(kept.Object, "status")
		}
		if r.Plural == "nodes" || r.Plural == "pods" { // their status writers also keep metadata, the kubelet uses it
			kept.SetLabels(u.GetLabels())
			kept.SetAnnotations(u.GetAnnotations())
		}
		return kept
	}
	if r.HasSub("status") {
		if status, ok := was.Object["status"]; ok {
			u.Object["status"] = status
		} else {
			delete(u.Object, "status")
		}
	}
	if r.HasSub("status") || !r.CRD {
		if a, b := was.Object["spec"], u.Object["spec"]; a != nil || b != nil {
			if !equalJSON(a, b) {
				u.SetGeneration(was.GetGeneration() + 1)
			}
		}
	}
	return u
}

func equalJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

// held says whether something that is being deleted stays until someone takes it away: a
// namespace with its finalizer, a pod that its kubelet still ends.
func (s *Store) held(r *Resource, u *unstructured.Unstructured) bool {
	switch r.Plural {
	case "namespaces":
		f, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "finalizers")
		return len(f) > 0
	case "pods":
		return true
	}
	return false
}

// Delete removes an object, or marks it as being deleted when finalizers, or for a pod its
// kubelet, have to finish first. grace is the grace period asked for, nil for the object's own.
func (s *Store) Delete(r *Resource, ns, name string, grace *int64, uid, rv string) (*Object, error) {
	o, err := s.Get(r, ns, name)
	if err != nil {
		return nil, err
	}
	if uid != "" && uid != o.UID || rv != "" && rv != strconv.FormatInt(o.RV, 10) {
		return nil, apierrors.NewConflict(r.GroupResource(), name, fmt.Errorf("the precondition of the deletion does not hold"))
	}
	u := o.Map()
	wait := len(u.GetFinalizers()) > 0
	period := int64(0)
	switch r.Plural {
	case "namespaces":
		wait = true
	case "pods":
		period = 30
		if v, ok, _ := unstructured.NestedInt64(u.Object, "spec", "terminationGracePeriodSeconds"); ok {
			period = v
		}
		if grace != nil {
			period = *grace
		}
		node, _, _ := unstructured.NestedString(u.Object, "spec", "nodeName")
		_, mirror := u.GetAnnotations()["kubernetes.io/config.mirror"]
		wait = wait || period > 0 && node != "" && !mirror
	}
	if !wait {
		return s.remove(r, o), nil
	}
	if u.GetDeletionTimestamp() != nil && r.Plural != "pods" {
		return o, nil
	}
	at := metav1.NewTime(s.World.NowLocked().Add(seconds(period)).Truncate(1e9))
	if u.GetDeletionTimestamp() != nil && !at.Before(u.GetDeletionTimestamp()) {
		return o, nil
	}
	u.SetDeletionTimestamp(&at)
	u.SetDeletionGracePeriodSeconds(&period)
	if r.Plural == "namespaces" {
		_ = unstructured.SetNestedField(u.Object, "Terminating", "status", "phase") // status is a map or absent
	}
	return s.save(r, u, o), nil
}

// Remove takes an object away whatever holds it.
func (s *Store) Remove(r *Resource, ns, name string) {
	if o, err := s.Get(r, ns, name); err == nil {
		s.remove(r, o)
	}
}

func (s *Store) remove(r *Resource, o *Object) *Object {
	delete(s.objects[r.hub], key(o.Namespace, o.Name))
	s.rv++
	u := o.Map()
	u.SetResourceVersion(strconv.FormatInt(s.rv, 10))
	last := s.encode(u)
	s.emit(Event{RV: s.rv, Type: "DELETED", Resource: r, Object: last, Old: o})
	return last
}

// Put creates or replaces the object's typed form whatever is stored: what controllers do.
func (s *Store) Put(r *Resource, ns, name, sub string, v any) (*Object, error) {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(v)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{Object: m}
	u.SetResourceVersion("")
	if _, err := s.Get(r, ns, name); err != nil {
		u.SetName(name)
		return s.Create(r, ns, u)
	}
	return s.Update(r, ns, name, sub, func(*unstructured.Unstructured) (*unstructured.Unstructured, error) { return u, nil })
}
