package kubeadmcfg

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sigsyaml "sigs.k8s.io/yaml"
)

// fieldSpan is which minors have a field: from since, and before gone unless that is 0. kind is what
// a field that is gone held, as reflection names it.
type fieldSpan struct {
	since, gone uint
	kind        string
}

// in says whether v has the field.
func (f fieldSpan) in(v Version) bool {
	return v.AtLeast(f.since) && (f.gone == 0 || !v.AtLeast(f.gone))
}

// String says which minors have the field.
func (f fieldSpan) String() string {
	if f.gone > 0 {
		return fmt.Sprintf("the field is there up to Kubernetes 1.%d", f.gone-1)
	}
	return fmt.Sprintf("needs Kubernetes 1.%d", f.since)
}

// indices are what componentFields leaves out of a path.
var indices = regexp.MustCompile(`\[\d+\]`)

// spanOf returns the span of a field, and false for one that all minors have.
func spanOf(path string) (fieldSpan, bool) {
	s, ok := componentFields[indices.ReplaceAllString(path, "")]
	return s, ok
}

// fields reports what is set in v and the checker's version has no field for. Inside of what it
// reports it looks no further.
func (c *checker) fields(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.fields(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.fields(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Struct:
		for _, f := range structFields(v.Type()) {
			fv, at := v.FieldByIndex(f.index), path+"."+f.name
			if fv.IsZero() {
				continue
			}
			if span, ok := spanOf(at); ok && !span.in(c.version) {
				c.add(at, CodeVersion, "%s", span)
				continue
			}
			c.fields(fv, at)
		}
	}
}

// unknown reports what is unknown to the types of this package, unless the checker's version has it.
func (c *checker) unknown(u Unknown) {
	span, ok := u.span()
	switch {
	case len(u.Path) == 0 && c.passedOver(u):
	case !ok:
		c.add(u.String(), CodeUnknown, "kubeadm's strict reader refuses what it does not know")
	case !span.in(c.version):
		c.add(u.String(), CodeVersion, "%s", span)
	default:
		c.want(u.holds(span.kind, c.version), u.String(), CodeInvalid, "is not of the type that Kubernetes %s has", c.version.MinorString())
	}
}

// span returns the span of the field that u is. Numbers in its path are indices, but for the last part,
// which is always a key, and no field.
func (u Unknown) span() (fieldSpan, bool) {
	names := slices.DeleteFunc(slices.Clone(u.Path), func(part string) bool { return isNumber(part) })
	if len(u.Path) == 0 || isNumber(u.Path[len(u.Path)-1]) {
		return fieldSpan{}, false
	}
	return spanOf(strings.Join(names, "."))
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// holds says whether u's value is of a kind that a field which is gone had.
func (u Unknown) holds(kind string, version Version) bool {
	text, err := u.json()
	var v any
	switch kind {
	case "duration":
		d := new(metav1.Duration)
		// The one there was, kube-proxy's udpIdleTimeout, is greater than 0 once it is defaulted.
		return err == nil && json.Unmarshal(text, d) == nil && (d.Duration >= 0 || version.AtLeast(udpIdleTimeoutGoneMinor))
	case "bool":
		v = new(bool)
	default:
		return true
	}
	return err == nil && json.Unmarshal(text, v) == nil
}

// passedOver says whether u is a document that kubeadm knows and has no use for. One with fields is
// not judged here.
func (c *checker) passedOver(u Unknown) bool {
	var doc map[string]string
	text, err := u.json()
	if err != nil || json.Unmarshal(text, &doc) != nil || len(doc) != 2 {
		return false
	}
	since, ok := otherKinds[doc["apiVersion"]+" "+doc["kind"]]
	return ok && c.version.AtLeast(since)
}

// Bits of a gate's state.
const (
	gateAlpha uint8 = 1 << iota
	gateBeta
	gateGA
	gateDeprecated
	gateOn
	gateLocked
	gateGone uint8 = 0
)

// gateSpan is what a feature gate is from a minor on.
type gateSpan struct {
	since uint
	state uint8
}

// gateNeed is which gates a gate needs to be on, from a minor on.
type gateNeed struct {
	gate  string
	since uint
	needs []string
}

// componentGate returns what a gate of the components is in v; 0 is none.
func (v Version) componentGate(name string) uint8 {
	state := gateGone
	for _, s := range componentGates[name] {
		if v.AtLeast(s.since) {
			state = s.state
		}
	}
	return state
}

// gateIn says whether a gate is on in v when set says so.
func (v Version) gateIn(set map[string]bool, name string) bool {
	if on, ok := set[name]; ok {
		return on
	}
	state := v.componentGate(name)
	if all, ok := set["AllAlpha"]; ok && state&gateAlpha != 0 {
		return all
	}
	if all, ok := set["AllBeta"]; ok && state&gateBeta != 0 {
		return all
	}
	return state&gateOn != 0
}

// gates checks the feature gates of a component as k8s.io/component-base/featuregate does.
func (c *checker) gates(set map[string]bool, at string) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		state := c.version.componentGate(name)
		switch {
		case state == gateGone:
			c.add(at+"."+name, CodeVersion, "is no gate of Kubernetes %s", c.version.MinorString())
		case state&gateLocked != 0 && (state&gateOn != 0) != set[name]:
			c.add(at+"."+name, CodeConflict, "the gate is locked to %t in Kubernetes %s", state&gateOn != 0, c.version.MinorString())
		}
	}
	if len(set) == 0 {
		return
	}
	needs := map[string][]string{}
	for _, n := range gateNeeds {
		if c.version.AtLeast(n.since) {
			needs[n.gate] = n.needs
		}
	}
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if !c.version.gateIn(set, name) || c.version.componentGate(name) == gateGone {
			continue
		}
		off := slices.DeleteFunc(slices.Clone(needs[name]), func(n string) bool { return c.version.gateIn(set, n) })
		c.want(len(off) == 0, at+"."+name, CodeConflict, "the gate is on and needs %s", strings.Join(off, ", "))
	}
}

// json returns the value as JSON.
func (u Unknown) json() ([]byte, error) {
	text, err := sigsyaml.YAMLToJSON([]byte(u.YAML.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("%s: not the YAML of a value", u)
	}
	return text, nil
}
