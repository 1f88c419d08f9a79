package kapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// verb names what the request does, as authorization knows it.
func (q *request) verb() string {
	watch := q.query.Get("watch") == "true" || q.query.Get("watch") == "1"
	switch q.r.Method {
	case http.MethodGet:
		switch {
		case watch:
			return "watch"
		case q.name == "":
			return "list"
		}
		return "get"
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		if q.name == "" {
			return "deletecollection"
		}
		return "delete"
	}
	return ""
}

func (q *request) serve() error {
	verb := q.verb()
	if verb == "" {
		return apierrors.NewMethodNotSupported(q.res.GroupResource(), q.r.Method)
	}
	if strings.Contains(q.r.Header.Get("Accept"), "as=Table") && !strings.Contains(q.r.Header.Get("Accept"), "application/json,") && !strings.HasSuffix(q.r.Header.Get("Accept"), "application/json") {
		q.server.Unsupported("API Tables")
	}
	q.server.World.Lock()
	err := q.store.authorize(q.user, verb, q.res, q.sub, q.ns, q.name)
	q.server.World.Unlock()
	if err != nil {
		return err
	}
	switch verb {
	case "watch":
		q.watch()
		return nil
	case "list":
		return q.list()
	case "get":
		return q.answer(http.StatusOK, func() (*Object, error) { return q.store.Get(q.res, q.ns, q.name) })
	case "create":
		return q.create()
	case "update":
		return q.update()
	case "patch":
		return q.patch()
	case "delete":
		return q.delete()
	}
	return q.deleteCollection()
}

// answer does one thing with the store and sends the object that it gives.
func (q *request) answer(code int, do func() (*Object, error)) error {
	q.server.World.Lock()
	s, err := q.server.Backend() // etcd may have lost its quorum meanwhile
	var o *Object
	if err == nil && s != q.store {
		err = fmt.Errorf("etcdserver: leader changed")
	}
	if err == nil {
		s.dry = q.query.Has("dryRun")
		o, err = do()
		s.dry = false
	}
	q.server.World.Unlock()
	if err != nil {
		return err
	}
	q.json(code, json.RawMessage(q.versioned(o)))
	return nil
}

// versioned is the object as the requested version of its resource.
func (q *request) versioned(o *Object) []byte {
	if !q.res.CRD && q.res.Plural != "events" || bytes.Contains(o.JSON[:min(len(o.JSON), 200)], []byte(`"apiVersion":"`+q.res.APIVersion()+`"`)) {
		return o.JSON
	}
	u := o.Map()
	u.SetAPIVersion(q.res.APIVersion())
	raw, err := u.MarshalJSON()
	if err != nil {
		return o.JSON
	}
	return raw
}

func (q *request) list() error {
	sel, err := newSelector(q.res, q.ns, q.query.Get("labelSelector"), q.query.Get("fieldSelector"))
	if err != nil {
		return err
	}
	limit, _ := strconv.Atoi(q.query.Get("limit"))
	after, _ := base64.RawURLEncoding.DecodeString(q.query.Get("continue"))
	var items [][]byte
	meta := map[string]any{}
	q.server.World.Lock()
	for _, o := range q.store.List(q.res, q.ns) {
		k := key(o.Namespace, o.Name)
		if !sel.matches(o) || len(after) > 0 && k <= string(after) {
			continue
		}
		if limit > 0 && len(items) == limit {
			meta["continue"] = base64.RawURLEncoding.EncodeToString(after)
			break
		}
		if limit > 0 {
			after = []byte(k)
		}
		items = append(items, q.versioned(o))
	}
	meta["resourceVersion"] = strconv.FormatInt(q.store.rv, 10)
	q.server.World.Unlock()
	head, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	out := fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q,"metadata":%s,"items":[`, q.res.APIVersion(), q.res.Kind+"List", head)
	out = append(out, bytes.Join(items, []byte(","))...)
	q.json(http.StatusOK, json.RawMessage(append(out, "]}"...)))
	return nil
}

func (q *request) create() error {
	u, err := q.body()
	if err != nil {
		return err
	}
	switch {
	case q.sub == "eviction":
		return q.evict(u)
	case q.sub != "":
		q.server.Unsupported("API create of " + q.res.Plural + "/" + q.sub)
		return apierrors.NewMethodNotSupported(q.res.GroupResource(), "create")
	case q.name != "":
		return apierrors.NewMethodNotSupported(q.res.GroupResource(), "create")
	case u.GetKind() != "" && u.GroupVersionKind() != q.res.GVK():
		return apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s", u.GetKind(), u.GetAPIVersion(), q.res.Kind))
	}
	return q.answer(http.StatusCreated, func() (*Object, error) {
		if q.res.Plural == "certificatesigningrequests" {
			q.stampCSR(u)
		}
		return q.store.Create(q.res, q.ns, u)
	})
}

// stampCSR notes in a certificate signing request who asks.
func (q *request) stampCSR(u *unstructured.Unstructured) {
	groups := make([]any, len(q.user.groups))
	for i, g := range q.user.groups {
		groups[i] = g
	}
	_ = unstructured.SetNestedField(u.Object, q.user.name, "spec", "username") // spec is a map, or the request is refused when it is signed
	_ = unstructured.SetNestedSlice(u.Object, groups, "spec", "groups")
}

func (q *request) update() error {
	u, err := q.body()
	if err != nil {
		return err
	}
	return q.answer(http.StatusOK, func() (*Object, error) {
		sub := q.statusSub()
		return q.store.Update(q.res, q.ns, q.name, sub, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			return updated(q.res, sub, live, u, q.manager()), nil
		})
	})
}

// statusSub is how the store sees the subresource: approval and finalize are parts of others.
func (q *request) statusSub() string {
	if q.sub == "approval" {
		return "status"
	}
	if q.sub == "finalize" {
		return ""
	}
	return q.sub
}

func (q *request) manager() string {
	if m := q.query.Get("fieldManager"); m != "" {
		return m
	}
	m, _, _ := strings.Cut(q.r.UserAgent(), "/")
	return m
}

func (q *request) patch() error {
	raw, err := q.read()
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(q.r.Header.Get("Content-Type"), ";")
	sub := q.statusSub()
	if strings.HasPrefix(kind, "application/apply-patch") {
		return q.apply(raw, sub)
	}
	return q.answer(http.StatusOK, func() (*Object, error) {
		return q.store.Update(q.res, q.ns, q.name, sub, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			next, err := patched(q.res, kind, live, raw)
			if err != nil {
				return nil, err
			}
			return updated(q.res, sub, live, next, q.manager()), nil
		})
	})
}

func patched(r *Resource, kind string, live *unstructured.Unstructured, raw []byte) (*unstructured.Unstructured, error) {
	doc, err := live.MarshalJSON()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "application/strategic-merge-patch+json":
		if doc, err = strategicPatch(r, doc, raw); err != nil {
			return nil, err
		}
	case "application/merge-patch+json":
		var p any
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		if doc, err = json.Marshal(mergePatch(live.DeepCopy().Object, p)); err != nil {
			return nil, err
		}
	case "application/json-patch+json":
		out, err := jsonPatch(live.DeepCopy().Object, raw)
		if err != nil {
			return nil, err
		}
		if doc, err = json.Marshal(out); err != nil {
			return nil, err
		}
	default:
		return nil, unsupportedPatch(kind)
	}
	next := &unstructured.Unstructured{}
	if err := next.UnmarshalJSON(doc); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return next, nil
}

// apply is a server-side apply: it creates what is not there.
func (q *request) apply(raw []byte, sub string) error {
	patch, err := decodeYAML(raw)
	if err != nil {
		return err
	}
	manager := q.query.Get("fieldManager")
	if manager == "" {
		return apierrors.NewBadRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
	}
	if patch.GroupVersionKind() != q.res.GVK() {
		return apierrors.NewBadRequest(fmt.Sprintf("the applied object is a %s, the resource a %s", patch.GroupVersionKind(), q.res.GVK()))
	}
	if len(patch.GetManagedFields()) > 0 {
		return apierrors.NewBadRequest("metadata.managedFields must be nil")
	}
	if q.res.Namespaced && patch.GetNamespace() == "" {
		patch.SetNamespace(q.ns)
	}
	if patch.GetName() == "" {
		patch.SetName(q.name)
	}
	force := q.query.Get("force") == "true"
	var created bool
	q.server.World.Lock()
	_, err = q.store.Get(q.res, q.ns, q.name)
	created = err != nil
	q.server.World.Unlock()
	code := http.StatusOK
	if created {
		code = http.StatusCreated
	}
	return q.answer(code, func() (*Object, error) {
		if created {
			live := &unstructured.Unstructured{Object: map[string]any{}}
			live.SetGroupVersionKind(q.res.GVK())
			live.SetName(q.name)
			live.SetNamespace(q.ns)
			next, err := applied(q.res, sub, live, patch, manager, force)
			if err != nil {
				return nil, err
			}
			return q.store.Create(q.res, q.ns, next)
		}
		return q.store.Update(q.res, q.ns, q.name, sub, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
			return applied(q.res, sub, live, patch, manager, force)
		})
	})
}

func (q *request) deleteOptions() (metav1.DeleteOptions, error) {
	var opts metav1.DeleteOptions
	raw, err := q.read()
	if err != nil {
		return opts, err
	}
	if len(raw) > 0 {
		if err := decodeInto(q.r.Header.Get("Content-Type"), raw, &opts); err != nil {
			return opts, err
		}
	}
	if s := q.query.Get("gracePeriodSeconds"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return opts, apierrors.NewBadRequest(err.Error())
		}
		opts.GracePeriodSeconds = &n
	}
	if len(opts.DryRun) > 0 {
		q.server.Unsupported("API deletion with dryRun")
		return opts, apierrors.NewBadRequest("dryRun is not simulated")
	}
	return opts, nil
}

func (q *request) delete() error {
	opts, err := q.deleteOptions()
	if err != nil {
		return err
	}
	return q.answer(http.StatusOK, func() (*Object, error) {
		uid, rv := "", ""
		if p := opts.Preconditions; p != nil {
			if p.UID != nil {
				uid = string(*p.UID)
			}
			if p.ResourceVersion != nil {
				rv = *p.ResourceVersion
			}
		}
		return q.store.Delete(q.res, q.ns, q.name, opts.GracePeriodSeconds, uid, rv)
	})
}

func (q *request) deleteCollection() error {
	sel, err := newSelector(q.res, q.ns, q.query.Get("labelSelector"), q.query.Get("fieldSelector"))
	if err != nil {
		return err
	}
	opts, err := q.deleteOptions()
	if err != nil {
		return err
	}
	q.server.World.Do(func() {
		for _, o := range q.store.List(q.res, q.ns) {
			if sel.matches(o) {
				_, _ = q.store.Delete(q.res, o.Namespace, o.Name, opts.GracePeriodSeconds, "", "") // it was listed under this lock: it is there
			}
		}
	})
	q.json(http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
	return nil
}
