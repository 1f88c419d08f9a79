package kapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// mergePatch is RFC 7386.
func mergePatch(doc, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	d, ok := doc.(map[string]any)
	if !ok {
		d = map[string]any{}
	}
	for k, v := range p {
		if v == nil {
			delete(d, k)
		} else {
			d[k] = mergePatch(d[k], v)
		}
	}
	return d
}

// strategicPatch merges by the Go type's patch tags; only built-in kinds have them.
func strategicPatch(r *Resource, doc, patch []byte) ([]byte, error) {
	typed, err := scheme.Scheme.New(r.GVK())
	if err != nil || r.CRD {
		return nil, unsupportedPatch("application/strategic-merge-patch+json")
	}
	out, err := strategicpatch.StrategicMergePatch(doc, patch, typed)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return out, nil
}

func unsupportedPatch(kind string) error {
	e := apierrors.NewGenericServerResponse(415, "patch", scheme.Scheme.PrioritizedVersionsAllGroups()[0].WithResource("").GroupResource(), "", "the body of the request was in an unknown format - accepted media types do not include "+kind, 0, true)
	e.ErrStatus.Reason = "UnsupportedMediaType"
	return e
}

type patchOp struct {
	Op, Path, From string
	Value          json.RawMessage
}

// jsonPatch is RFC 6902.
func jsonPatch(doc any, patch []byte) (any, error) {
	var ops []patchOp
	if err := json.Unmarshal(patch, &ops); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	for _, op := range ops {
		var value any
		if op.Value != nil {
			if err := json.Unmarshal(op.Value, &value); err != nil {
				return nil, apierrors.NewBadRequest(err.Error())
			}
		}
		var err error
		switch op.Op {
		case "add", "replace", "remove":
			doc, err = edit(doc, pointer(op.Path), op.Op, value)
		case "move":
			if value, err = lookup(doc, pointer(op.From)); err == nil {
				if doc, err = edit(doc, pointer(op.From), "remove", nil); err == nil {
					doc, err = edit(doc, pointer(op.Path), "add", value)
				}
			}
		case "copy":
			if value, err = lookup(doc, pointer(op.From)); err == nil {
				doc, err = edit(doc, pointer(op.Path), "add", value)
			}
		case "test":
			var have any
			if have, err = lookup(doc, pointer(op.Path)); err == nil && !equalJSON(have, value) {
				err = fmt.Errorf("testing path %s: test failed", op.Path)
			}
		default:
			err = fmt.Errorf("unknown operation %q", op.Op)
		}
		if err != nil {
			e := apierrors.NewBadRequest(err.Error())
			if op.Op != "" {
				e.ErrStatus.Code, e.ErrStatus.Reason = 422, "Invalid"
			}
			return nil, e
		}
	}
	return doc, nil
}

func pointer(p string) []string {
	if p == "" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(parts[i])
	}
	return parts
}

func lookup(doc any, path []string) (any, error) {
	for _, p := range path {
		switch d := doc.(type) {
		case map[string]any:
			v, ok := d[p]
			if !ok {
				return nil, fmt.Errorf("missing path %q", p)
			}
			doc = v
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(d) {
				return nil, fmt.Errorf("invalid index %q", p)
			}
			doc = d[i]
		default:
			return nil, fmt.Errorf("missing path %q", p)
		}
	}
	return doc, nil
}

// edit returns doc with the operation done at path.
func edit(doc any, path []string, op string, value any) (any, error) {
	if len(path) == 0 {
		return value, nil
	}
	head, last := path[0], len(path) == 1
	switch d := doc.(type) {
	case map[string]any:
		old, ok := d[head]
		if !ok && (!last || op != "add") {
			return nil, fmt.Errorf("%s operation does not apply: doc is missing key: %s", op, head)
		}
		if last && op == "remove" {
			delete(d, head)
			return d, nil
		}
		if last {
			d[head] = value
			return d, nil
		}
		v, err := edit(old, path[1:], op, value)
		d[head] = v
		return d, err
	case []any:
		if head == "-" && last && op == "add" {
			return append(d, value), nil
		}
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i > len(d) || i == len(d) && !(last && op == "add") {
			return nil, fmt.Errorf("%s operation does not apply: invalid index %q", op, head)
		}
		switch {
		case last && op == "add":
			return slices.Insert(d, i, value), nil
		case last && op == "remove":
			return slices.Delete(d, i, i+1), nil
		case last:
			d[i] = value
			return d, nil
		}
		v, err := edit(d[i], path[1:], op, value)
		d[i] = v
		return d, err
	}
	return nil, fmt.Errorf("%s operation does not apply: no such path", op)
}
