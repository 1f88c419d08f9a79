package kubeadmcfg_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func version(t testing.TB, s string) kubeadmcfg.Version {
	t.Helper()
	v, err := kubeadmcfg.ParseVersion(s)
	require.NoError(t, err)
	return v
}

func article(t testing.TB) kubeadmcfg.Bundle {
	t.Helper()
	file, err := os.ReadFile("testdata/article.yaml")
	require.NoError(t, err)
	b, err := kubeadmcfg.Parse(file)
	require.NoError(t, err)
	return b
}

func TestParseReadsTheArticle(t *testing.T) {
	t.Parallel()
	assert.Equal(t, kubeadmcfg.Bundle{
		Init: &kubeadmcfg.InitConfiguration{
			BootstrapTokens: []kubeadmcfg.BootstrapToken{{
				Token:  "abcdef.0123456789abcdef",
				TTL:    &metav1.Duration{Duration: 24 * time.Hour},
				Usages: []string{"signing", "authentication"},
				Groups: []string{"system:bootstrappers:kubeadm:default-node-token"},
			}},
			LocalAPIEndpoint: kubeadmcfg.APIEndpoint{AdvertiseAddress: "192.168.1.109", BindPort: 6443},
			NodeRegistration: kubeadmcfg.NodeRegistrationOptions{
				Name: "node", CRISocket: "/var/run/dockershim.sock", ImagePullPolicy: "IfNotPresent",
			},
			Timeouts: &kubeadmcfg.Timeouts{ControlPlaneComponentHealthCheck: &metav1.Duration{Duration: 4 * time.Minute}},
		},
		Cluster: &kubeadmcfg.ClusterConfiguration{
			CertificatesDir:      "/etc/kubernetes/pki",
			ClusterName:          "kubernetes",
			ControlPlaneEndpoint: "192.168.1.109:16443",
			Etcd:                 kubeadmcfg.Etcd{Local: &kubeadmcfg.LocalEtcd{DataDir: "/var/lib/etcd"}},
			ImageRepository:      "registry.cn-hangzhou.aliyuncs.com/google_containers",
			KubernetesVersion:    "1.23.4",
			Networking:           kubeadmcfg.Networking{DNSDomain: "cluster.local", ServiceSubnet: "10.96.0.0/12", PodSubnet: "10.244.0.0/16"},
		},
		Kubelet:   &kubeletv1beta1.KubeletConfiguration{CgroupDriver: "cgroupfs"},
		KubeProxy: &proxyv1alpha1.KubeProxyConfiguration{Mode: "ipvs"},
	}, article(t))
}

func TestRenderTheArticle(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"v1.23.4", "v1.37.2"} {
		t.Run(v, func(t *testing.T) {
			t.Parallel()
			b := article(t)
			file, err := kubeadmcfg.Render(b, version(t, v))
			require.NoError(t, err)
			golden(t, "article-"+v+".yaml", file)
			back, err := kubeadmcfg.Parse(file)
			require.NoError(t, err)
			assert.Equal(t, b, back)
			apis, err := kubeadmcfg.APIVersions(file)
			require.NoError(t, err)
			require.Len(t, apis, 1)
			assert.True(t, version(t, v).Reads(apis[0]))
		})
	}
}

func TestParseIsStrict(t *testing.T) {
	t.Parallel()
	const (
		init3    = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: InitConfiguration\n"
		init4    = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n"
		cluster3 = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\n"
		cluster4 = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n"
		kubelet  = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	)
	cases := []struct {
		name, file string
		doc, line  int
		path, msg  string
	}{
		{"nothing", "", 0, 0, "", "no document"},
		{"lines alone", "---\n---\n", 1, 2, "", "apiVersion and kind are required"},
		{"a comment alone", "# only a comment\n---\n", 1, 1, "", "apiVersion and kind are required"},
		{"no YAML", "a: b\nc: [", 1, 2, "", "did not find expected node content"},
		{"no mapping", "- a\n", 1, 1, "", "is not a mapping"},
		{"no kind", "apiVersion: v1\n", 1, 1, "", "apiVersion and kind are required"},
		{"unknown kind", init4 + "---\napiVersion: v1\nkind: Pod\n", 2, 4, "", `no document that is known: apiVersion "v1", kind "Pod"`},
		{"old version", "apiVersion: kubeadm.k8s.io/v1beta2\nkind: InitConfiguration\n", 1, 1, "", `no document that is known: apiVersion "kubeadm.k8s.io/v1beta2", kind "InitConfiguration"`},
		{"kind twice", init4 + "---\n" + init4, 2, 4, "InitConfiguration", "is there twice, first in line 1"},
		{"unknown field", init4 + "nodeRegistration:\n  nam: x\n", 1, 4, "InitConfiguration.nodeRegistration.nam", "unknown field"},
		{"case counts", init4 + "dryrun: true\n", 1, 3, "InitConfiguration.dryrun", "unknown field"},
		{"field of the other version", init3 + "timeouts: {}\n", 1, 3, "InitConfiguration.timeouts", "unknown field"},
		{"field of the older version", cluster4 + "apiServer: {timeoutForControlPlane: 4m}\n", 1, 3, "ClusterConfiguration.apiServer.timeoutForControlPlane", "unknown field"},
		{"field twice", init4 + "dryRun: true\nskipPhases: []\ndryRun: true\n", 1, 5, "InitConfiguration.dryRun", "is there twice, first in line 3"},
		{"kind field twice", init4 + "kind: InitConfiguration\n", 1, 3, "InitConfiguration.kind", "is there twice, first in line 2"},
		{"list for a map", cluster3 + "apiServer:\n  extraArgs:\n  - name: v\n    value: \"1\"\n", 1, 5, "ClusterConfiguration.apiServer.extraArgs", "is a list, want a mapping"},
		{"map for a list", cluster4 + "apiServer:\n  extraArgs:\n    v: \"1\"\n", 1, 5, "ClusterConfiguration.apiServer.extraArgs", "is a mapping, want a list"},
		{"number for text", cluster4 + "kubernetesVersion: 1.37\n", 1, 3, "ClusterConfiguration.kubernetesVersion", "is a number, want text (in quotes)"},
		{"yes for text", cluster4 + "clusterName: yes\n", 1, 3, "ClusterConfiguration.clusterName", "is a truth value, want text (in quotes)"},
		{"text for a number", init4 + "localAPIEndpoint:\n  bindPort: \"6443\"\n", 1, 4, "InitConfiguration.localAPIEndpoint.bindPort", "is text, want a number in range"},
		{"number too large", init4 + "localAPIEndpoint:\n  bindPort: 3000000000\n", 1, 4, "InitConfiguration.localAPIEndpoint.bindPort", "is a whole number, want a number in range"},
		{"text for a switch", init4 + "dryRun: \"true\"\n", 1, 3, "InitConfiguration.dryRun", "is text, want true or false"},
		{"no duration", kubelet + "syncFrequency: 5\n", 1, 3, "KubeletConfiguration.syncFrequency", "json: cannot unmarshal number into Go value of type string"},
		{"redacted", init4 + "certificateKey: \"[redacted]\"\n", 1, 3, "InitConfiguration.certificateKey", "[redacted] stands for a secret and is none"},
		{"key of a map", cluster4 + "featureGates: {[a]: true}\n", 1, 3, "ClusterConfiguration.featureGates", "has a key that is no word"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := kubeadmcfg.Parse([]byte(c.file))
			var parse *kubeadmcfg.ParseError
			require.ErrorAs(t, err, &parse)
			assert.Equal(t, kubeadmcfg.ParseError{Document: c.doc, Line: c.line, Path: c.path, Msg: c.msg}, *parse)
		})
	}
}

func TestParseReportsAllErrors(t *testing.T) {
	t.Parallel()
	_, err := kubeadmcfg.Parse([]byte("apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\na: 1\nb: 2\ndryRun: 3\n"))
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), 3)
}

func TestParseTakesWhatYAMLOffers(t *testing.T) {
	t.Parallel()
	b, err := kubeadmcfg.Parse([]byte(`---
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
dryRun: yes
skipPhases: &p [a, 'b']
nodeRegistration:
  taints: []
  ignorePreflightErrors: *p
  kubeletExtraArgs: null
localAPI: ~
`))
	require.ErrorContains(t, err, "JoinConfiguration.localAPI: unknown field")
	require.Equal(t, kubeadmcfg.Bundle{}, b)
	b, err = kubeadmcfg.Parse([]byte(`---
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
dryRun: yes
skipPhases: &p [a, 'b']
controlPlane:
  localAPIEndpoint: {bindPort: 0x192b}
nodeRegistration:
  taints: []
  ignorePreflightErrors: *p
  kubeletExtraArgs: null
---
`))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, b.Join.SkipPhases)
	assert.Equal(t, int32(6443), b.Join.ControlPlane.LocalAPIEndpoint.BindPort)
	assert.True(t, b.Join.DryRun)
	assert.NotNil(t, b.Join.NodeRegistration.Taints)
	assert.Empty(t, b.Join.NodeRegistration.Taints)
	assert.Equal(t, []string{"a", "b"}, b.Join.NodeRegistration.IgnorePreflightErrors)
	assert.Nil(t, b.Join.NodeRegistration.KubeletExtraArgs)
}

func TestParseStopsAtBombs(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nclusterDNS: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		bomb.WriteString("x" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [")
		bomb.WriteString(strings.Repeat("*a"+string(rune('0'+i-1))+", ", 10) + "]\n")
	}
	bomb.WriteString("evictionHard: {a: *a8}\nlogging: {flushFrequency: *a8}\n")
	_, err := kubeadmcfg.Parse([]byte(bomb.String()))
	assert.ErrorContains(t, err, "the document is too large")

	_, err = kubeadmcfg.Parse([]byte("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nlogging: {flushFrequency: &a {x: *a}}\n"))
	assert.Error(t, err)
	_, err = kubeadmcfg.Parse([]byte("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nlogging: {flushFrequency: " + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}\n"))
	assert.ErrorContains(t, err, "nested too deeply")
}

func FuzzParse(f *testing.F) {
	fuzzParse(f, kubeadmcfg.Parse, "apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\ndiscovery: {bootstrapToken: {token: x}}\n")
}

func FuzzParseLenient(f *testing.F) {
	fuzzParse(f, kubeadmcfg.ParseLenient,
		"apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\nfoo: &a {bar: [yes, 0o17, *a]}\ndiscovery: {foo: ~}\n",
		"apiVersion: a/v1\nkind: B\nc: [1, {d: e}]\n")
}

// fuzzParse feeds parse with anything. What it reads is written and read again as the same.
func fuzzParse(f *testing.F, parse func([]byte) (kubeadmcfg.Bundle, error), seeds ...string) {
	file, err := os.ReadFile("testdata/article.yaml")
	require.NoError(f, err)
	f.Add(file)
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	newest := version(f, "v1.37.2")
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := parse(file)
		if err != nil {
			var parseErr *kubeadmcfg.ParseError
			require.ErrorAs(t, err, &parseErr)
			return
		}
		out, err := kubeadmcfg.Render(b, newest)
		require.NoError(t, err)
		again, err := parse(out)
		require.NoError(t, err, "%s", out)
		twice, err := kubeadmcfg.Render(again, newest)
		require.NoError(t, err)
		require.Equal(t, string(out), string(twice))
		_ = kubeadmcfg.Validate(b, newest)
		_ = kubeadmcfg.Lint(b, newest, kubeadmcfg.Environment{})
	})
}
