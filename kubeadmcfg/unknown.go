package kubeadmcfg

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Unknown is a field, or a whole document, that the types of this package do not have: read by
// ParseLenient, and written by Render where it was.
type Unknown struct {
	// Path is the kind and then keys and, inside lists, indices from 0; empty for a whole document.
	Path []string
	// Line of the file that it was read from, from 1; 0 for one that was not read. Render ignores it.
	Line int
	// YAML is its value, or the whole document. It is a Secret because nobody knows what it holds: it
	// may be a token under a misspelt name.
	YAML Secret
}

// String returns where it is, and not what it holds: "InitConfiguration.nodeRegistration.foo".
func (u Unknown) String() string {
	if len(u.Path) == 0 {
		return "document"
	}
	var b strings.Builder
	for i, part := range u.Path {
		switch _, err := strconv.Atoi(part); {
		case i > 0 && err == nil:
			b.WriteString("[" + part + "]")
		case i > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// ParseLenient is Parse for files that hold more than the types of this package: a field or a
// document that they do not have is kept in Bundle.Unknown and written by Render again. All else
// that Parse refuses is refused: what is there twice, or of a wrong type, cannot be kept.
//
// kubeadm itself passes over unknown fields with a warning, and refuses them in
// `kubeadm config validate`, as Validate does.
func ParseLenient(file []byte) (Bundle, error) { return parse(file, true) }

// verbatim returns n without comments, and with what its aliases stand for in their place. ok is
// false, and d has the error, where that is too large.
func (d *decoder) verbatim(n *yaml.Node, path string, depth int) (out *yaml.Node, ok bool) {
	n, ok = d.enter(n, path, depth)
	if !ok {
		return nil, false
	}
	out = &yaml.Node{Kind: n.Kind, Style: n.Style, Tag: n.Tag, Value: n.Value}
	for _, c := range n.Content {
		child, ok := d.verbatim(c, path, depth+1)
		if !ok {
			return nil, false
		}
		out.Content = append(out.Content, child)
	}
	return out, true
}

// keep notes n as unknown.
func (d *decoder) keep(n *yaml.Node, line int, path []string, name string) {
	plain, ok := d.verbatim(n, name, 0)
	if !ok {
		return
	}
	text, err := yaml.Marshal(plain)
	if err != nil {
		d.fail(n, name, "cannot be kept: %v", err)
		return
	}
	d.unknown = append(d.unknown, Unknown{Path: slices.Clone(path), Line: line, YAML: Secret(text)})
}

// splitPath turns Kind.a[0].b into its parts.
func splitPath(path string) []string {
	return strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
}

// node returns the YAML of u, its values redacted if e says so.
func (e encoder) unknown(u Unknown) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(u.YAML.Reveal()), &doc); err != nil {
		return nil, fmt.Errorf("%s: not the YAML of a value", u)
	}
	if len(doc.Content) == 0 {
		return scalar("!!null", "null"), nil
	}
	n := doc.Content[0]
	if e.redact {
		redactNode(n, len(u.Path) == 0)
	}
	return n, nil
}

// redactNode hides every value, but a document's type.
func redactNode(n *yaml.Node, document bool) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.Content[i].Value; document && (key == "apiVersion" || key == "kind") {
				continue
			}
			redactNode(n.Content[i+1], false)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			redactNode(c, false)
		}
	default:
		*n = *scalar("!!str", redacted)
		n.Style = yaml.DoubleQuotedStyle
	}
}

// insert puts a value into the tree of a document, making the mappings on the way to it.
func insert(n *yaml.Node, path []string, value *yaml.Node) error {
	if len(path) == 0 {
		return fmt.Errorf("no path")
	}
	switch n.Kind {
	case yaml.SequenceNode:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i >= len(n.Content) || len(path) == 1 {
			return fmt.Errorf("the list has no place %q", path[0])
		}
		return insert(n.Content[i], path[1:], value)
	case yaml.MappingNode:
	default:
		return fmt.Errorf("%q is in no mapping", path[0])
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		if len(path) == 1 {
			return fmt.Errorf("%q is set already", path[0])
		}
		return insert(n.Content[i+1], path[1:], value)
	}
	key, err := stringNode(path[0], path[0])
	if err != nil {
		return err
	}
	if len(path) == 1 {
		n.Content = append(n.Content, key, value)
		return nil
	}
	if _, err := strconv.Atoi(path[1]); err == nil {
		return fmt.Errorf("there is no list %q", path[0])
	}
	child := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	n.Content = append(n.Content, key, child)
	return insert(child, path[1:], value)
}

// remove takes a value out of the tree of a document, and mappings that are left empty with it.
func remove(n *yaml.Node, path []string) {
	if len(path) == 0 {
		return
	}
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(n.Content) && len(path) > 1 {
			remove(n.Content[i], path[1:])
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		child := n.Content[i+1]
		remove(child, path[1:])
		if len(path) == 1 || child.Kind == yaml.MappingNode && len(child.Content) == 0 {
			n.Content = slices.Delete(n.Content, i, i+2)
		}
		return
	}
}

// writeYAML writes one document.
func writeYAML(out *bytes.Buffer, root *yaml.Node) error {
	enc := yaml.NewEncoder(out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return err
	}
	return enc.Close()
}
