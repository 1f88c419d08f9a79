package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/ha"
)

// setting is a line of cluster.example.yaml that is not in force.
var setting = regexp.MustCompile(`(?m)^( *)#([^ \n])`)

func exampleFile(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("cluster.example.yaml")
	require.NoError(t, err)
	return string(text)
}

// The file is valid as it stands, and with every setting in force.
func TestExampleFileIsValid(t *testing.T) {
	t.Parallel()
	plain, err := ha.LoadSpec("cluster.example.yaml")
	require.NoError(t, err)
	full, err := ha.ParseSpec([]byte(setting.ReplaceAllString(exampleFile(t), "$1$2")))
	require.NoError(t, err)
	assert.Equal(t, plain.Name, full.Name)
	assert.NotEmpty(t, full.Acknowledge)

	// What the file calls a default is one.
	for _, test := range []struct{ plain, full any }{
		{plain.Endpoint, full.Endpoint},
		{plain.LoadBalancer, full.LoadBalancer},
		{plain.Networking, full.Networking},
		{plain.Runtime, full.Runtime},
		{plain.Packages, full.Packages},
		{plain.Hosts[3].Role, full.Hosts[3].Role},
	} {
		assert.Equal(t, test.plain, test.full)
	}
}

// Every field of a cluster file is in the example. Types of Kubernetes' own are not taken apart.
func TestExampleFileIsComplete(t *testing.T) {
	t.Parallel()
	var doc map[string]any
	require.NoError(t, yaml.UnmarshalStrict([]byte(setting.ReplaceAllString(exampleFile(t), "$1$2")), &doc))
	// Fields that a cluster file must not have: it says the same elsewhere, they are not supported, or hosts do not inherit them.
	refused := []string{"sshDefaults.address", "kubeadm.kubernetesVersion", "kubeadm.controlPlaneEndpoint", "kubeadm.clusterName", "kubeadm.imageRepository", "kubeadm.networking", "kubeadm.etcd.external"}
	have := map[string]bool{}
	pathsOf(doc, "", have)
	var want []string
	fieldsOf(reflect.TypeFor[ha.Spec](), "", func(path string) bool {
		for _, r := range refused {
			if path == r {
				return false
			}
		}
		want = append(want, path)
		return true
	})
	require.Greater(t, len(want), 60)
	for _, path := range want {
		assert.True(t, have[path], "%s is not in cluster.example.yaml", path)
	}
}

// pathsOf collects the paths of a document's fields; those of lists are the union of their elements'.
func pathsOf(v any, path string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			p := strings.TrimPrefix(path+"."+name, ".")
			into[p] = true
			pathsOf(value, p, into)
		}
	case []any:
		for _, value := range v {
			pathsOf(value, path, into)
		}
	}
}

// fieldsOf visits the fields of this module's types by their paths in a document. A field that visit refuses is not
// gone into.
func fieldsOf(t reflect.Type, path string, visit func(path string) bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || !strings.HasPrefix(t.PkgPath(), "github.com/quorate-dev/quorate") {
		return
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			fieldsOf(f.Type, path, visit)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		if p := strings.TrimPrefix(path+"."+name, "."); visit(p) {
			fieldsOf(f.Type, p, visit)
		}
	}
}
