package kubeadm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/lab"
)

// facts are a Kubernetes version's own types and gates, as lab.Facts gives them.
type facts struct {
	Gates        map[string]gate  `json:"gates"`
	KubeadmGates map[string]gate  `json:"kubeadmGates"`
	Kinds        map[string]shape `json:"kinds"`
}

// gate is a feature gate in one version.
type gate struct {
	Stage   string   `json:"stage"`
	Default bool     `json:"default"`
	Locked  bool     `json:"locked"`
	Needs   []string `json:"needs"`
}

// shape is a type as a file sees it.
type shape struct {
	Kind    string      `json:"kind"`
	Pointer bool        `json:"pointer"`
	Elem    *shape      `json:"elem"`
	Fields  []fieldFact `json:"fields"`
}

type fieldFact struct {
	Name  string `json:"name"`
	Shape shape  `json:"shape"`
}

func readFacts(ctx context.Context, version string, progress func(string)) (facts, error) {
	var f facts
	text, err := lab.Facts(ctx, version, progress)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("read the facts of %s: %w", version, err)
	}
	return f, nil
}

// position is a field of a kind: the way to it, with [] for a list's items and {} for a map's.
type position struct {
	api, kind string
	path      []string
	shape     shape
}

// name is the position's key in coverage.
func (p position) name() string { return p.api + " " + p.kind + "." + strings.Join(p.path, ".") }

// positions returns all fields of a kind, outer ones first.
func positions(api, kind string, s shape) []position {
	var out []position
	var walk func(path []string, s shape)
	walk = func(path []string, s shape) {
		switch s.Kind {
		case "struct":
			for _, f := range s.Fields {
				p := append(slices.Clone(path), f.Name)
				out = append(out, position{api, kind, p, f.Shape})
				walk(p, f.Shape)
			}
		case "list":
			walk(append(slices.Clone(path), "[]"), *s.Elem)
		case "map":
			walk(append(slices.Clone(path), "{}"), *s.Elem)
		}
	}
	walk(nil, s)
	return out
}

// splitKind turns "kubeadm.k8s.io/v1beta4 InitConfiguration" into its two parts.
func splitKind(name string) (api, kind string) {
	api, kind, _ = strings.Cut(name, " ")
	return api, kind
}
