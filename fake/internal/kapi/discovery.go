package kapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var standardVerbs = metav1.Verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}

// discovery answers /api, /apis, /apis/GROUP and /…/VERSION.
func (q *request) discovery(root, group, version string) error {
	q.server.World.Lock()
	resources := slices.Clone(q.store.resources)
	q.server.World.Unlock()
	switch {
	case root == "api" && version == "":
		q.json(http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions", APIVersion: "v1"}, Versions: []string{"v1"}})
	case root == "apis" && group == "":
		q.json(http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: groups(resources)})
	case version == "":
		for _, g := range groups(resources) {
			if g.Name == group {
				g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
				q.json(http.StatusOK, g)
				return nil
			}
		}
		return notFound("the server could not find the requested resource")
	default:
		return q.resources(resources, group, version)
	}
	return nil
}

func groups(resources []*Resource) []metav1.APIGroup {
	by := map[string]*metav1.APIGroup{}
	var order []string
	for _, r := range resources {
		if r.Group == "" {
			continue
		}
		g := by[r.Group]
		if g == nil {
			g = &metav1.APIGroup{Name: r.Group}
			by[r.Group] = g
			order = append(order, r.Group)
		}
		v := metav1.GroupVersionForDiscovery{GroupVersion: r.APIVersion(), Version: r.Version}
		if !slices.Contains(g.Versions, v) {
			g.Versions = append(g.Versions, v)
		}
	}
	var out []metav1.APIGroup
	for _, name := range order {
		g := by[name]
		slices.SortFunc(g.Versions, func(a, b metav1.GroupVersionForDiscovery) int { return rank(b.Version) - rank(a.Version) })
		g.PreferredVersion = g.Versions[0]
		out = append(out, *g)
	}
	return out
}

// rank orders versions: released ones before beta before alpha.
func rank(v string) int {
	n := 0
	for _, c := range v {
		if c >= '0' && c <= '9' {
			n = n*10 + int(c-'0')
		} else if n > 0 {
			break
		}
	}
	switch {
	case strings.Contains(v, "alpha"):
		return n
	case strings.Contains(v, "beta"):
		return 1000 + n
	}
	return 2000 + n
}

func (q *request) resources(resources []*Resource, group, version string) error {
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}}
	for _, r := range resources {
		if r.Group != group || r.Version != version {
			continue
		}
		list.GroupVersion = r.APIVersion()
		list.APIResources = append(list.APIResources, metav1.APIResource{Name: r.Plural, SingularName: strings.ToLower(r.Kind), Namespaced: r.Namespaced, Kind: r.Kind, Verbs: standardVerbs, ShortNames: r.Short, Categories: r.Categories})
		for _, s := range r.Sub {
			sub := metav1.APIResource{Name: r.Plural + "/" + s, Namespaced: r.Namespaced, Kind: r.Kind, Verbs: metav1.Verbs{"get", "patch", "update"}}
			if s == "eviction" {
				sub.Group, sub.Version, sub.Kind, sub.Verbs = "policy", "v1", "Eviction", metav1.Verbs{"create"}
			}
			list.APIResources = append(list.APIResources, sub)
		}
	}
	if list.GroupVersion == "" {
		return notFound("the server could not find the requested resource")
	}
	slices.SortStableFunc(list.APIResources, func(a, b metav1.APIResource) int { return cmp.Compare(a.Name, b.Name) })
	q.json(http.StatusOK, list)
	return nil
}
