package kubeadmcfg

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"pgregory.net/rapid"
)

// nasty are strings that some reader of YAML takes for something else.
var nasty = []string{
	"yes", "No", "on", "y", "null", "~", "true", "1", "0x1", "017", "1_000", "1:30", "1e3", ".5", "-", "- a", "a: b", "a:", "#a", "a #b",
	"2020-01-01", "[x]", "{x}", "*a", "&a", "!a", "%a", "@a", "`a", "'", `"`, `\`, "a\nb", " a ", "\t", "\u0000", "\u0085", "\u2028", "\ufeff", "ü", "=", "<<", "...", "---",
}

// fill sets v and all in it at random, to every field that a struct has.
func fill(t *rapid.T, v reflect.Value, label string) {
	switch x := v.Addr().Interface().(type) {
	case *metav1.Duration:
		x.Duration = time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, label))
		return
	case *metav1.Time:
		*x = metav1.Unix(rapid.Int64Range(0, 4e9).Draw(t, label), 0)
		return
	case *corev1.EnvVar:
		x.Name, x.Value = word(t, label), word(t, label)
		return
	case *[]Arg: // names once each, sorted, as v1beta3's map gives them back
		for i := range rapid.IntRange(0, 2).Draw(t, label) {
			*x = append(*x, Arg{Name: fmt.Sprint("arg", i), Value: word(t, label)})
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range structFields(v.Type()) {
			fill(t, v.FieldByIndex(f.index), label+"."+f.name)
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, label+" set") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), label)
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 2).Draw(t, label+" length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(t, v.Index(i), label)
			}
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 2).Draw(t, label+" length"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				item := reflect.New(v.Type().Elem()).Elem()
				fill(t, item, label)
				v.SetMapIndex(reflect.ValueOf(word(t, label)).Convert(v.Type().Key()), item)
			}
		}
	case reflect.String:
		v.SetString(word(t, label))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case reflect.Int, reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(t, label)))
	default:
		t.Fatalf("%s: no values for %s", label, v.Type())
	}
}

func word(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.Just(""), rapid.SampledFrom(nasty), rapid.StringMatching(`[a-z0-9./:_-]{1,20}`), rapid.String()).Draw(t, label)
}

func TestParseIsTheInverseOfRenderV1Beta4(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want Bundle
		want.Init, want.Cluster, want.Join = new(InitConfiguration), new(ClusterConfiguration), new(JoinConfiguration)
		fill(t, reflect.ValueOf(want.Init).Elem(), "init")
		fill(t, reflect.ValueOf(want.Cluster).Elem(), "cluster")
		fill(t, reflect.ValueOf(want.Join).Elem(), "join")
		want.Reset, want.Upgrade = new(ResetConfiguration), new(UpgradeConfiguration)
		fill(t, reflect.ValueOf(want.Reset).Elem(), "reset")
		fill(t, reflect.ValueOf(want.Upgrade).Elem(), "upgrade")
		roundTrip(t, want, Version{Major: 1, Minor: 37})
	})
}

func TestParseIsTheInverseOfRenderV1Beta3(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawV1Beta3(t)
		roundTrip(t, want, Version{Major: 1, Minor: 23})
		roundTrip(t, want, Version{Major: 1, Minor: 31})
	})
}

// drawV1Beta3 returns a Bundle that v1beta3 can say all of.
func drawV1Beta3(t *rapid.T) Bundle {
	old := v1beta3Bundle{init: new(initV1Beta3), cluster: new(clusterV1Beta3), join: new(joinV1Beta3)}
	fill(t, reflect.ValueOf(old.init).Elem(), "init")
	fill(t, reflect.ValueOf(old.cluster).Elem(), "cluster")
	fill(t, reflect.ValueOf(old.join).Elem(), "join")
	var b Bundle
	old.convert(&b)
	return b
}

func roundTrip(t *rapid.T, want Bundle, v Version) {
	file, err := Render(want, v)
	require.NoError(t, err)
	again, err := Render(want, v)
	require.NoError(t, err)
	require.Equal(t, file, again)
	got, err := Parse(file)
	require.NoError(t, err, "%s", file)
	require.Equal(t, want, got, "%s", file)
}

// everyField returns copies of the zero root, each with one field somewhere in it set, by path.
func everyField(t reflect.Type, path string) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	switch t {
	case reflect.TypeFor[metav1.Duration]():
		out[path] = reflect.ValueOf(metav1.Duration{Duration: time.Minute})
		return out
	case reflect.TypeFor[metav1.Time]():
		out[path] = reflect.ValueOf(metav1.Unix(1, 0))
		return out
	case reflect.TypeFor[corev1.EnvVar]():
		out[path] = reflect.ValueOf(corev1.EnvVar{Name: "a"})
		return out
	}
	wrap := func(inner reflect.Type, put func(reflect.Value) reflect.Value) {
		for p, v := range everyField(inner, path) {
			out[p] = put(v)
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range structFields(t) {
			for p, v := range everyField(t.FieldByIndex(f.index).Type, path+"."+f.name) {
				s := reflect.New(t).Elem()
				s.FieldByIndex(f.index).Set(v)
				out[p] = s
			}
		}
	case reflect.Pointer:
		wrap(t.Elem(), func(v reflect.Value) reflect.Value {
			p := reflect.New(t.Elem())
			p.Elem().Set(v)
			return p
		})
	case reflect.Slice:
		wrap(t.Elem(), func(v reflect.Value) reflect.Value { return reflect.Append(reflect.Zero(t), v) })
	case reflect.Map:
		wrap(t.Elem(), func(v reflect.Value) reflect.Value {
			m := reflect.MakeMap(t)
			m.SetMapIndex(reflect.ValueOf("key").Convert(t.Key()), v)
			return m
		})
	case reflect.String:
		out[path] = reflect.ValueOf("text").Convert(t)
	case reflect.Bool:
		out[path] = reflect.ValueOf(true)
	default:
		out[path] = reflect.ValueOf(1).Convert(t)
	}
	return out
}

// Nothing may get lost in silence: each field alone is either carried to v1beta3 and back or named.
func TestEveryFieldSurvivesOrIsALoss(t *testing.T) {
	t.Parallel()
	lost := map[string]string{}
	for path, root := range everyField(reflect.TypeFor[struct {
		InitConfiguration    InitConfiguration
		ClusterConfiguration ClusterConfiguration
		JoinConfiguration    JoinConfiguration
	}](), "") {
		path = strings.TrimPrefix(path, ".")
		b := Bundle{
			Init:    new(root.Field(0).Interface().(InitConfiguration)),
			Cluster: new(root.Field(1).Interface().(ClusterConfiguration)),
			Join:    new(root.Field(2).Interface().(JoinConfiguration)),
		}
		file, err := Render(b, Version{Major: 1, Minor: 30})
		if err != nil {
			var loss *LossError
			require.ErrorAs(t, err, &loss)
			require.Len(t, loss.Losses, 1)
			assert.Equal(t, path, loss.Losses[0].Path)
			lost[path] = loss.Losses[0].Hint
			continue
		}
		got, err := Parse(file)
		require.NoError(t, err)
		assert.Equal(t, b, got, path)
	}
	assert.Equal(t, map[string]string{
		"ClusterConfiguration.apiServer.extraEnvs":                    "",
		"ClusterConfiguration.caCertificateValidityPeriod":            "",
		"ClusterConfiguration.certificateValidityPeriod":              "",
		"ClusterConfiguration.controllerManager.extraEnvs":            "",
		"ClusterConfiguration.dns.disabled":                           "skip the phase addon/coredns",
		"ClusterConfiguration.encryptionAlgorithm":                    "",
		"ClusterConfiguration.etcd.external.httpEndpoints":            "",
		"ClusterConfiguration.etcd.local.extraEnvs":                   "",
		"ClusterConfiguration.proxy.disabled":                         "skip the phase addon/kube-proxy",
		"ClusterConfiguration.scheduler.extraEnvs":                    "",
		"InitConfiguration.dryRun":                                    "use the flag --dry-run",
		"InitConfiguration.nodeRegistration.imagePullSerial":          "",
		"InitConfiguration.timeouts.discovery":                        "",
		"InitConfiguration.timeouts.etcdAPICall":                      "",
		"InitConfiguration.timeouts.kubeletHealthCheck":               "",
		"InitConfiguration.timeouts.kubernetesAPICall":                "",
		"InitConfiguration.timeouts.tlsBootstrap":                     "",
		"InitConfiguration.timeouts.upgradeManifests":                 "",
		"JoinConfiguration.dryRun":                                    "use the flag --dry-run",
		"JoinConfiguration.nodeRegistration.imagePullSerial":          "",
		"JoinConfiguration.timeouts.controlPlaneComponentHealthCheck": "joins take the cluster's",
		"JoinConfiguration.timeouts.etcdAPICall":                      "",
		"JoinConfiguration.timeouts.kubeletHealthCheck":               "",
		"JoinConfiguration.timeouts.kubernetesAPICall":                "",
		"JoinConfiguration.timeouts.tlsBootstrap":                     "",
		"JoinConfiguration.timeouts.upgradeManifests":                 "",
	}, lost)
}

func TestLossesThatDependOnMore(t *testing.T) {
	t.Parallel()
	minute := &metav1.Duration{Duration: time.Minute}
	cases := map[string]struct {
		bundle Bundle
		minor  uint
		want   Loss
	}{
		"a timeout without its document": {
			Bundle{Init: &InitConfiguration{Timeouts: &Timeouts{ControlPlaneComponentHealthCheck: minute}}}, 30,
			Loss{"InitConfiguration.timeouts.controlPlaneComponentHealthCheck", "is a field of ClusterConfiguration in v1beta3", "add a ClusterConfiguration"},
		},
		"an argument twice": {
			Bundle{Cluster: &ClusterConfiguration{Scheduler: ControlPlaneComponent{ExtraArgs: []Arg{{"v", "1"}, {"a", "1"}, {"v", "2"}}}}}, 30,
			Loss{"ClusterConfiguration.scheduler.extraArgs[0]", "needs v1beta4 (Kubernetes 1.31)", "give v once"},
		},
		"an algorithm that had a gate": {
			Bundle{Cluster: &ClusterConfiguration{EncryptionAlgorithm: EncryptionECDSAP256}}, 30,
			Loss{"ClusterConfiguration.encryptionAlgorithm", "needs v1beta4 (Kubernetes 1.31)", "set the feature gate PublicKeysECDSA"},
		},
		"a newer algorithm": {
			Bundle{Cluster: &ClusterConfiguration{EncryptionAlgorithm: EncryptionECDSAP384}}, 33,
			Loss{"ClusterConfiguration.encryptionAlgorithm", "needs Kubernetes 1.34", ""},
		},
		"a newer field": {
			Bundle{Cluster: &ClusterConfiguration{Etcd: Etcd{External: &ExternalEtcd{HTTPEndpoints: []string{"x"}}}}}, 34,
			Loss{"ClusterConfiguration.etcd.external.httpEndpoints", "needs Kubernetes 1.35", ""},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Render(c.bundle, Version{Major: 1, Minor: c.minor})
			var loss *LossError
			require.ErrorAs(t, err, &loss)
			assert.Equal(t, []Loss{c.want}, loss.Losses)
			assert.Contains(t, err.Error(), c.want.Path)
		})
	}
}

func TestZeroBehindAPointerStays(t *testing.T) {
	t.Parallel()
	file, err := Render(Bundle{
		Init:      &InitConfiguration{BootstrapTokens: []BootstrapToken{{TTL: &metav1.Duration{}}}},
		Kubelet:   &kubeletv1beta1.KubeletConfiguration{FailSwapOn: new(false), RegistryPullQPS: new(int32(0)), EnforceNodeAllocatable: []string{}},
		KubeProxy: &proxyv1alpha1.KubeProxyConfiguration{Conntrack: proxyv1alpha1.KubeProxyConntrackConfiguration{MaxPerCore: new(int32(0))}},
	}, Version{Major: 1, Minor: 37})
	require.NoError(t, err)
	assert.Equal(t, strings.TrimPrefix(`
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens:
  - ttl: "0s"
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
registryPullQPS: 0
failSwapOn: false
enforceNodeAllocatable: []
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack:
  maxPerCore: 0
`, "\n"), string(file))
}
