package kapi

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// user is who sends a request.
type user struct {
	name   string
	groups []string
}

// authenticate finds out who sends r: a client certificate, a bootstrap token, or nobody known.
// The World's lock is held.
func (s *Server) authenticate(store *Store, r *http.Request) (user, error) {
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		cert := r.TLS.PeerCertificates[0]
		_, err := cert.Verify(x509.VerifyOptions{Roots: s.ClientCAs, CurrentTime: s.World.NowLocked(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		if err != nil {
			return user{}, apierrors.NewUnauthorized("Unauthorized")
		}
		return user{cert.Subject.CommonName, append(slices.Clone(cert.Subject.Organization), "system:authenticated")}, nil
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		u, ok := store.bootstrapToken(token, s.World.NowLocked())
		if !ok {
			return user{}, apierrors.NewUnauthorized("Unauthorized")
		}
		return u, nil
	}
	return user{"system:anonymous", []string{"system:unauthenticated"}}, nil
}

// bootstrapToken checks a token of the form id.secret against its Secret.
func (s *Store) bootstrapToken(token string, now time.Time) (user, bool) {
	id, secret, ok := strings.Cut(token, ".")
	if !ok {
		return user{}, false
	}
	o, err := s.Get(s.Core("secrets"), "kube-system", "bootstrap-token-"+id)
	if err != nil {
		return user{}, false
	}
	var sec corev1.Secret
	o.Into(&sec)
	if sec.Type != "bootstrap.kubernetes.io/token" || string(sec.Data["token-secret"]) != secret || string(sec.Data["token-id"]) != id ||
		string(sec.Data["usage-bootstrap-authentication"]) != "true" || expired(sec, now) || sec.DeletionTimestamp != nil {
		return user{}, false
	}
	groups := []string{"system:bootstrappers"}
	if extra := string(sec.Data["auth-extra-groups"]); extra != "" {
		groups = append(groups, strings.Split(extra, ",")...)
	}
	return user{"system:bootstrap:" + id, append(groups, "system:authenticated")}, true
}

func expired(sec corev1.Secret, now time.Time) bool {
	text := string(sec.Data["expiration"])
	if text == "" {
		return false
	}
	at, err := time.Parse(time.RFC3339, text)
	return err != nil || now.After(at)
}

// ExpiresAt is when a bootstrap token's Secret ends; false for one that does not.
func ExpiresAt(sec corev1.Secret) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, string(sec.Data["expiration"]))
	return at, err == nil
}

// rule is a part of a role: what may be done with what.
type rule struct {
	APIGroups, Resources, Verbs, ResourceNames, NonResourceURLs []string
}

type role struct{ Rules []rule }

type binding struct {
	Subjects []struct{ Kind, Name, Namespace string }
	RoleRef  struct{ Kind, Name string }
}

func (b binding) covers(u user) bool {
	for _, s := range b.Subjects {
		switch s.Kind {
		case "Group":
			if slices.Contains(u.groups, s.Name) {
				return true
			}
		case "User":
			if u.name == s.Name {
				return true
			}
		case "ServiceAccount":
			if u.name == "system:serviceaccount:"+s.Namespace+":"+s.Name {
				return true
			}
		}
	}
	return false
}

func has(list []string, want string) bool {
	return slices.Contains(list, want) || slices.Contains(list, "*")
}

func (r rule) allows(verb string, res *Resource, sub, name string) bool {
	plural := res.Plural
	if sub != "" {
		plural += "/" + sub
	}
	return has(r.Verbs, verb) && has(r.APIGroups, res.Group) && has(r.Resources, plural) && (len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, name))
}

// authorize says whether u may do verb, by the roles and bindings that are stored. The World's lock is held.
func (s *Store) authorize(u user, verb string, res *Resource, sub, ns, name string) error {
	if slices.Contains(u.groups, "system:masters") {
		return nil
	}
	for _, o := range s.List(s.Core("clusterrolebindings"), "") {
		if s.grants(o, "", u, verb, res, sub, name) {
			return nil
		}
	}
	if ns != "" {
		for _, o := range s.List(s.Core("rolebindings"), ns) {
			if s.grants(o, ns, u, verb, res, sub, name) {
				return nil
			}
		}
	}
	where := "at the cluster scope"
	if ns != "" {
		where = fmt.Sprintf("in the namespace %q", ns)
	}
	//lint:ignore ST1005 the words are those of the real program, which callers see
	return apierrors.NewForbidden(res.GroupResource(), name, fmt.Errorf("User %q cannot %s resource %q in API group %q %s", u.name, verb, res.Plural, res.Group, where))
}

func (s *Store) grants(o *Object, ns string, u user, verb string, res *Resource, sub, name string) bool {
	var b binding
	o.Into(&b)
	if !b.covers(u) {
		return false
	}
	plural, roleNS := "clusterroles", ""
	if b.RoleRef.Kind == "Role" {
		plural, roleNS = "roles", ns
	}
	ro, err := s.Get(s.Core(plural), roleNS, b.RoleRef.Name)
	if err != nil {
		return false
	}
	var r role
	ro.Into(&r)
	return slices.ContainsFunc(r.Rules, func(x rule) bool { return x.allows(verb, res, sub, name) })
}

// bootstrapRBAC stores the roles that a new API server makes and kubeadm's bindings refer to.
func (s *Store) bootstrapRBAC() {
	role := func(name string, rules ...map[string]any) {
		list := make([]any, len(rules))
		for i, r := range rules {
			list[i] = r
		}
		s.mustCreate("clusterroles", "", map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": map[string]any{"name": name, "labels": map[string]any{"kubernetes.io/bootstrapping": "rbac-defaults"}}, "rules": list})
	}
	bind := func(name, roleName string, kind string, subjects ...string) {
		var list []any
		for _, sub := range subjects {
			list = append(list, map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": sub})
		}
		s.mustCreate("clusterrolebindings", "", map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": map[string]any{"name": name},
			"roleRef": map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": roleName}, "subjects": list})
	}
	strs := func(v ...string) []any {
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	}
	rule := func(groups, resources, verbs []any) map[string]any {
		return map[string]any{"apiGroups": groups, "resources": resources, "verbs": verbs}
	}
	role("cluster-admin", rule(strs("*"), strs("*"), strs("*")), map[string]any{"nonResourceURLs": strs("*"), "verbs": strs("*")})
	role("system:node-bootstrapper", rule(strs("certificates.k8s.io"), strs("certificatesigningrequests"), strs("create", "get", "list", "watch")))
	role("system:node-proxier", rule(strs(""), strs("endpoints", "services", "nodes"), strs("list", "watch", "get")), rule(strs("discovery.k8s.io"), strs("endpointslices"), strs("list", "watch")))
	role("system:certificates.k8s.io:certificatesigningrequests:nodeclient", rule(strs("certificates.k8s.io"), strs("certificatesigningrequests/nodeclient"), strs("create")))
	role("system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", rule(strs("certificates.k8s.io"), strs("certificatesigningrequests/selfnodeclient"), strs("create")))
	role("system:node", rule(strs(""), strs("nodes", "nodes/status", "pods", "pods/status", "services", "configmaps", "secrets", "events", "pods/eviction", "serviceaccounts", "persistentvolumes", "persistentvolumeclaims"), strs("get", "list", "watch", "create", "update", "patch", "delete")),
		rule(strs("coordination.k8s.io"), strs("leases"), strs("get", "create", "update", "patch", "delete")), rule(strs("certificates.k8s.io"), strs("certificatesigningrequests"), strs("create", "get", "list", "watch")), rule(strs("node.k8s.io", "storage.k8s.io"), strs("*"), strs("get", "list", "watch")))
	bind("cluster-admin", "cluster-admin", "Group", "system:masters")
	bind("system:node", "system:node", "Group", "system:nodes") // the node authorizer, without its limits to a node's own objects
	bind("system:kube-controller-manager", "cluster-admin", "User", "system:kube-controller-manager", "system:kube-scheduler")
}
