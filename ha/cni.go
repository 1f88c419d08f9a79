package ha

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// fieldManager is the owner, in server-side apply, of the fields that a manifest sets.
const fieldManager = "quorate"

// manifest is the network plugin's objects.
type manifest struct {
	source  string
	objects []*unstructured.Unstructured
}

// manifestLimit bounds a manifest's size: 16 MiB.
const manifestLimit = 16 << 20

// loadManifest reads the network plugin's manifest from this machine or by https; nil where the Spec names none.
func (c *Cluster) loadManifest(ctx context.Context) (*manifest, error) {
	source := c.spec.CNI.Manifest
	if source == "" {
		return nil, nil
	}
	var data []byte
	var err error
	if strings.Contains(source, "://") {
		data, err = fetch(ctx, source)
	} else {
		data, err = os.ReadFile(source)
	}
	if err != nil {
		return nil, &SpecError{Problems: []Problem{{Code: "CNIManifest", Path: "cni.manifest", Message: err.Error(), Err: err}}}
	}
	objects, err := parseManifest(data)
	if err != nil {
		return nil, &SpecError{Problems: []Problem{{Code: "CNIManifest", Path: "cni.manifest", Message: fmt.Sprintf("%s: %v", source, err), Err: err}}}
	}
	return &manifest{source: source, objects: objects}, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	if !strings.HasPrefix(url, "https://") {
		return nil, fmt.Errorf("%s: only https URLs are fetched", url)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, manifestLimit))
}

// parseManifest reads the objects of a manifest of one or many YAML documents.
func parseManifest(data []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for n := 1; ; n++ {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		object := &unstructured.Unstructured{}
		if err := utilyaml.Unmarshal(doc, &object.Object); err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		if len(object.Object) == 0 {
			continue // comments only
		}
		if object.GetKind() == "" || object.GetAPIVersion() == "" || object.GetName() == "" {
			return nil, fmt.Errorf("document %d: kind, apiVersion or metadata.name is missing", n)
		}
		objects = append(objects, object)
	}
	if len(objects) == 0 {
		return nil, errors.New("holds no object")
	}
	return objects, nil
}

func objectName(o *unstructured.Unstructured) string {
	name := o.GetKind() + " " + o.GetName()
	if ns := o.GetNamespace(); ns != "" {
		name = o.GetKind() + " " + ns + "/" + o.GetName()
	}
	return name
}

// planCNI applies the network plugin's manifest, so that nodes get Ready.
func (b *planner) planCNI() {
	if b.cni == nil {
		return
	}
	host := b.spec.byRole(RoleControlPlane)[0]
	missing := make([]string, 0, len(b.cni.objects))
	for _, o := range b.cni.objects {
		missing = append(missing, objectName(o))
	}
	if c := b.obs.cluster; c != nil {
		missing, host = c.cniMissing, c.via
	}
	if len(missing) == 0 {
		return
	}
	changes := make([]Change, len(missing))
	for i, name := range missing {
		changes[i] = Change{API: "apply " + name}
	}
	m := b.cni
	b.add(step{
		Step: Step{ID: stepID(host.Name, "cni"), Host: host.Name, Title: "the network plugin is installed", After: b.planned(host.Name, "init", "join"), Limit: limitShort, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			kube, err := r.kubeAt(ctx, host)
			if err != nil {
				return false, err
			}
			missing, err := m.missing(ctx, kube)
			return len(missing) == 0, err
		},
		do: func(ctx context.Context, r *stepRun) error {
			kube, err := r.kubeAt(ctx, host)
			if err != nil {
				return err
			}
			return m.apply(ctx, kube, r.report)
		},
	})
}

// resources finds where the API serves a manifest's kinds.
type resources struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

func resourcesOf(kube *kubeClient) *resources {
	return &resources{dynamic: kube.dynamic, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kube.Discovery()))}
}

// of returns the resource of an object; meta.IsNoMatchError where the API does not serve its kind (yet).
func (r *resources) of(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gv, err := schema.ParseGroupVersion(o.GetAPIVersion())
	if err != nil {
		return nil, err
	}
	mapping, err := r.mapper.RESTMapping(schema.GroupKind{Group: gv.Group, Kind: o.GetKind()}, gv.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		namespace := o.GetNamespace()
		if namespace == "" {
			namespace = metav1.NamespaceDefault
		}
		return r.dynamic.Resource(mapping.Resource).Namespace(namespace), nil
	}
	return r.dynamic.Resource(mapping.Resource), nil
}

// missing returns the names of the objects that are not in the cluster as the manifest says, asked by
// applying them without persisting anything.
func (m *manifest) missing(ctx context.Context, kube *kubeClient) ([]string, error) {
	res := resourcesOf(kube)
	var names []string
	for _, o := range m.objects {
		same, err := res.same(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", objectName(o), err)
		}
		if !same {
			names = append(names, objectName(o))
		}
	}
	return names, nil
}

func (r *resources) same(ctx context.Context, o *unstructured.Unstructured) (bool, error) {
	client, err := r.of(o)
	if meta.IsNoMatchError(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	live, err := client.Get(ctx, o.GetName(), metav1.GetOptions{})
	if ok, err := found(err); !ok {
		return false, err
	}
	applied, err := client.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: fieldManager, Force: true, DryRun: []string{metav1.DryRunAll}})
	if ok, err := found(err); !ok {
		return false, err
	}
	return equality.Semantic.DeepEqual(meaning(live), meaning(applied)), nil
}

// meaning is an object without what the server notes down about changes, and without its status: that is the cluster's to say,
// and changes between two questions.
func meaning(o *unstructured.Unstructured) map[string]any {
	c := o.DeepCopy()
	unstructured.RemoveNestedField(c.Object, "status")
	c.SetManagedFields(nil)
	c.SetResourceVersion("")
	c.SetGeneration(0)
	return c.Object
}

// apply applies the objects in the manifest's order. A kind whose definition comes with the manifest is waited for.
func (m *manifest) apply(ctx context.Context, kube *kubeClient, report func(string)) error {
	res := resourcesOf(kube)
	for _, o := range m.objects {
		var last error
		err := wait.PollUntilContextTimeout(ctx, pollInterval, time.Minute, true, func(ctx context.Context) (bool, error) {
			client, err := res.of(o)
			if err == nil {
				_, err = client.Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
			}
			last = err
			if meta.IsNoMatchError(err) {
				res.mapper.Reset()
			}
			return err == nil, nil
		})
		if err != nil {
			return fmt.Errorf("apply %s: %w", objectName(o), errors.Join(last, ctx.Err()))
		}
		report("applied " + objectName(o))
	}
	return nil
}
