package kubeadmcfg

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"
)

// chunk is the text of one document of a file.
type chunk struct {
	text []byte
	// line is the line of the file before the text, from 0.
	line int
}

// chunks splits a file where kubeadm does (k8s.io/apimachinery/pkg/util/yaml, YAMLReader): at lines
// that begin with three dashes and have nothing behind them but space or a comment. Such a line at a
// document's beginning is part of it; one with anything else behind the dashes is an error.
func chunks(file []byte) ([]chunk, error) {
	var out []chunk
	var current chunk
	lines := bytes.SplitAfter(file, []byte("\n"))
	for i, line := range lines {
		if i == len(lines)-1 && len(line) == 0 {
			break // what follows the last line's end is no line
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		rest, separator := bytes.CutPrefix(line, []byte("---"))
		rest = bytes.TrimSpace(rest)
		if separator && len(rest) > 0 && rest[0] != '#' {
			return nil, &ParseError{Document: len(out) + 1, Line: i + 1, Msg: "has something behind the dashes that separate documents"}
		}
		if separator && len(current.text) > 0 {
			out = append(out, current)
			current = chunk{line: i + 1}
			continue
		}
		current.text = append(append(current.text, line...), '\n')
	}
	if len(current.text) > 0 {
		out = append(out, current)
	}
	return out, nil
}

// node reads a document as kubeadm does: the YAML of sigs.k8s.io/yaml, which is YAML 1.1, turned into
// JSON. Where keys and values stand in the file is taken from another reader as far as it agrees.
func (c chunk) node() (*yaml.Node, error) {
	var where yaml.Node
	whereErr := yaml.Unmarshal(c.text, &where)
	if whereErr == nil {
		if d := (&decoder{}); !d.bounded(&where, 0) {
			return &where, d.errs[0]
		}
	}
	text, err := sigsyaml.YAMLToJSONStrict(c.text)
	switch {
	case err != nil && whereErr != nil:
		return &where, whereErr
	case err != nil:
		return &where, refused(err)
	}
	root, err := jsonNode(text)
	if err != nil {
		return &where, err
	}
	place(root, 1+c.line)
	if whereErr == nil && len(where.Content) > 0 {
		transplant(root, where.Content[0], c.line)
	}
	return root, nil
}

// lineOf matches where a YAML reader saw a mistake.
var lineOf = regexp.MustCompile(`line \d+: `)

// refused is what is said of YAML that kubeadm's reader refuses and the other one does not: the reason
// may hold a value of the file, and is left out.
func refused(err error) error {
	return errors.New(lineOf.FindString(err.Error()) + "is no YAML to kubeadm's reader")
}

// bounded says whether what n holds, with its aliases followed, is of a sane size.
func (d *decoder) bounded(n *yaml.Node, depth int) bool {
	n, ok := d.enter(n, "", depth)
	if !ok {
		if len(d.errs) == 0 {
			d.fail(n, "", "the document is too large")
		}
		return false
	}
	return !slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return !d.bounded(c, depth+1) })
}

// jsonNode returns the nodes of a JSON text.
func jsonNode(text []byte) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return nextNode(dec)
}

func nextNode(dec *json.Decoder) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		return scalar("!!null", "null"), nil
	case bool:
		return scalar("!!bool", fmt.Sprint(t)), nil
	case json.Number:
		if strings.ContainsAny(t.String(), ".eE") {
			return scalar("!!float", t.String()), nil
		}
		return scalar("!!int", t.String()), nil
	case string:
		n := scalar("!!str", t)
		n.Style = yaml.DoubleQuotedStyle
		return n, nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if token == json.Delim('{') {
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
	}
	for dec.More() {
		child, err := nextNode(dec) // in a mapping, keys and values by turns
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, err = dec.Token()
	return n, err
}

// place puts all of n at a line.
func place(n *yaml.Node, line int) {
	n.Line = line
	for _, c := range n.Content {
		place(c, line)
	}
}

// transplant takes the lines of n, and the order of its keys, from where they stand.
func transplant(n, where *yaml.Node, before int) {
	for hops := 0; where.Kind == yaml.AliasNode && hops < maxDepth; hops++ {
		where = where.Alias
	}
	n.Line = where.Line + before
	if n.Kind != where.Kind {
		return
	}
	if n.Kind == yaml.SequenceNode && len(n.Content) == len(where.Content) {
		for i := range n.Content {
			transplant(n.Content[i], where.Content[i], before)
		}
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	at := map[string]int{}
	for i := 0; i+1 < len(where.Content); i += 2 {
		at[where.Content[i].Value] = i
	}
	type pair struct {
		key, value *yaml.Node
		at         int
	}
	var pairs []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		j, ok := at[key.Value]
		if ok {
			transplant(key, where.Content[j], before)
			transplant(value, where.Content[j+1], before)
		} else {
			j = len(where.Content)
		}
		pairs = append(pairs, pair{key, value, j})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return a.at - b.at })
	n.Content = n.Content[:0]
	for _, p := range pairs {
		n.Content = append(n.Content, p.key, p.value)
	}
}
