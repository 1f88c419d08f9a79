package kapi

import (
	"encoding/base64"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func base64Encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func validBase64(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

// registerCRD makes the API serve what a CustomResourceDefinition defines, and says so in its status.
func (s *Store) registerCRD(e Event) {
	u := e.Object.Map()
	group, _, _ := unstructured.NestedString(u.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(u.Object, "spec", "names", "plural")
	hub := group + "/" + plural
	kept := make([]*Resource, 0, len(s.resources))
	for _, r := range s.resources {
		if !(r.CRD && r.hub == hub) {
			kept = append(kept, r)
		}
	}
	s.resources = kept
	if e.Type == "DELETED" {
		delete(s.objects, hub)
		return
	}
	kind, _, _ := unstructured.NestedString(u.Object, "spec", "names", "kind")
	scope, _, _ := unstructured.NestedString(u.Object, "spec", "scope")
	short, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "names", "shortNames")
	versions, _, _ := unstructured.NestedSlice(u.Object, "spec", "versions")
	for _, v := range versions {
		m, ok := v.(map[string]any)
		if served, _, _ := unstructured.NestedBool(m, "served"); !ok || !served {
			continue
		}
		name, _, _ := unstructured.NestedString(m, "name")
		r := &Resource{Group: group, Version: name, Plural: plural, Kind: kind, Namespaced: scope == "Namespaced", Short: short, CRD: true, hub: hub}
		if _, found, _ := unstructured.NestedMap(m, "subresources", "status"); found {
			r.Sub = []string{"status"}
		}
		s.resources = append(s.resources, r)
	}
	if conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions"); len(conditions) > 0 {
		return
	}
	now := s.World.NowLocked().UTC().Format("2006-01-02T15:04:05Z")
	var conditions []any
	for _, c := range []string{"NamesAccepted", "Established"} {
		conditions = append(conditions, map[string]any{"type": c, "status": "True", "reason": "InitialNamesAccepted", "message": "", "lastTransitionTime": now})
	}
	names, _, _ := unstructured.NestedMap(u.Object, "spec", "names")
	var stored []any
	for _, v := range versions {
		if m, ok := v.(map[string]any); ok && m["storage"] == true {
			stored = append(stored, m["name"])
		}
	}
	_, _ = s.Update(e.Resource, "", u.GetName(), "status", func(u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		u.Object["status"] = map[string]any{"conditions": conditions, "acceptedNames": names, "storedVersions": slices.Clip(stored)}
		return u, nil
	}) // the object was stored just now: the update cannot conflict
}
