package kubeadmcfg_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func TestVersionForms(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"v1.37.2": "v1.37.2", "1.23.4": "v1.23.4", "v1.37.0-rc.1": "v1.37.0-rc.1"} {
		assert.Equal(t, want, version(t, in).String())
	}
	for _, in := range []string{"", "1.37", "v1", "stable-1", "1.37.2.3", "v1.37.2+k3s1", "v1.037.2", "1.37.x"} {
		_, err := kubeadmcfg.ParseVersion(in)
		assert.ErrorContains(t, err, fmt.Sprintf("kubeadmcfg: version %q", in))
	}
	assert.Equal(t, "v1.37", version(t, "1.37.2").MinorString())
	assert.Empty(t, kubeadmcfg.Version{}.String())

	var read struct{ V, None kubeadmcfg.Version }
	require.NoError(t, json.Unmarshal([]byte(`{"V":"1.37.2","None":""}`), &read))
	assert.Equal(t, version(t, "v1.37.2"), read.V)
	assert.True(t, read.None.IsZero())
	out, err := json.Marshal(read)
	require.NoError(t, err)
	assert.JSONEq(t, `{"V":"v1.37.2","None":""}`, string(out))
	assert.Error(t, json.Unmarshal([]byte(`{"V":"x"}`), &read))
}

func TestVersionOrder(t *testing.T) {
	t.Parallel()
	order := []string{"v1.9.0", "v1.22.0", "v1.22.10", "v1.31.0-alpha.1", "v1.31.0-rc.2", "v1.31.0-rc.10", "v1.31.0", "v2.0.0"}
	for i := range order {
		for j := range order {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			assert.Equal(t, want, version(t, order[i]).Compare(version(t, order[j])), "%s and %s", order[i], order[j])
		}
	}
	assert.True(t, version(t, "v1.31.0-rc.2").AtLeast(31))
	assert.False(t, version(t, "v1.30.9").AtLeast(31))
	assert.True(t, version(t, "v2.0.0").AtLeast(99))
	byHand := kubeadmcfg.Version{Pre: "_"}
	assert.Equal(t, 1, byHand.Compare(kubeadmcfg.Version{Pre: "A"}), "no panic on what no version has")
}

// The table by minor, from the notes in versions.go: each row is the first minor of what follows.
func TestVersionTable(t *testing.T) {
	t.Parallel()
	type row struct {
		API                  kubeadmcfg.APIVersion
		ReadsV1Beta3         bool
		ImageRepository      string
		DockerSocket         string
		Labels, Taints       int
		LocalMode, Learner   kubeadmcfg.Stage
		InitNeedsEndpoint    bool
		Validate, SuperAdmin bool
		Conntrack            bool
		Exit2                kubeadmcfg.ExitMeaning
		IPVS                 kubeadmcfg.IPVSSupport
	}
	of := func(minor uint) row {
		v := kubeadmcfg.Version{Major: 1, Minor: minor}
		api, err := v.API()
		require.NoError(t, err)
		return row{
			api, v.Reads(kubeadmcfg.V1Beta3), v.DefaultImageRepository(), v.CRISocket(kubeadmcfg.Docker), len(v.ControlPlaneLabels()), len(v.ControlPlaneTaints()),
			v.KubeletLocalMode(), v.EtcdLearnerMode(), v.InitNeedsEndpoint(), v.HasConfigValidate(), v.HasSuperAdmin(), v.NeedsConntrack(), v.ExitMeaning(2), v.IPVS(),
		}
	}
	want := row{
		API: kubeadmcfg.V1Beta3, ReadsV1Beta3: true, ImageRepository: "k8s.gcr.io", DockerSocket: "/var/run/dockershim.sock", Labels: 2, Taints: 1,
		LocalMode: kubeadmcfg.StageAbsent, Learner: kubeadmcfg.StageAbsent, InitNeedsEndpoint: true, Conntrack: true, Exit2: kubeadmcfg.ExitPreflight,
		IPVS: kubeadmcfg.IPVSSupport{Available: true, FallsBack: true},
	}
	changes := map[uint]func(){
		24: func() { want.Labels, want.Taints, want.DockerSocket = 1, 2, "unix:///var/run/cri-dockerd.sock" },
		25: func() { want.Taints, want.ImageRepository = 1, "registry.k8s.io" },
		26: func() { want.Validate, want.IPVS.FallsBack = true, false },
		27: func() { want.Learner = kubeadmcfg.StageOptIn },
		29: func() { want.Learner, want.SuperAdmin = kubeadmcfg.StageDefault, true },
		31: func() { want.API, want.LocalMode = kubeadmcfg.V1Beta4, kubeadmcfg.StageOptIn },
		32: func() { want.Conntrack = false },
		33: func() { want.LocalMode = kubeadmcfg.StageDefault },
		34: func() { want.Exit2 = kubeadmcfg.ExitFailed },
		35: func() { want.IPVS.Deprecated = true },
		36: func() { want.LocalMode = kubeadmcfg.StageLocked },
		37: func() { want.ReadsV1Beta3, want.InitNeedsEndpoint, want.IPVS.Gate = false, false, true },
	}
	for minor := uint(kubeadmcfg.OldestMinor); minor <= kubeadmcfg.NewestMinor; minor++ {
		if change, ok := changes[minor]; ok {
			change()
		}
		assert.Equal(t, want, of(minor), "1.%d", minor)
		assert.Equal(t, minor >= 31, kubeadmcfg.Version{Major: 1, Minor: minor}.Reads(kubeadmcfg.V1Beta4))
	}
}

func TestVersionDetails(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"v1.21.14", "v1.38.0", "v2.30.0", "v0.30.0"} {
		_, err := version(t, s).API()
		var out *kubeadmcfg.RangeError
		require.ErrorAs(t, err, &out)
		assert.Equal(t, version(t, s), out.Version)
	}
	assert.False(t, version(t, "v1.30.0").Reads("kubeadm.k8s.io/v1beta2"))
	assert.Equal(t, "k8s.gcr.io", version(t, "v1.23.14").DefaultImageRepository())
	assert.Equal(t, "registry.k8s.io", version(t, "v1.23.15").DefaultImageRepository())
	assert.Equal(t, "registry.k8s.io", version(t, "v1.24.9").DefaultImageRepository())
	assert.Equal(t, kubeadmcfg.LabelMaster, version(t, "v1.23.0").ControlPlaneTaints()[0].Key)
	assert.Equal(t, kubeadmcfg.LabelControlPlane, version(t, "v1.25.0").ControlPlaneTaints()[0].Key)
	assert.Equal(t, "unix:///var/run/crio/crio.sock", version(t, "v1.25.0").CRISocket(kubeadmcfg.CRIO))
	assert.Empty(t, version(t, "v1.25.0").CRISocket("podman"))
	assert.Equal(t, []kubeadmcfg.ExitMeaning{kubeadmcfg.ExitOK, kubeadmcfg.ExitFailed, kubeadmcfg.ExitPreflight, kubeadmcfg.ExitValidation, kubeadmcfg.ExitFailed},
		slices.Collect(func(yield func(kubeadmcfg.ExitMeaning) bool) {
			for code := range 5 {
				if !yield(version(t, "v1.33.0").ExitMeaning(code)) {
					return
				}
			}
		}))
	assert.Equal(t, kubeadmcfg.IPVSSupport{Available: true, Deprecated: true, Gate: true, NeedsGate: true}, version(t, "v1.42.0").IPVS())
	assert.Equal(t, kubeadmcfg.IPVSSupport{}, version(t, "v1.43.0").IPVS())
}
