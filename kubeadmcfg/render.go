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
func Render(b Bundle, v Version) ([]byte, error) {
	file, _, err := RenderWith(b, v, RenderOptions{})
	return file, err
}

// RenderRedacted is Render with every Secret as [redacted], for people to look at.
func RenderRedacted(b Bundle, v Version) ([]byte, error) {
	file, _, err := RenderWith(b, v, RenderOptions{Redact: true})
	return file, err
}

// RenderOptions is how RenderWith differs from Render. The zero value is Render.
type RenderOptions struct {
	// API is the version of kubeadm's configuration to write, one that the Kubernetes version reads.
	// Unset: the one that it writes itself.
	API APIVersion
	// AllowLosses leaves out what cannot be said and returns it, instead of refusing.
	AllowLosses bool
	// Redact writes every Secret as [redacted].
	Redact bool
}

// RenderWith is Render with options. The losses are what was left out, and none unless they are allowed.
func RenderWith(b Bundle, v Version, o RenderOptions) ([]byte, []Loss, error) {
	fail := func(err error) ([]byte, []Loss, error) {
		return nil, nil, fmt.Errorf("kubeadmcfg: render for %s: %w", v, err)
	}
	api, err := v.API()
	switch {
	case err != nil:
		return fail(err)
	case o.API != "" && !v.Reads(o.API):
		return fail(fmt.Errorf("its kubeadm does not read %s", o.API))
	case o.API != "":
		api = o.API
	}
	docs, losses, err := documents(b, v, api)
	if err == nil && len(losses) > 0 && !o.AllowLosses {
		err = &LossError{Version: v, Losses: losses}
	}
	if err != nil {
		return fail(err)
	}
	file, err := encoder{redact: o.Redact}.file(docs, losses, b.Unknown)
	if err != nil {
		return fail(err)
	}
	return file, losses, nil
}

// document is one YAML document: its kind and a pointer to the struct that holds it.
type document struct {
	api, kind string
	object    any
}

// documents returns the wire form of b in api for v, in order, and what in it v cannot be told.
func documents(b Bundle, v Version, api APIVersion) ([]document, []Loss, error) {
	var docs []document
	var losses []Loss
	switch api {
	case V1Beta4:
		docs, losses = v1beta4Documents(b, v)
	case V1Beta3:
		docs, losses = v1beta3Documents(b)
	}
	if b.Kubelet != nil {
		docs = append(docs, document{KubeletAPIVersion, kindKubelet, b.Kubelet})
		losses = append(losses, spanLosses(b.Kubelet, kindKubelet, v)...)
	}
	if b.KubeProxy != nil {
		docs = append(docs, document{KubeProxyAPIVersion, kindKubeProxy, b.KubeProxy})
		losses = append(losses, spanLosses(b.KubeProxy, kindKubeProxy, v)...)
	}
	if len(docs) == 0 && len(losses) == 0 && len(b.Unknown) == 0 {
		return nil, nil, errors.New("the bundle is empty")
	}
	return docs, losses, nil
}

// spanLosses are the fields that are set in a document and that v has not got: what reads it would
// pass over them with a line in its log.
func spanLosses(object any, kind string, v Version) []Loss {
	c := checker{version: v}
	c.fields(reflect.ValueOf(object), kind)
	var out []Loss
	for _, p := range c.problems {
		out = append(out, Loss{Path: p.Path, Reason: p.Message})
	}
	return out
}

// file writes the documents without what is lost, and with what is unknown.
func (e encoder) file(docs []document, losses []Loss, unknown []Unknown) ([]byte, error) {
	var roots []*yaml.Node
	for _, d := range docs {
		root := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{
			scalar("!!str", "apiVersion"), scalar("!!str", d.api),
			scalar("!!str", "kind"), scalar("!!str", d.kind),
		}}
		if err := e.fields(root, reflect.ValueOf(d.object).Elem(), d.kind); err != nil {
			return nil, err
		}
		for _, l := range losses {
			if path := splitPath(l.Path); path[0] == d.kind {
				remove(root, path[1:])
			}
		}
		roots = append(roots, root)
	}
	for _, u := range unknown {
		value, err := e.unknown(u)
		if err != nil {
			return nil, err
		}
		if len(u.Path) == 0 {
			roots = append(roots, value)
			continue
		}
		if err := insertInto(roots, docs, u, value); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	for i, root := range roots {
		if i > 0 {
			out.WriteString("---\n")
		}
		if err := writeYAML(&out, root); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// insertInto puts an unknown field into the document of its kind.
func insertInto(roots []*yaml.Node, docs []document, u Unknown, value *yaml.Node) error {
	for i, d := range docs {
		if d.kind == u.Path[0] {
			if err := insert(roots[i], u.Path[1:], value); err != nil {
				return fmt.Errorf("%s: %w", u, err)
			}
			return nil
		}
	}
	return fmt.Errorf("%s: there is no such document", u)
}
