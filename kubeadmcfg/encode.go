package kubeadmcfg

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	typeMetaType  = reflect.TypeFor[metav1.TypeMeta]()
	durationType  = reflect.TypeFor[metav1.Duration]()
	secretType    = reflect.TypeFor[Secret]()
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
)

// encoder turns Go values into YAML nodes by their json tags, in the order of their fields.
// encoding/json is not used for it because the upstream types write their zero values, which
// then read as settings: a field is left out here when it has its zero value and is no pointer,
// slice or map that was set.
type encoder struct {
	// redact writes Secrets as [redacted].
	redact bool
}

// node returns the YAML of v. path names v in errors.
func (e encoder) node(v reflect.Value, path string) (*yaml.Node, error) {
	if v.Type() == secretType {
		if e.redact {
			return stringNode(v.Interface().(Secret).String(), path)
		}
		return stringNode(v.String(), path)
	}
	if v.Type().Implements(jsonMarshaler) && v.Kind() != reflect.Pointer {
		return e.marshalled(v, path)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return scalar("!!null", "null"), nil
		}
		return e.node(v.Elem(), path)
	case reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		return n, e.fields(n, v, path)
	case reflect.Map:
		return e.mapping(v, path)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return stringNode(base64.StdEncoding.EncodeToString(v.Bytes()), path)
		}
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			item, err := e.node(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, item)
		}
		return n, nil
	case reflect.String:
		return stringNode(v.String(), path)
	case reflect.Bool:
		return scalar("!!bool", strconv.FormatBool(v.Bool())), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return scalar("!!int", strconv.FormatInt(v.Int(), 10)), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return scalar("!!int", strconv.FormatUint(v.Uint(), 10)), nil
	case reflect.Float32, reflect.Float64:
		return e.marshalled(v, path)
	default:
		return nil, fmt.Errorf("%s: a %s has no YAML form", path, v.Type())
	}
}

// fields appends the fields of the struct v that were set to the mapping n.
func (e encoder) fields(n *yaml.Node, v reflect.Value, path string) error {
	for _, f := range structFields(v.Type()) {
		fv := v.FieldByIndex(f.index)
		if fv.IsZero() {
			continue
		}
		child, err := e.node(fv, path+"."+f.name)
		if err != nil {
			return err
		}
		key, err := stringNode(f.name, path)
		if err != nil {
			return err
		}
		n.Content = append(n.Content, key, child)
	}
	return nil
}

// mapping returns the YAML of the map v, its keys sorted.
func (e encoder) mapping(v reflect.Value, path string) (*yaml.Node, error) {
	if v.Type().Key().Kind() != reflect.String {
		return e.marshalled(v, path)
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		key, err := stringNode(k.String(), path)
		if err != nil {
			return nil, err
		}
		child, err := e.node(v.MapIndex(k), path+"."+k.String())
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, key, child)
	}
	return n, nil
}

// marshalled returns the YAML of what v says of itself in JSON: durations, times, quantities.
func (e encoder) marshalled(v reflect.Value, path string) (*yaml.Node, error) {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch x := plain.(type) {
	case nil:
		return scalar("!!null", "null"), nil
	case json.Number:
		if strings.ContainsAny(x.String(), ".eE") {
			return scalar("!!float", x.String()), nil
		}
		return scalar("!!int", x.String()), nil
	default:
		return e.node(reflect.ValueOf(plain), path)
	}
}

// structField is one field of a struct as JSON sees it.
type structField struct {
	name  string
	index []int
}

// structFields returns the fields of t by their json names, those of embedded structs in place,
// without TypeMeta.
func structFields(t reflect.Type) []structField {
	var out []structField
	for i := range t.NumField() {
		f := t.Field(i)
		embedded := f.Anonymous && f.Type.Kind() == reflect.Struct
		if f.Type == typeMetaType || !f.IsExported() && !embedded {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" && (embedded || f.Type.Kind() == reflect.Struct && strings.Contains(options, "inline")) {
			for _, inner := range structFields(f.Type) {
				out = append(out, structField{inner.name, append([]int{i}, inner.index...)})
			}
			continue
		}
		if name == "" {
			name = f.Name
		}
		out = append(out, structField{name, []int{i}})
	}
	return out
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// stringNode returns a string, quoted unless no reader of any YAML version can take it for
// something else: kubeadm's reader knows YAML 1.1, where yes, 1_000, 0o17 and 1:30 are no strings.
func stringNode(s, path string) (*yaml.Node, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%s: not valid UTF-8", path)
	}
	n := scalar("!!str", s)
	if !plainString(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n, nil
}

// plainString says whether s is a string to every reader without quotes: it begins with a letter
// or a slash, has only harmless characters, and is none of the words with a meaning.
func plainString(s string) bool {
	if s == "" || !isLetter(s[0]) && s[0] != '/' || strings.HasSuffix(s, ":") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (c < '0' || c > '9') && !strings.ContainsRune("/.-_:@=,+*", rune(c)) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return false
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
