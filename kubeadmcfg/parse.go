package kubeadmcfg

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ParseError says where and why a file could not be read. It never holds a value of the file.
type ParseError struct {
	// Document is the number of the YAML document, from 1; 0 when that could not be told.
	Document int
	// Line is in the whole file, from 1; 0 when it could not be told.
	Line int
	// Path of the field, beginning with the kind; empty for a document as a whole.
	Path string
	// Msg says why.
	Msg string
}

// Error returns document, line, path and reason.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("kubeadmcfg: parse:")
	if e.Document > 0 {
		fmt.Fprintf(&b, " document %d,", e.Document)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, " line %d:", e.Line)
	}
	if e.Path != "" {
		fmt.Fprintf(&b, " %s:", e.Path)
	}
	return b.String() + " " + e.Msg
}

// Parse reads a configuration file: any of the documents of a Bundle in any order, kubeadm's as
// v1beta3 or v1beta4, each kind at most once. It reads as kubeadm's strict reader does, YAML 1.1 with
// documents apart by lines of dashes; a document of comments alone is an error to both. It is strict: an unknown kind, an unknown field, a
// field that is there twice and a value of the wrong type are errors, all of them reported,
// each a *ParseError under errors.As. It does not Validate.
//
// Null is the same as not set, but for a duration of a component, which its reader refuses. v1beta3 becomes the types of this package: extra arguments are
// sorted by name, and apiServer.timeoutForControlPlane of the ClusterConfiguration becomes a
// timeout of the InitConfiguration, which is added to the Bundle if it is not in the file.
func Parse(file []byte) (Bundle, error) { return parse(file, false) }

// parse reads a file; lenient keeps what is unknown.
func parse(file []byte, lenient bool) (Bundle, error) {
	docs, err := splitDocuments(file)
	if err != nil {
		return Bundle{}, err
	}
	var b Bundle
	var old v1beta3Bundle
	var errs []error
	lines := map[string]int{}
	for _, d := range docs {
		dec := decoder{doc: d.number, lenient: lenient}
		target := d.allocate(&b, &old)
		if target == nil && lenient {
			dec.keep(d.root, d.root.Line, nil, d.kind)
			b.Unknown, errs = append(b.Unknown, dec.unknown...), append(errs, dec.errs...)
			continue
		}
		if target == nil {
			errs = append(errs, d.fail("", fmt.Sprintf("no document that is known: apiVersion %q, kind %q", d.api, d.kind)))
			continue
		}
		if line, ok := lines[d.kind]; ok {
			errs = append(errs, d.fail(d.kind, fmt.Sprintf("is there twice, first in line %d", line)))
			continue
		}
		lines[d.kind] = d.root.Line
		dec.structure(d.root, reflect.ValueOf(target).Elem(), d.kind, 0)
		b.Unknown, errs = append(b.Unknown, dec.unknown...), append(errs, dec.errs...)
	}
	if len(docs) == 0 {
		errs = append(errs, &ParseError{Msg: "no document"})
	}
	if len(errs) > 0 {
		return Bundle{}, errors.Join(errs...)
	}
	old.convert(&b)
	return b, nil
}

// APIVersions returns the versions of kubeadm's configuration that a file's documents are of, each
// once, in their order. A kubeadm that does not read one of them refuses the file: Version.Reads.
// Documents that are not kubeadm's are passed over, and the rest of the file is not checked.
func APIVersions(file []byte) ([]APIVersion, error) {
	docs, err := splitDocuments(file)
	if err != nil {
		return nil, err
	}
	var out []APIVersion
	seen := map[string]bool{}
	for _, d := range docs {
		if strings.HasPrefix(d.api, "kubeadm.k8s.io/") && !seen[d.api] {
			seen[d.api] = true
			out = append(out, APIVersion(d.api))
		}
	}
	return out, nil
}

// maxFile bounds how large a file may be, in bytes. The API takes objects of 3 MiB at most, and such
// a file goes into one.
const maxFile = 4 << 20

// maxDocuments bounds how many documents a file may have, empty ones included.
const maxDocuments = 1000

// parsedDocument is one document of a file before its fields are read.
type parsedDocument struct {
	number    int
	root      *yaml.Node
	api, kind string
}

func (d parsedDocument) fail(path, msg string) *ParseError {
	return &ParseError{Document: d.number, Line: d.root.Line, Path: path, Msg: msg}
}

// splitDocuments reads the YAML and each document's type. A document of comments alone, which kubeadm
// asks for its type too, is an error.
func splitDocuments(file []byte) ([]parsedDocument, error) {
	var out []parsedDocument
	if len(file) > maxFile {
		return nil, &ParseError{Msg: "the file is larger than any that the API takes"}
	}
	texts, err := chunks(file)
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		number := i + 1
		if number > maxDocuments {
			return nil, &ParseError{Document: number, Line: text.line + 1, Msg: "more documents than any file has"}
		}
		root, err := text.node()
		if err != nil {
			return nil, text.syntaxError(number, root, err)
		}
		d := parsedDocument{number: number, root: root}
		if root.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(root.Content); i += 2 {
				switch value := root.Content[i+1]; root.Content[i].Value {
				case "apiVersion":
					d.api = value.Value
				case "kind":
					d.kind = value.Value
				}
			}
		} else if !isNull(root) {
			return nil, d.fail("", "is not a mapping")
		}
		if d.api == "" || d.kind == "" {
			return nil, d.fail("", "apiVersion and kind are required")
		}
		out = append(out, d)
	}
	return out, nil
}

func ensure[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

// allocate returns a pointer to what d is decoded into, made in one of the bundles, and nil for a
// document that is not known.
func (d parsedDocument) allocate(b *Bundle, old *v1beta3Bundle) any {
	switch d.api {
	case string(V1Beta4):
		switch d.kind {
		case kindInit:
			return ensure(&b.Init)
		case kindCluster:
			return ensure(&b.Cluster)
		case kindJoin:
			return ensure(&b.Join)
		case kindReset:
			return ensure(&b.Reset)
		case kindUpgrade:
			return ensure(&b.Upgrade)
		}
	case string(V1Beta3):
		switch d.kind {
		case kindInit:
			return ensure(&old.init)
		case kindCluster:
			return ensure(&old.cluster)
		case kindJoin:
			return ensure(&old.join)
		}
	case KubeletAPIVersion:
		if d.kind == kindKubelet {
			return ensure(&b.Kubelet)
		}
	case KubeProxyAPIVersion:
		if d.kind == kindKubeProxy {
			return ensure(&b.KubeProxy)
		}
	}
	return nil
}

// syntaxError is why a document could not be read: what the strict decoder finds where there is a
// tree to look at, keys that are there twice, and else what the YAML reader says.
func (c chunk) syntaxError(number int, root *yaml.Node, err error) error {
	var own *ParseError
	if errors.As(err, &own) {
		own.Document, own.Line = number, own.Line+c.line
		return own
	}
	if len(root.Content) > 0 && root.Content[0].Kind == yaml.MappingNode {
		d := decoder{doc: number}
		d.twice(root.Content[0], kindOf(root.Content[0]), c.line)
		if len(d.errs) > 0 {
			return errors.Join(d.errs...)
		}
	}
	e := &ParseError{Document: number, Msg: strings.TrimPrefix(err.Error(), "yaml: ")}
	if rest, ok := strings.CutPrefix(e.Msg, "line "); ok {
		digits, msg, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(digits); err == nil {
			e.Line, e.Msg = line+c.line, msg
		}
	}
	return e
}

// kindOf returns the kind of a document.
func kindOf(root *yaml.Node) string {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "kind" {
			return root.Content[i+1].Value
		}
	}
	return ""
}
