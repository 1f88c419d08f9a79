package kubeadmcfg

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// maxDepth bounds nesting; the kinds need about ten levels.
	maxDepth = 64
	// maxNodes bounds how much a document may hold once its aliases are followed; a document with
	// every field set has some hundreds.
	maxNodes = 20_000
	// maxErrors bounds how much is said about one document.
	maxErrors = 100
)

// decoder reads the nodes of one document into Go values, strictly and by their json tags. It
// collects errors and goes on.
type decoder struct {
	doc   int
	nodes int
	errs  []error
	// lenient keeps unknown fields instead of refusing them.
	lenient bool
	unknown []Unknown
}

func (d *decoder) fail(n *yaml.Node, path, format string, args ...any) {
	switch {
	case len(d.errs) > maxErrors:
		return
	case len(d.errs) == maxErrors:
		d.nodes = maxNodes + 1 // look no further
		d.errs = append(d.errs, &ParseError{Document: d.doc, Line: n.Line, Msg: "and more from here on"})
		return
	}
	d.errs = append(d.errs, &ParseError{Document: d.doc, Line: n.Line, Path: path, Msg: fmt.Sprintf(format, args...)})
}

// enter follows aliases and counts; ok is false where the document is too deep or too large.
func (d *decoder) enter(n *yaml.Node, path string, depth int) (*yaml.Node, bool) {
	d.nodes++
	for hops := 0; n.Kind == yaml.AliasNode && hops < maxDepth; hops++ {
		n = n.Alias
	}
	switch {
	case depth > maxDepth || n.Kind == yaml.AliasNode:
		d.fail(n, path, "is nested too deeply")
	case d.nodes == maxNodes:
		d.fail(n, path, "the document is too large")
	case d.nodes > maxNodes:
	default:
		return n, true
	}
	return n, false
}

// value reads n into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, depth int) {
	n, ok := d.enter(n, path, depth)
	if ok && isNull(n) && v.Type() == durationType {
		d.fail(n, path, "is null, which is no duration") // to metav1.Duration where it is no pointer
	}
	if !ok || isNull(n) {
		return
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem(), path, depth+1)
		v.Set(p)
		return
	}
	if v.Type() != secretType && v.Kind() != reflect.Interface {
		if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
			d.unmarshal(n, u, path, depth)
			return
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path, depth)
	case reflect.Map:
		d.mapping(n, v, path, depth)
	case reflect.Slice:
		d.sequence(n, v, path, depth)
	default:
		d.scalar(n, v, path)
	}
}

// structure reads a mapping into the fields of the struct v.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string, depth int) {
	fields := map[string][]int{}
	for _, f := range structFields(v.Type()) {
		fields[f.name] = f.index
	}
	d.pairs(n, path, func(key, value *yaml.Node) {
		if depth == 0 && (key.Value == "apiVersion" || key.Value == "kind") {
			return
		}
		child := path + "." + key.Value
		index, ok := fields[key.Value]
		if !ok && d.lenient {
			d.keep(value, key.Line, append(splitPath(path), key.Value), child)
			return
		}
		if !ok {
			d.fail(key, child, "unknown field")
			return
		}
		d.value(value, v.FieldByIndex(index), child, depth+1)
	})
}

// mapping reads a mapping into the map v.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string, depth int) {
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		d.fail(n, path, "cannot be read")
		return
	}
	m := reflect.MakeMap(t)
	d.pairs(n, path, func(key, value *yaml.Node) {
		item := reflect.New(t.Elem()).Elem()
		d.value(value, item, path+"."+key.Value, depth+1)
		m.SetMapIndex(reflect.ValueOf(key.Value).Convert(t.Key()), item)
	})
	v.Set(m)
}

// pairs calls each for the keys of a mapping, and reports those that are there twice.
func (d *decoder) pairs(n *yaml.Node, path string, each func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, path, "is %s, want a mapping", describe(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content) && len(d.errs) <= maxErrors; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.fail(key, path, "has a key that is no word")
			continue
		}
		if line, ok := seen[key.Value]; ok {
			d.fail(key, path+"."+key.Value, "is there twice, first in line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		each(key, value)
	}
}

// twice reports the keys that are there twice, or are no words, in n and below.
func (d *decoder) twice(n *yaml.Node, path string, before int) {
	if n.Kind == yaml.MappingNode {
		seen := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				key.Line += before
				d.fail(key, path, "has a key that is no word")
				continue
			}
			if line, ok := seen[key.Value]; ok {
				key.Line += before
				d.fail(key, path+"."+key.Value, "is there twice, first in line %d", line+before)
				continue
			}
			seen[key.Value] = key.Line
			d.twice(n.Content[i+1], path+"."+key.Value, before)
		}
		return
	}
	for i, c := range n.Content {
		d.twice(c, fmt.Sprintf("%s[%d]", path, i), before)
	}
}

// sequence reads a sequence into the slice v.
func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string, depth int) {
	t := v.Type()
	if t.Elem().Kind() == reflect.Uint8 {
		raw, err := base64.StdEncoding.DecodeString(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			d.fail(n, path, "is not base64 text")
			return
		}
		v.SetBytes(raw)
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.fail(n, path, "is %s, want a list", describe(n))
		return
	}
	out := reflect.MakeSlice(t, len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, out.Index(i), fmt.Sprintf("%s[%d]", path, i), depth+1)
	}
	v.Set(out)
}

// scalar reads a word into the string, number or switch v. A number is no string, as it is none to
// kubeadm.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	kind := describe(n)
	switch v.Kind() {
	case reflect.String:
		if kind != "text" {
			d.fail(n, path, "is %s, want text (in quotes)", kind)
			return
		}
		if v.Type() == secretType && n.Value == redacted {
			d.fail(n, path, "%s stands for a secret and is none", redacted)
			return
		}
		if n.Value == "" && v.Type() == secretType && strings.HasSuffix(path, ".token") && strings.Contains(path, ".bootstrapTokens[") {
			d.fail(n, path, "is empty, and no token; leave it out to have one made") // as kubeadm's own type says
			return
		}
		v.SetString(n.Value)
		return
	case reflect.Bool:
		if on, ok := boolean(n); ok {
			v.SetBool(on)
			return
		}
		d.fail(n, path, "is %s, want true or false", kind)
		return
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 0, 64)
		if kind == "a whole number" && err == nil && !v.OverflowInt(i) {
			v.SetInt(i)
			return
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, err := strconv.ParseUint(strings.ReplaceAll(n.Value, "_", ""), 0, 64)
		if kind == "a whole number" && err == nil && !v.OverflowUint(u) {
			v.SetUint(u)
			return
		}
	case reflect.Float32, reflect.Float64:
		var f float64
		if (kind == "a number" || kind == "a whole number") && n.Decode(&f) == nil && !math.IsNaN(f) && !math.IsInf(f, 0) && !v.OverflowFloat(f) {
			v.SetFloat(f)
			return
		}
	default:
		d.fail(n, path, "cannot be read")
		return
	}
	d.fail(n, path, "is %s, want a number in range", kind)
}

// unmarshal gives n to a type that reads its own JSON: durations, times, quantities.
func (d *decoder) unmarshal(n *yaml.Node, u json.Unmarshaler, path string, depth int) {
	plain, ok := d.plain(n, path, depth)
	if !ok {
		return
	}
	text, err := json.Marshal(plain)
	if err == nil {
		err = u.UnmarshalJSON(text)
	}
	if err != nil {
		d.fail(n, path, "%v", err)
	}
}

// plain returns n as encoding/json would have read it.
func (d *decoder) plain(n *yaml.Node, path string, depth int) (any, bool) {
	n, ok := d.enter(n, path, depth)
	if !ok {
		return nil, false
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		d.pairs(n, path, func(key, value *yaml.Node) {
			if item, ok := d.plain(value, path+"."+key.Value, depth+1); ok {
				out[key.Value] = item
			}
		})
		return out, true
	case yaml.SequenceNode:
		out := []any{}
		for i, c := range n.Content {
			if item, ok := d.plain(c, fmt.Sprintf("%s[%d]", path, i), depth+1); ok {
				out = append(out, item)
			}
		}
		return out, true
	}
	if on, ok := boolean(n); ok {
		return on, true
	}
	switch describe(n) {
	case "nothing":
		return nil, true
	case "a whole number":
		var i int64
		if err := n.Decode(&i); err != nil {
			d.fail(n, path, "is a number out of range")
			return nil, false
		}
		return i, true
	case "a number":
		var f float64
		if err := n.Decode(&f); err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			d.fail(n, path, "is a number out of range")
			return nil, false
		}
		return f, true
	default:
		return n.Value, true
	}
}

// isNull says whether n is null or nothing.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// boolean returns the truth value of n. Without quotes yes, no, on and off are ones, as kubeadm's
// reader knows YAML 1.1.
func boolean(n *yaml.Node) (value, ok bool) {
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return false, false
	}
	if tag := n.ShortTag(); tag != "!!bool" && tag != "!!str" || n.Style&yaml.TaggedStyle != 0 {
		return false, false
	}
	switch n.Value {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE":
		return false, true
	default:
		return false, false
	}
}

// describe says what n is, for messages and decisions.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if _, ok := boolean(n); ok {
		return "a truth value"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "a truth value"
	case "!!int":
		return "a whole number"
	case "!!float":
		return "a number"
	default:
		return "text"
	}
}
