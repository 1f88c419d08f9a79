package kapi

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource is one kind of object that the API serves.
type Resource struct {
	Group, Version, Plural, Kind string
	Namespaced                   bool
	Short                        []string
	Sub                          []string // subresources
	Categories                   []string
	CRD                          bool
	// hub is the key that all versions of the resource are stored under.
	hub string
}

// GVK is the resource's group, version and kind.
func (r *Resource) GVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
}

// GroupResource names the resource in errors.
func (r *Resource) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Plural}
}

// APIVersion is "v1" or "group/version".
func (r *Resource) APIVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

// HasSub says whether the resource has the subresource.
func (r *Resource) HasSub(name string) bool { return slices.Contains(r.Sub, name) }

// builtin lists what every cluster serves: group/version, plural, Kind, n(amespaced) or c(luster),
// short names, subresources ("-" for none).
const builtin = `
v1 bindings Binding n - -
v1 componentstatuses ComponentStatus c cs -
v1 configmaps ConfigMap n cm -
v1 endpoints Endpoints n ep -
v1 events Event n ev -
v1 limitranges LimitRange n limits -
v1 namespaces Namespace c ns status,finalize
v1 nodes Node c no status
v1 persistentvolumeclaims PersistentVolumeClaim n pvc status
v1 persistentvolumes PersistentVolume c pv status
v1 pods Pod n po status,binding,eviction
v1 podtemplates PodTemplate n - -
v1 replicationcontrollers ReplicationController n rc status
v1 resourcequotas ResourceQuota n quota status
v1 secrets Secret n - -
v1 serviceaccounts ServiceAccount n sa token
v1 services Service n svc status
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration c - -
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration c - -
apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition c crd,crds status
apiregistration.k8s.io/v1 apiservices APIService c - status
apps/v1 controllerrevisions ControllerRevision n - -
apps/v1 daemonsets DaemonSet n ds status
apps/v1 deployments Deployment n deploy status
apps/v1 replicasets ReplicaSet n rs status
apps/v1 statefulsets StatefulSet n sts status
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler n hpa status
batch/v1 cronjobs CronJob n cj status
batch/v1 jobs Job n - status
certificates.k8s.io/v1 certificatesigningrequests CertificateSigningRequest c csr status,approval
coordination.k8s.io/v1 leases Lease n - -
discovery.k8s.io/v1 endpointslices EndpointSlice n - -
events.k8s.io/v1 events Event n ev -
networking.k8s.io/v1 ingressclasses IngressClass c - -
networking.k8s.io/v1 ingresses Ingress n ing status
networking.k8s.io/v1 networkpolicies NetworkPolicy n netpol -
node.k8s.io/v1 runtimeclasses RuntimeClass c - -
policy/v1 poddisruptionbudgets PodDisruptionBudget n pdb status
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding c - -
rbac.authorization.k8s.io/v1 clusterroles ClusterRole c - -
rbac.authorization.k8s.io/v1 rolebindings RoleBinding n - -
rbac.authorization.k8s.io/v1 roles Role n - -
scheduling.k8s.io/v1 priorityclasses PriorityClass c pc -
storage.k8s.io/v1 csidrivers CSIDriver c - -
storage.k8s.io/v1 csinodes CSINode c - -
storage.k8s.io/v1 storageclasses StorageClass c sc -
storage.k8s.io/v1 volumeattachments VolumeAttachment c - status
`

// builtinResources reads the table.
func builtinResources() []*Resource {
	var out []*Resource
	for line := range strings.Lines(builtin) {
		f := strings.Fields(line)
		if len(f) != 6 {
			continue
		}
		group, version, ok := strings.Cut(f[0], "/")
		if !ok {
			group, version = "", f[0]
		}
		r := &Resource{Group: group, Version: version, Plural: f[1], Kind: f[2], Namespaced: f[3] == "n", hub: group + "/" + f[1]}
		if f[4] != "-" {
			r.Short = strings.Split(f[4], ",")
		}
		if f[5] != "-" {
			r.Sub = strings.Split(f[5], ",")
		}
		if r.Group == "events.k8s.io" {
			r.hub = "/events" // one store behind both groups
		}
		out = append(out, r)
	}
	return out
}

// Lookup finds a resource by group, version and plural; nil when it is not served.
func (s *Store) Lookup(group, version, plural string) *Resource {
	for _, r := range s.resources {
		if r.Plural == plural && r.Group == group && r.Version == version {
			return r
		}
	}
	return nil
}

// ByKind finds a resource by kind; nil when it is not served.
func (s *Store) ByKind(gvk schema.GroupVersionKind) *Resource {
	for _, r := range s.resources {
		if r.GVK() == gvk {
			return r
		}
	}
	return nil
}

// Core finds a built-in resource by its plural, whatever its group. It panics when there is none:
// the name is the simulator's own.
func (s *Store) Core(plural string) *Resource {
	for _, r := range s.resources {
		if r.Plural == plural && !r.CRD {
			return r
		}
	}
	panic("kapi: no resource " + plural)
}
