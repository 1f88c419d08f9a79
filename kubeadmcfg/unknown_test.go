package kubeadmcfg

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
	sigsyaml "sigs.k8s.io/yaml"
)

const lenientFile = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
certificatekey: s3cret
nodeRegistration:
  name: cp1
  future: {a: 1, b: [yes, 0o17, &x two, *x]}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraVolumes:
    - name: audit
      hostPath: /a
      mountPath: /a
      propagation: None
    - unheard: of
scheduler:
  unheard: of
---
apiVersion: example.com/v1
kind: Extension
value: 1
`

func TestParseLenientKeepsWhatIsUnknown(t *testing.T) {
	_, err := Parse([]byte(lenientFile))
	require.Error(t, err)
	b, err := ParseLenient([]byte(lenientFile))
	require.NoError(t, err)
	var places []string
	for _, u := range b.Unknown {
		places = append(places, fmt.Sprint(u.Line, " ", u))
	}
	assert.Equal(t, []string{
		"3 InitConfiguration.certificatekey", "6 InitConfiguration.nodeRegistration.future",
		"15 ClusterConfiguration.apiServer.extraVolumes[0].propagation", "16 ClusterConfiguration.apiServer.extraVolumes[1].unheard",
		"18 ClusterConfiguration.scheduler.unheard", "20 document",
	}, places)

	v := Version{Major: 1, Minor: 33}
	file, err := Render(b, v)
	require.NoError(t, err)
	var want, have []any
	for text, to := range map[string]*[]any{lenientFile: &want, string(file): &have} {
		for part := range strings.SplitSeq(text, "---\n") { // as kubeadm reads it: yes is true
			var doc any
			require.NoError(t, sigsyaml.Unmarshal([]byte(part), &doc))
			*to = append(*to, doc)
		}
	}
	assert.Equal(t, want, have)

	secretless, err := RenderRedacted(b, v)
	require.NoError(t, err)
	assert.NotContains(t, string(secretless), "s3cret")
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", b.Unknown, b.Unknown, b.Unknown), "s3cret")

	var invalid *ValidationError
	require.ErrorAs(t, Validate(b, v), &invalid)
	assert.Equal(t, CodeUnknown, invalid.Problems[0].Code)
}

func TestParseLenientRefusesWhatItCannotKeep(t *testing.T) {
	for name, file := range map[string]string{
		"twice":      "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nfoo: 1\nfoo: 2\n",
		"wrong type": "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration: {name: [a]}\n",
		"two of one": "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseLenient([]byte(file))
			var parse *ParseError
			assert.True(t, errors.As(err, &parse), "%v", err)
		})
	}
}

func TestRenderRefusesUnknownWithoutAPlace(t *testing.T) {
	for name, u := range map[string]Unknown{
		"no document": {Path: []string{kindJoin, "foo"}, YAML: "1"},
		"no list":     {Path: []string{kindInit, "skipPhases", "0", "foo"}, YAML: "1"},
		"in a word":   {Path: []string{kindInit, "certificateKey", "foo"}, YAML: "1"},
		"set already": {Path: []string{kindInit, "certificateKey"}, YAML: "1"},
		"not YAML":    {Path: []string{kindInit, "foo"}, YAML: "[s3cret"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(Bundle{Init: &InitConfiguration{CertificateKey: "x"}, Unknown: []Unknown{u}}, Version{Major: 1, Minor: 37})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "s3cret")
		})
	}
}

// What a file holds beside the known fields survives any number of readings and writings.
func TestLenientRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := &yaml.Node{Kind: yaml.MappingNode}
		draw(t, root, 0)
		root.Content = append([]*yaml.Node{scalar("", "apiVersion"), scalar("", string(V1Beta4)), scalar("", "kind"), scalar("", kindCluster)}, root.Content...)
		file, err := yaml.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseLenient(file)
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		out, err := Render(b, Version{Major: 1, Minor: 37})
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		again, err := ParseLenient(out)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, u := range [][]Unknown{b.Unknown, again.Unknown} {
			for i := range u {
				u[i].Line = 0
			}
		}
		assert.ElementsMatch(t, b.Unknown, again.Unknown)
		b.Unknown, again.Unknown = nil, nil
		assert.Equal(t, b, again)
	})
}

// draw adds unknown keys to a mapping, and mappings of known name to go on in.
func draw(t *rapid.T, n *yaml.Node, depth int) {
	for i := range rapid.IntRange(0, 3).Draw(t, "unknown") {
		key := fmt.Sprint("unknown", i)
		value := stringValue(rapid.SampledFrom(nasty[:40]).Draw(t, "value"))
		if rapid.Bool().Draw(t, "nested") {
			value = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{value, {Kind: yaml.MappingNode}}}
		}
		n.Content = append(n.Content, scalar("", key), value)
	}
	if depth > 0 {
		return
	}
	for _, known := range []string{"apiServer", "networking", "dns"} {
		if rapid.Bool().Draw(t, known) {
			child := &yaml.Node{Kind: yaml.MappingNode}
			draw(t, child, depth+1)
			n.Content = append(n.Content, scalar("", known), child)
		}
	}
}

func stringValue(s string) *yaml.Node {
	n := scalar("!!str", s)
	n.Style = yaml.DoubleQuotedStyle
	return n
}
