package kubeadm

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// needBuilds skips a test that builds programs of Kubernetes where nobody asked for it.
func needBuilds(t *testing.T) {
	t.Helper()
	if os.Getenv("QUORATE_LAB") == "" {
		t.Skip("programs of Kubernetes are built only when asked for: run `make lab` as root, or set QUORATE_LAB=1")
	}
}

// lines are the fields of a shape, one a line: path and type.
func lines(prefix string, s shape) []string {
	switch s.Kind {
	case "struct":
		var out []string
		for _, f := range s.Fields {
			at := prefix + "." + f.Name
			pointer := ""
			if f.Shape.Pointer {
				pointer = "*"
			}
			kind := f.Shape.Kind
			if kind == "token" {
				pointer, kind = "", "string" // ours is a Secret
			}
			out = append(out, at+" "+pointer+kind)
			out = append(out, lines(at, f.Shape)...)
		}
		return out
	case "list", "map":
		out := []string{prefix + " of " + s.Elem.Kind}
		return append(out, lines(prefix+"[]", *s.Elem)...)
	default:
		return nil
	}
}

// shapeOf is the shape of one of our types; it reads them as modules/facts.go.txt reads upstream's.
func shapeOf(t reflect.Type) shape {
	switch t {
	case reflect.TypeFor[metav1.Duration]():
		return shape{Kind: "duration"}
	case reflect.TypeFor[metav1.Time]():
		return shape{Kind: "time"}
	case reflect.TypeFor[resource.Quantity]():
		return shape{Kind: "quantity"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		s := shapeOf(t.Elem())
		s.Pointer = true
		return s
	case reflect.Slice, reflect.Map:
		elem := shapeOf(t.Elem())
		return shape{Kind: map[reflect.Kind]string{reflect.Slice: "list", reflect.Map: "map"}[t.Kind()], Elem: &elem}
	case reflect.Struct:
		if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
			return shape{Kind: "own:" + t.String()}
		}
		return shape{Kind: "struct", Fields: fieldsOf(t)}
	default:
		return shape{Kind: t.Kind().String()}
	}
}

func fieldsOf(t reflect.Type) []fieldFact {
	var out []fieldFact
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || f.Type == reflect.TypeFor[metav1.TypeMeta]():
		case name == "" && f.Type.Kind() == reflect.Struct:
			out = append(out, fieldsOf(f.Type)...)
		default:
			out = append(out, fieldFact{name, shapeOf(f.Type)})
		}
	}
	return out
}

// A new field upstream is a failing test here.
func TestTypesAreUpstreams(t *testing.T) {
	needBuilds(t)
	upstream, err := readFacts(t.Context(), versionNames[len(versionNames)-1], nil)
	require.NoError(t, err)
	for kind, of := range map[string]reflect.Type{
		"InitConfiguration":    reflect.TypeFor[kubeadmcfg.InitConfiguration](),
		"ClusterConfiguration": reflect.TypeFor[kubeadmcfg.ClusterConfiguration](),
		"JoinConfiguration":    reflect.TypeFor[kubeadmcfg.JoinConfiguration](),
		"ResetConfiguration":   reflect.TypeFor[kubeadmcfg.ResetConfiguration](),
		"UpgradeConfiguration": reflect.TypeFor[kubeadmcfg.UpgradeConfiguration](),
	} {
		theirs, ok := upstream.Kinds["kubeadm.k8s.io/v1beta4 "+kind]
		require.True(t, ok, kind)
		want, have := lines(kind, theirs), lines(kind, shapeOf(of))
		slices.Sort(want)
		slices.Sort(have)
		assert.Equal(t, want, have, kind)
	}
}

// v1beta3 has no types outside of the package: what upstream has is read, and nothing else is.
func TestV1Beta3IsUpstreams(t *testing.T) {
	needBuilds(t)
	const last = "v1.36.3"
	f, err := readFacts(t.Context(), last, nil)
	require.NoError(t, err)
	v := &version{name: last, v: kubeadmcfg.Version{Major: 1, Minor: 36, Patch: 3}, facts: f}
	for _, kind := range []string{"InitConfiguration", "ClusterConfiguration", "JoinConfiguration"} {
		const api = "kubeadm.k8s.io/v1beta3"
		theirs := map[string]bool{}
		for _, p := range positions(api, kind, f.Kinds[api+" "+kind]) {
			theirs[p.name()] = true
			file := v.fileWith(p)
			_, err := kubeadmcfg.Parse([]byte(file))
			assert.NoError(t, err, "%s\n%s", p.name(), file)
		}
		for _, p := range positions(api, kind, f.Kinds["kubeadm.k8s.io/v1beta4 "+kind]) {
			if theirs[p.name()] {
				continue
			}
			_, err := kubeadmcfg.Parse([]byte(v.fileWith(p)))
			assert.Error(t, err, p.name())
		}
	}
}

// fileWith is a file with one field set to a good value.
func (v *version) fileWith(p position) string {
	return rapid.Custom(func(t *rapid.T) string {
		rapid.Byte().Draw(t, "something")
		return v.alone(p, true)(t).bundle.file()
	}).Example(len(fmt.Sprint(p.path)))
}

// The same seed and share make the same cases, and a share is a part of the whole.
func TestCasesAreTheSeeds(t *testing.T) {
	v := &version{name: "v1.37.2", v: kubeadmcfg.Version{Major: 1, Minor: 37, Patch: 2}}
	elem := shape{Kind: "string"}
	kind := shape{Kind: "struct", Fields: []fieldFact{{"certSANs", shape{Kind: "list", Elem: &elem}}, {"bindPort", shape{Kind: "int32"}}}}
	v.facts = facts{Gates: map[string]gate{"A": {Locked: true}}, Kinds: map[string]shape{}}
	for _, name := range []string{"InitConfiguration", "ClusterConfiguration"} {
		v.facts.Kinds["kubeadm.k8s.io/v1beta4 "+name] = kind
	}
	v.newest, v.oldest = v.facts, v.facts
	texts := func(seed uint64) []string {
		var out []string
		for _, c := range v.cases(seed) {
			out = append(out, c.name+"\n"+c.bundle.file())
		}
		return out
	}
	first := texts(7)
	assert.GreaterOrEqual(t, len(first), minimum)
	assert.Equal(t, first, texts(7))
	assert.NotEqual(t, first, texts(8))
	all := v.cases(7)
	tenth := share(all, 7, 100)
	assert.Len(t, tenth, 100)
	assert.Equal(t, len(all), len(share(all, 7, len(all))))
}
