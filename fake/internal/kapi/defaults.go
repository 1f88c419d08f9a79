package kapi

import (
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func defaultField(u *unstructured.Unstructured, value any, path ...string) {
	if _, found, err := unstructured.NestedFieldNoCopy(u.Object, path...); !found && err == nil {
		_ = unstructured.SetNestedField(u.Object, value, path...) // the parents are maps or absent: checked above
	}
}

// setDefaults fills in what the server's defaulting and strategies fill in and callers rely on.
func setDefaults(r *Resource, u *unstructured.Unstructured) {
	if r.HasSub("status") && r.Plural != "nodes" && r.Plural != "pods" {
		delete(u.Object, "status")
	}
	switch r.Plural {
	case "namespaces":
		_ = unstructured.SetNestedStringSlice(u.Object, []string{"kubernetes"}, "spec", "finalizers") // spec is a map or absent
		_ = unstructured.SetNestedField(u.Object, "Active", "status", "phase")                        // status was deleted
		labels := u.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels["kubernetes.io/metadata.name"] = u.GetName()
		u.SetLabels(labels)
	case "secrets":
		defaultField(u, "Opaque", "type")
		moveStringData(u)
	case "pods":
		if _, mirror := u.GetAnnotations()["kubernetes.io/config.mirror"]; !mirror {
			delete(u.Object, "status")
		}
		defaultField(u, "Pending", "status", "phase")
		defaultField(u, "Always", "spec", "restartPolicy")
		defaultField(u, int64(30), "spec", "terminationGracePeriodSeconds")
		defaultField(u, "ClusterFirst", "spec", "dnsPolicy")
		defaultField(u, "default-scheduler", "spec", "schedulerName")
	case "deployments":
		defaultField(u, int64(1), "spec", "replicas")
		defaultField(u, "RollingUpdate", "spec", "strategy", "type")
		defaultField(u, "Always", "spec", "template", "spec", "restartPolicy")
	case "daemonsets":
		defaultField(u, "RollingUpdate", "spec", "updateStrategy", "type")
		defaultField(u, "Always", "spec", "template", "spec", "restartPolicy")
	case "services":
		defaultField(u, "ClusterIP", "spec", "type")
		defaultField(u, "None", "spec", "sessionAffinity")
	case "customresourcedefinitions":
		defaultField(u, "None", "spec", "conversion", "strategy")
	}
}

// moveStringData puts a Secret's stringData where the server stores it.
func moveStringData(u *unstructured.Unstructured) {
	in, _, _ := unstructured.NestedStringMap(u.Object, "stringData")
	if in == nil {
		return
	}
	data, _, _ := unstructured.NestedMap(u.Object, "data")
	if data == nil {
		data = map[string]any{}
	}
	for k, v := range in {
		data[k] = base64Encode(v)
	}
	u.Object["data"] = data
	delete(u.Object, "stringData")
}

func invalid(r *Resource, name string, errs ...*field.Error) error {
	return apierrors.NewInvalid(r.GVK().GroupKind(), name, errs)
}

// validate checks what the simulator's users depend on: names, and references that must be there.
func validate(r *Resource, u *unstructured.Unstructured) error {
	name := u.GetName()
	if name == "" {
		return invalid(r, name, field.Required(field.NewPath("metadata", "name"), "name or generateName is required"))
	}
	check := validation.IsDNS1123Subdomain
	switch {
	case r.Group == "rbac.authorization.k8s.io":
		check = func(s string) []string {
			if s == "." || s == ".." {
				return []string{"may not be '.' or '..'"}
			}
			return nil
		}
	case r.Plural == "namespaces" || r.Plural == "services":
		check = validation.IsDNS1123Label
	}
	var errs field.ErrorList
	for _, msg := range check(name) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), name, msg))
	}
	if r.Plural == "secrets" {
		errs = append(errs, validateSecret(u)...)
	}
	if len(errs) > 0 {
		return apierrors.NewInvalid(r.GVK().GroupKind(), name, errs)
	}
	return nil
}

func validateSecret(u *unstructured.Unstructured) field.ErrorList {
	var errs field.ErrorList
	data, _, _ := unstructured.NestedMap(u.Object, "data")
	for k, v := range data {
		if s, ok := v.(string); !ok || !validBase64(s) {
			errs = append(errs, field.Invalid(field.NewPath("data").Key(k), "", "must be base64"))
		}
	}
	return errs
}

// validateUpdate refuses changes to what may not change.
func validateUpdate(r *Resource, was, u *unstructured.Unstructured) error {
	immutable := func(path ...string) error {
		a, _, _ := unstructured.NestedFieldNoCopy(was.Object, path...)
		b, _, _ := unstructured.NestedFieldNoCopy(u.Object, path...)
		if equalJSON(a, b) {
			return nil
		}
		return invalid(r, u.GetName(), field.Invalid(field.NewPath(path[0], path[1:]...), b, "field is immutable"))
	}
	var err error
	switch r.Plural {
	case "secrets":
		moveStringData(u)
		if kind, _, _ := unstructured.NestedString(u.Object, "type"); kind == "" {
			u.Object["type"] = "Opaque" // the default (pkg/apis/core/v1/defaults.go)
		}
		err = immutable("type")
	case "daemonsets", "deployments":
		err = immutable("spec", "selector")
	case "pods":
		if node, _, _ := unstructured.NestedString(was.Object, "spec", "nodeName"); node != "" {
			err = immutable("spec", "nodeName")
		}
	case "clusterrolebindings", "rolebindings":
		err = immutable("roleRef")
	}
	if err != nil {
		return err
	}
	if u.GetName() != was.GetName() {
		return fmt.Errorf("kapi: name changed")
	}
	return nil
}
