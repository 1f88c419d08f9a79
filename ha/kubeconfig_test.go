package ha

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func kubeconfigOf(cluster, server string) string {
	return "apiVersion: v1\nkind: Config\nclusters:\n- name: " + cluster + "\n  cluster: {server: \"" + server + "\"}\n"
}

func TestOwnsKubeconfig(t *testing.T) {
	t.Parallel()
	s := validSpec().withDefaults()
	ours := kubeconfigOf("prod", "https://api.prod.internal:16443")
	assert.True(t, s.owns(ours))
	assert.True(t, s.owns(""), "an empty file is nobody's")
	assert.True(t, s.owns("\n \n"))
	for name, text := range map[string]string{
		"another cluster":                  kubeconfigOf("staging", "https://api.prod.internal:16443"),
		"another server":                   kubeconfigOf("prod", "https://10.0.0.11:6443"),
		"another port":                     kubeconfigOf("prod", "https://api.prod.internal:6443"),
		"no TLS":                           kubeconfigOf("prod", "http://api.prod.internal:16443"),
		"ours beside another":              ours + "- name: staging\n  cluster: {server: \"https://api.staging:6443\"}\n",
		"what cannot be read as one":       "][",
		"a file of somebody's own, no API": "secret: 5\nkind: Something\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.False(t, s.owns(text))
		})
	}
}

func kubeconfigFacts(c *Cluster, name string, files map[string]string) *hostFacts {
	h, _ := c.spec.host(name)
	return &hostFacts{host: h, login: loginUser{name: "deploy", uid: "1000", gid: "1001", home: "/home/deploy"}, files: files}
}

func TestPlanKubeconfig(t *testing.T) {
	t.Parallel()
	const target = "/home/deploy/.kube/config"
	c := testCluster(t, validSpec())
	ours := kubeconfigOf("prod", "https://api.prod.internal:16443")
	plan := func(f *hostFacts) *Plan {
		b := c.newPlanner(&observation{hosts: map[string]*hostFacts{f.host.Name: f}}, nil)
		b.planKubeconfig(f)
		return b.plan(Operation{})
	}

	p := plan(kubeconfigFacts(c, "cp1", nil))
	require.Len(t, p.Steps, 1)
	assert.Equal(t, "cp1/kubeconfig", p.Steps[0].ID)
	assert.Equal(t, []string{"install", "-d", "-m", "0700", "-o", "1000", "-g", "1001", "/home/deploy/.kube"}, p.Steps[0].Changes[0].Command)
	assert.Equal(t, target, p.Steps[0].Changes[1].File)
	assert.NotContains(t, p.String(), "client-key-data", "a Plan says that the file is copied, and not what is in it")

	p = plan(kubeconfigFacts(c, "cp1", map[string]string{target: ours}))
	assert.Len(t, p.Steps, 1, "an older one of this cluster is replaced")

	p = plan(kubeconfigFacts(c, "cp1", map[string]string{target: kubeconfigOf("staging", "https://x:1")}))
	assert.Empty(t, p.Steps)
	require.Len(t, p.Notes, 1)
	assert.Contains(t, p.Notes[0], "belongs to another cluster")

	f := kubeconfigFacts(c, "cp1", nil)
	f.login = loginUser{}
	assert.Empty(t, plan(f).Steps, "a user without a home gets none")

	joined := joinedFacts(c)
	cp1 := joined.hosts["cp1"]
	cp1.login = f.login
	cp1.login.home = "/root"
	cp1.files["/root/.kube/config"] = cp1.files[adminKubeconfigPath]
	b := c.newPlanner(joined, nil)
	b.planKubeconfig(cp1)
	assert.Empty(t, b.steps, "a current one is left alone")
	cp1.files["/root/.kube/config"] = strings.ToUpper(ours)
	b.planKubeconfig(cp1)
	assert.NotEmpty(t, b.notes)
}
