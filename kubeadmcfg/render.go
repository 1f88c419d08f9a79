package kubeadmcfg

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Render writes the configuration file of b for kubeadm of version v: v1beta3 below 1.31, v1beta4
// from there. Documents come in the order Init, Cluster, Join, Reset, Upgrade, Kubelet, KubeProxy,
// fields in the order of their types, and only what was set is written. The bytes depend on b and v alone.
//
// What v's kubeadm has no field for is a *LossError that names all of it; a version out of range
// is an error too. Render does not Validate. Secrets are written as they are: the file is for
// mode 0600.
func Render(b Bundle, v Version) ([]byte, error) { return render(b, v, encoder{}) }

// RenderRedacted is Render with every Secret as [redacted], for people to look at.
func RenderRedacted(b Bundle, v Version) ([]byte, error) { return render(b, v, encoder{redact: true}) }

func render(b Bundle, v Version, e encoder) ([]byte, error) {
	docs, err := documents(b, v)
	if err != nil {
		return nil, fmt.Errorf("kubeadmcfg: render for %s: %w", v, err)
	}
	var out bytes.Buffer
	for i, d := range docs {
		if i > 0 {
			out.WriteString("---\n")
		}
		if err := e.document(&out, d); err != nil {
			return nil, fmt.Errorf("kubeadmcfg: render for %s: %w", v, err)
		}
	}
	return out.Bytes(), nil
}

// document is one YAML document: its kind and a pointer to the struct that holds it.
type document struct {
	api, kind string
	object    any
}

// documents returns the wire form of b for v, in order.
func documents(b Bundle, v Version) ([]document, error) {
	api, err := v.API()
	if err != nil {
		return nil, err
	}
	var docs []document
	var losses []Loss
	switch api {
	case V1Beta4:
		docs, losses = v1beta4Documents(b, v)
	case V1Beta3:
		docs, losses = v1beta3Documents(b)
	}
	if len(losses) > 0 {
		return nil, &LossError{Version: v, Losses: losses}
	}
	if b.Kubelet != nil {
		docs = append(docs, document{KubeletAPIVersion, kindKubelet, b.Kubelet})
	}
	if b.KubeProxy != nil {
		docs = append(docs, document{KubeProxyAPIVersion, kindKubeProxy, b.KubeProxy})
	}
	if len(docs) == 0 {
		return nil, errors.New("the bundle is empty")
	}
	return docs, nil
}

// document writes one document.
func (e encoder) document(out *bytes.Buffer, d document) error {
	root := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{
		scalar("!!str", "apiVersion"), scalar("!!str", d.api),
		scalar("!!str", "kind"), scalar("!!str", d.kind),
	}}
	if err := e.fields(root, reflect.ValueOf(d.object).Elem(), d.kind); err != nil {
		return err
	}
	enc := yaml.NewEncoder(out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return err
	}
	return enc.Close()
}
