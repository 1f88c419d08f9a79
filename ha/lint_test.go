package ha_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func TestLintFindsNothingInTheDefaults(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		for _, engine := range []ha.Engine{ha.EngineNginx, ha.EngineHAProxy} {
			spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1")
			spec.LoadBalancer.Engine = engine
			cluster, err := ha.New(spec, c.Dial)
			require.NoError(t, err)
			findings, err := cluster.Lint(t.Context())
			require.NoError(t, err)
			assert.Empty(t, findings, "%s", engine)
		}
	}, fake.ControlPlanes(3), fake.Workers(1))
}

func TestLintLooksAtDocumentsBalancerAndHosts(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "cp2", "w1")
		spec.Acknowledge = []ha.Risk{ha.EvenControlPlanes}
		spec.CNI.Manifest = "https://docs.projectcalico.org/v3.21/manifests/calico.yaml"
		spec.KubeProxy = &proxyv1alpha1.KubeProxyConfiguration{Mode: "ipvs"}
		spec.Kubeadm.APIServer.ExtraArgs = []kubeadmcfg.Arg{{Name: "anonymous-auth", Value: "false"}}
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		findings, err := cluster.Lint(t.Context())
		require.NoError(t, err)
		var codes []string
		for _, f := range findings {
			codes = append(codes, f.Code)
			assert.NotEmpty(t, f.Fix)
		}
		assert.Equal(t, []string{"KC042", "KC050", "KC054", "KC055", "KC061"}, codes)
	}, fake.ControlPlanes(2), fake.Workers(1))
}

func TestLintNamesHostsThatDoNotAnswer(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		spec := simSpec(t, c, "cp1", "cp2", "cp3", "w1")
		c.Host("w1").Crash()
		cluster, err := ha.New(spec, c.Dial)
		require.NoError(t, err)
		findings, err := cluster.Lint(t.Context())
		var hosts *ha.HostsError
		require.True(t, errors.As(err, &hosts))
		assert.Equal(t, "w1", hosts.Problems[0].Host)
		assert.Empty(t, findings)
	}, fake.ControlPlanes(3), fake.Workers(1))
}
