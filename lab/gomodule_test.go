package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoModOfAModuleBesideTheUpstreamOne(t *testing.T) {
	t.Parallel()
	const text = "// comment\nmodule k8s.io/kubernetes\n\ngo 1.26.0\n\nrequire github.com/x/y v1.0.0\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tgithub.com/x/y => github.com/z/y v1.2.3\n)\n\nreplace k8s.io/cri-api => ./staging/src/k8s.io/cri-api\n"
	got := kubernetes("v1.37.2").goMod(text)
	assert.Contains(t, got, "module lab.invalid/kubernetes\n")
	assert.Contains(t, got, "\tk8s.io/api => k8s.io/api v0.37.2\n")
	assert.Contains(t, got, "replace k8s.io/cri-api => k8s.io/cri-api v0.37.2\n")
	assert.Contains(t, got, "\tgithub.com/x/y => github.com/z/y v1.2.3\n", "other replacements stay")
	assert.Contains(t, got, "\nrequire k8s.io/kubernetes v1.37.2\n")
	assert.NotContains(t, got, "./")
}

func TestGoModDropsReplacementsThatAreServed(t *testing.T) {
	t.Parallel()
	got := etcd("v3.7.0").goMod("module go.etcd.io/etcd/server/v3\n\nreplace (\n\tgo.etcd.io/etcd/api/v3 => ../api\n)\n")
	assert.NotContains(t, got, "=>")
	assert.Contains(t, got, "require go.etcd.io/etcd/server/v3 v3.7.0")
}

func TestEtcdVersionIsTheOneThatKubeadmNames(t *testing.T) {
	t.Parallel()
	got, err := etcdVersion([]string{"registry.k8s.io/pause:3.10.2", "registry.k8s.io/etcd:3.7.0-0"})
	require.NoError(t, err)
	assert.Equal(t, "v3.7.0", got)
	_, err = etcdVersion([]string{"registry.k8s.io/pause:3.10.2"})
	require.Error(t, err)
}

func TestProgramsSayTheirVersion(t *testing.T) {
	t.Parallel()
	assert.Contains(t, kubernetesLdflags("v1.34.4"), "-X k8s.io/component-base/version.gitVersion=v1.34.4 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34")
	assert.Equal(t, "v0.34.4", stagingVersion("v1.34.4"))
}

func TestBuildRefusesWhatIsNoVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "1.37.2", "v1.37", "v1.37.2; rm", "latest"} {
		_, err := Build(t.Context(), version, nil)
		require.ErrorContains(t, err, "is not a Kubernetes version", version)
	}
}
