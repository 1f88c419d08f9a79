package kubeadmcfg

import (
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// ValidateFile returns nil for a file that `kubeadm config validate` of version v accepts, whose
// KubeletConfiguration the kubelet of v reads strictly, and whose KubeProxyConfiguration kube-proxy
// of v reads strictly and validates. Otherwise it returns what ParseLenient does for what cannot be
// read, or a *ValidationError with every problem: what Validate finds, documents and fields that v
// has not got, set or null, and documents of kubeadm's configuration that v does not read.
//
// v1beta3 is read for the versions whose kubeadm reads it; Validate asks in terms of the version that
// kubeadm of v writes. A file without a document is refused: commands that take files refuse it too.
//
// Four things are not as there: v1beta2, which kubeadm reads up to 1.26, is refused; a field that only
// differs in case is refused in every version, though kubeadm up to 1.23 passes over it in silence;
// what the kubelet asks of values and not of fields is not asked; and what the host decides is taken for
// granted, such as that a discovery file exists or that the loopback has another address.
func ValidateFile(file []byte, v Version) error {
	b, err := ParseLenient(file)
	if err != nil {
		return err
	}
	var found *ValidationError
	if err := Validate(b, v); err != nil && !errors.As(err, &found) {
		return err
	}
	c := checker{version: v}
	if found != nil {
		c.problems = found.Problems
	}
	docs, err := splitDocuments(file)
	if err != nil {
		return err
	}
	for _, d := range docs {
		if api := APIVersion(d.api); api.kubeadm() && !v.Reads(api) {
			c.add(d.kind, CodeVersion, "kubeadm %s does not read %s", v, api)
		}
		c.nodes(d.root, d.kind)
	}
	return c.err()
}

// nodes reports the fields of a document that the checker's version has not got and that are not
// reported yet: those that are there and empty.
func (c *checker) nodes(n *yaml.Node, path string) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		at := path + "." + n.Content[i].Value
		if span, ok := spanOf(at); ok && !span.in(c.version) {
			c.once(at, span)
			continue
		}
		c.nodes(n.Content[i+1], at)
	}
	for i := 0; n.Kind == yaml.SequenceNode && i < len(n.Content); i++ {
		c.nodes(n.Content[i], fmt.Sprintf("%s[%d]", path, i))
	}
}

// once adds a problem of a field that there is none of.
func (c *checker) once(path string, span fieldSpan) {
	for _, p := range c.problems {
		if p.Path == path {
			return
		}
	}
	c.add(path, CodeVersion, "%s", span)
}
