package kubeadmcfg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
// v1beta3 or v1beta4, each kind at most once. It is strict: an unknown kind, an unknown field, a
// field that is there twice and a value of the wrong type are errors, all of them reported,
// each a *ParseError under errors.As. It does not Validate.
//
// Null is the same as not set. v1beta3 becomes the types of this package: extra arguments are
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
	versions := map[APIVersion]bool{}
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
		if api := APIVersion(d.api); api == V1Beta3 || api == V1Beta4 {
			versions[api] = true
		}
		dec.structure(d.root, reflect.ValueOf(target).Elem(), d.kind, 0)
		b.Unknown, errs = append(b.Unknown, dec.unknown...), append(errs, dec.errs...)
	}
	if len(versions) > 1 {
		errs = append(errs, &ParseError{Msg: "documents of v1beta3 and of v1beta4 in one file"})
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

// splitDocuments reads the YAML and each document's type; empty documents are passed over.
func splitDocuments(file []byte) ([]parsedDocument, error) {
	var out []parsedDocument
	if len(file) > maxFile {
		return nil, &ParseError{Msg: "the file is larger than any that the API takes"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(file))
	for number := 1; ; number++ {
		var n yaml.Node
		err := dec.Decode(&n)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, syntaxError(number, err)
		}
		if number > maxDocuments {
			return nil, &ParseError{Document: number, Line: n.Line, Msg: "more documents than any file has"}
		}
		if len(n.Content) == 0 || n.Content[0].Tag == "!!null" {
			continue
		}
		d := parsedDocument{number: number, root: n.Content[0]}
		if d.root.Kind != yaml.MappingNode {
			return nil, d.fail("", "is not a mapping")
		}
		for i := 0; i+1 < len(d.root.Content); i += 2 {
			switch value := d.root.Content[i+1]; d.root.Content[i].Value {
			case "apiVersion":
				d.api = value.Value
			case "kind":
				d.kind = value.Value
			}
		}
		if d.api == "" || d.kind == "" {
			return nil, d.fail("", "apiVersion and kind are required")
		}
		out = append(out, d)
	}
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

// syntaxError takes the line out of what the YAML reader says.
func syntaxError(number int, err error) *ParseError {
	e := &ParseError{Document: number, Msg: strings.TrimPrefix(err.Error(), "yaml: ")}
	if rest, ok := strings.CutPrefix(e.Msg, "line "); ok {
		digits, msg, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(digits); err == nil {
			e.Line, e.Msg = line, msg
		}
	}
	return e
}
