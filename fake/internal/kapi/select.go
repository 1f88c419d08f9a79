package kapi

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

// selectable are the fields beyond metadata.name and metadata.namespace that the real server selects by.
func selectable(r *Resource) []string {
	switch r.Plural {
	case "pods":
		return []string{"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"}
	case "secrets":
		return []string{"type"}
	case "nodes":
		return []string{"spec.unschedulable"}
	case "namespaces":
		return []string{"status.phase"}
	case "events":
		return []string{"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.fieldPath", "reason", "type", "reportingComponent", "source"}
	case "certificatesigningrequests":
		return []string{"spec.signerName"}
	case "replicasets", "replicationcontrollers":
		return []string{"status.replicas"}
	case "jobs":
		return []string{"status.successful"}
	}
	return nil
}

// selector decides which objects a list or watch shows.
type selector struct {
	ns     string
	labels labels.Selector
	fields fields.Selector
}

func newSelector(r *Resource, ns, labelText, fieldText string) (selector, error) {
	s := selector{ns: ns}
	var err error
	if s.labels, err = labels.Parse(labelText); err != nil {
		return s, apierrors.NewBadRequest(fmt.Sprintf("unable to parse requirement: %v", err))
	}
	if s.fields, err = fields.ParseSelector(fieldText); err != nil {
		return s, apierrors.NewBadRequest(err.Error())
	}
	for _, req := range s.fields.Requirements() {
		known := req.Field == "metadata.name" || req.Field == "metadata.namespace" && r.Namespaced || slices.Contains(selectable(r), req.Field)
		if !known {
			return s, apierrors.NewBadRequest(fmt.Sprintf("field label not supported: %s", req.Field))
		}
	}
	return s, nil
}

func (s selector) matches(o *Object) bool {
	if o == nil || s.ns != "" && o.Namespace != s.ns || !s.labels.Matches(labels.Set(o.Labels)) {
		return false
	}
	if s.fields.Empty() {
		return true
	}
	set := fields.Set{"metadata.name": o.Name, "metadata.namespace": o.Namespace}
	var u *unstructured.Unstructured
	for _, req := range s.fields.Requirements() {
		if _, ok := set[req.Field]; ok {
			continue
		}
		if u == nil {
			u = o.Map()
		}
		v, found, _ := unstructured.NestedFieldNoCopy(u.Object, strings.Split(req.Field, ".")...)
		switch {
		case found:
			set[req.Field] = fmt.Sprint(v)
		case strings.HasSuffix(req.Field, "unschedulable") || strings.HasSuffix(req.Field, "hostNetwork"):
			set[req.Field] = "false"
		default:
			set[req.Field] = ""
		}
	}
	return s.fields.Matches(set)
}
