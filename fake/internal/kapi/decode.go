package kapi

import (
	"encoding/json"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// maxBody is the largest request body, as the real server's for a resource.
const maxBody = 3 << 20

func (q *request) read() ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(q.r.Body, maxBody+1))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if len(raw) > maxBody {
		return nil, apierrors.NewRequestEntityTooLargeError("limit is 3145728")
	}
	return raw, nil
}

// body decodes the object of a create or an update: JSON, YAML or protobuf.
func (q *request) body() (*unstructured.Unstructured, error) {
	raw, err := q.read()
	if err != nil {
		return nil, err
	}
	kind := q.r.Header.Get("Content-Type")
	switch {
	case strings.HasPrefix(kind, "application/vnd.kubernetes.protobuf"):
		obj, gvk, err := scheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		if raw, err = json.Marshal(obj); err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		u, err := decodeYAML(raw)
		if err == nil && gvk != nil {
			u.SetGroupVersionKind(*gvk)
		}
		return u, err
	case strings.HasPrefix(kind, "application/cbor"):
		e := apierrors.NewBadRequest("the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf")
		e.ErrStatus.Code, e.ErrStatus.Reason = 415, metav1.StatusReasonUnsupportedMediaType
		return nil, e
	}
	return decodeYAML(raw)
}

// decodeYAML decodes YAML, and so JSON, into an object.
func decodeYAML(raw []byte) (*unstructured.Unstructured, error) {
	if t := strings.TrimSpace(string(raw)); !strings.HasPrefix(t, "{") {
		var err error
		if raw, err = yaml.YAMLToJSON(raw); err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	u.Object = normal(u.Object).(map[string]any)
	return u, nil
}

// normal makes whole numbers int64, as the API machinery has them, and drops null creation times.
func normal(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			if e == nil && k == "creationTimestamp" {
				delete(x, k)
				continue
			}
			x[k] = normal(e)
		}
	case []any:
		for i, e := range x {
			x[i] = normal(e)
		}
	case float64:
		if i := int64(x); float64(i) == x {
			return i
		}
	}
	return v
}

// decodeInto decodes delete options.
func decodeInto(kind string, raw []byte, v *metav1.DeleteOptions) error {
	if strings.HasPrefix(kind, "application/vnd.kubernetes.protobuf") {
		if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw, nil, v); err != nil {
			return apierrors.NewBadRequest(err.Error())
		}
		return nil
	}
	if err := yaml.Unmarshal(raw, v); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	return nil
}
