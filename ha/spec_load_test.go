package ha

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const validFile = `name: prod
kubernetesVersion: v1.37.2
endpoint: {host: api.prod.internal}
hosts:
- name: cp1
  address: 10.0.0.11
  role: ControlPlane
- name: w1
  address: 10.0.0.21
`

func TestParseSpecFillsDefaults(t *testing.T) {
	t.Parallel()
	spec, err := ParseSpec([]byte(validFile + "sshDefaults: {user: admin, port: 2222, identityFile: key}\n"))
	require.NoError(t, err)
	assert.Equal(t, Endpoint{Host: "api.prod.internal", Port: 16443}, spec.Endpoint)
	assert.Equal(t, LoadBalancer{Placement: PlacementLocal, Engine: EngineNginx}, spec.LoadBalancer)
	assert.Equal(t, Networking{PodSubnet: "10.244.0.0/16", ServiceSubnet: "10.96.0.0/12", DNSDomain: "cluster.local"}, spec.Networking)
	assert.Equal(t, "containerd", spec.Runtime.Kind)
	assert.Equal(t, RoleControlPlane, spec.Hosts[0].Role)
	assert.Equal(t, RoleWorker, spec.Hosts[1].Role, "a host without a role is a worker")
	assert.Equal(t, SSH{User: "admin", Port: 2222, IdentityFile: "key"}, spec.Hosts[1].SSH)
}

func TestParseSpecReadsComponentConfigurations(t *testing.T) {
	t.Parallel()
	spec, err := ParseSpec([]byte(validFile + `
kubeProxy: {mode: ipvs, ipvs: {scheduler: wrr}}
kubelet: {cgroupDriver: cgroupfs, failSwapOn: false}
kubeadm:
  ignorePreflightErrors: [SystemVerification]
  apiServer: {certSANs: [api.example.com]}
  etcd: {local: {dataDir: /data/etcd}}
`))
	require.NoError(t, err)
	assert.Equal(t, "ipvs", string(spec.KubeProxy.Mode))
	assert.Equal(t, "wrr", spec.KubeProxy.IPVS.Scheduler)
	assert.Equal(t, "cgroupfs", spec.wantedDriver())
	assert.Equal(t, []string{"SystemVerification"}, spec.Kubeadm.IgnorePreflightErrors)
	assert.Equal(t, []string{"api.example.com"}, spec.Kubeadm.APIServer.CertSANs)
	assert.Equal(t, "/data/etcd", spec.etcdDataDir())
}

func TestParseSpecReportsProblemsWithTheirLines(t *testing.T) {
	t.Parallel()
	type found struct {
		Code, Path string
		Line       int
	}
	tests := []struct {
		name, file string
		want       []found
	}{
		{
			name: "unknown field at the top",
			file: validFile + "kubernetesVersoin: v1.37.2\n",
			want: []found{{"UnknownField", "kubernetesVersoin", 10}},
		},
		{
			name: "unknown field deep inside",
			file: validFile + "  ssh:\n    usr: root\n",
			want: []found{{"UnknownField", "hosts[1].ssh.usr", 11}},
		},
		{
			name: "unknown field in a flow mapping",
			file: validFile + "loadBalancer: {placement: Local, engin: nginx}\n",
			want: []found{{"UnknownField", "loadBalancer.engin", 10}},
		},
		{
			name: "a field of the right name in the wrong case is unknown",
			file: validFile + "Runtime: {kind: containerd}\n",
			want: []found{{"UnknownField", "Runtime", 10}},
		},
		{
			name: "duplicate field",
			file: validFile + "name: other\n",
			want: []found{{"Syntax", "", 10}},
		},
		{
			name: "text where a number belongs",
			file: "name: prod\nkubernetesVersion: v1.37.2\nendpoint:\n  host: api.prod.internal\n  port: many\nhosts: []\n",
			want: []found{{"Type", "endpoint.port", 5}},
		},
		{
			name: "a mapping where a list belongs",
			file: "name: prod\nhosts:\n  cp1: {address: 10.0.0.11}\n",
			want: []found{{"Type", "hosts", 2}},
		},
		{
			name: "broken YAML",
			file: "name: prod\n  endpoint: {host: api}\n",
			want: []found{{"Syntax", "", 2}},
		},
		{
			name: "a second document",
			file: validFile + "---\nname: other\n",
			want: []found{{"Syntax", "", 0}},
		},
		{
			name: "several problems at once, in the order of their lines",
			file: `name: Prod_1
kubernetesVersion: v1.21.0
endpoint: {host: api.prod.internal, port: 6443}
hosts:
- name: cp1
  address: 10.0.0.11
  role: ControlPlane
- name: cp1
  address: 10.0.0.11
  roll: Worker
`,
			want: []found{
				{"Name", "name", 1},
				{"Version", "kubernetesVersion", 2},
				{"PortClash", "endpoint.port", 3},
				{"DuplicateName", "hosts[1].name", 8},
				{"DuplicateAddress", "hosts[1].address", 9},
				{"UnknownField", "hosts[1].roll", 10},
			},
		},
		{
			name: "a field that is missing is reported where it would be",
			file: "name: prod\nkubernetesVersion: v1.37.2\nendpoint:\n  port: 16443\nhosts:\n- {name: cp1, address: 10.0.0.11, role: ControlPlane}\n",
			want: []found{{"Endpoint", "endpoint.host", 3}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec, err := ParseSpec([]byte(tt.file))
			var se *SpecError
			require.ErrorAs(t, err, &se)
			var got []found
			for _, p := range se.Problems {
				got = append(got, found{p.Code, p.Path, p.Line})
				assert.NotEmpty(t, p.Message)
			}
			assert.Equal(t, tt.want, got, "%v", err)
			assert.Equal(t, Spec{}, spec, "a Spec with problems is not returned")
		})
	}
}

func TestParseSpecRefusesWhatIsNoClusterFile(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"nothing":              "",
		"comments only":        "# a cluster\n",
		"null":                 "null\n",
		"a list":               "- a\n- b\n",
		"a word":               "cluster\n",
		"a number":             "5\n",
		"binary":               "\x00\x01\x02",
		"tabs for indentation": "name: prod\nendpoint:\n\thost: x\n",
		"unknown alias":        "name: *nobody\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseSpec([]byte(file))
			var se *SpecError
			require.ErrorAs(t, err, &se)
			require.NotEmpty(t, se.Problems)
			assert.NotContains(t, se.Problems[0].Message, "EOF", "an empty file deserves a sentence")
		})
	}
}

func TestParseSpecFollowsAliases(t *testing.T) {
	t.Parallel()
	_, err := ParseSpec([]byte(`name: prod
kubernetesVersion: v1.37.2
endpoint: {host: api.prod.internal}
sshDefaults: &login {user: root}
hosts:
- {name: cp1, address: 10.0.0.11, role: ControlPlane, ssh: *login}
`))
	require.NoError(t, err)
}

// An alias to what contains it, or aliases that multiply, must end in an error and not in a dead program.
func TestParseSpecSurvivesHostileAliases(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for _, c := range "bcdefghij" {
		one := "*" + string(c-1)
		bomb += string(c) + ": &" + string(c) + " [" + one
		for range 8 {
			bomb += ", " + one
		}
		bomb += "]\n"
	}
	for name, file := range map[string]string{
		"an alias inside itself": "name: prod\nhosts: &h [*h]\n",
		"a mapping in itself":    "name: &n {a: *n}\n",
		"a billion laughs":       bomb,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseSpec([]byte(file))
			var se *SpecError
			require.ErrorAs(t, err, &se)
		})
	}
}

func TestLoadSpecMakesPathsAbsolute(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "cluster.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`name: prod
kubernetesVersion: v1.37.2
endpoint: {host: api.prod.internal}
cni: {manifest: plugins/cni.yaml}
sshDefaults: {identityFile: keys/id, knownHostsFile: /etc/known, configFile: none}
hosts:
- {name: cp1, address: 10.0.0.11, role: ControlPlane, ssh: {identityFile: own, passphraseFile: ../pass, sudoPasswordFile: sudo, configFile: ssh_config}}
- {name: w1, address: 10.0.0.21, ssh: {knownHostsFile: ~/known}}
`), 0o644))
	spec, err := LoadSpec(path)
	require.NoError(t, err)
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "plugins/cni.yaml"), spec.CNI.Manifest)
	assert.Equal(t, SSH{IdentityFile: filepath.Join(dir, "keys/id"), KnownHostsFile: "/etc/known", ConfigFile: "none"}, spec.SSHDefaults)
	assert.Equal(t, SSH{
		IdentityFile: filepath.Join(dir, "own"), PassphraseFile: filepath.Join(filepath.Dir(dir), "pass"), KnownHostsFile: "/etc/known",
		ConfigFile: filepath.Join(dir, "ssh_config"), SudoPasswordFile: filepath.Join(dir, "sudo"),
	}, spec.Hosts[0].SSH)
	assert.Equal(t, SSH{IdentityFile: filepath.Join(dir, "keys/id"), KnownHostsFile: filepath.Join(home, "known"), ConfigFile: "none"}, spec.Hosts[1].SSH)
}

func TestLoadSpecLeavesURLsAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	require.NoError(t, os.WriteFile(path, []byte(validFile+"cni: {manifest: https://example.com/cni.yaml}\n"), 0o644))
	spec, err := LoadSpec(path)
	require.NoError(t, err)
	assert.Equal(t, "https://example.com/cni.yaml", spec.CNI.Manifest)
}

func TestLoadSpecNamesFileAndLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	require.NoError(t, os.WriteFile(path, []byte(validFile+"colour: red\n"), 0o644))
	_, err := LoadSpec(path)
	require.EqualError(t, err, "ha: cluster file: "+path+":10: colour: unknown field")

	_, err = LoadSpec(filepath.Join(t.TempDir(), "missing.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSpecErrorListsEveryProblem(t *testing.T) {
	t.Parallel()
	one := &SpecError{Problems: []Problem{{Path: "name", Line: 3, Message: "is wrong"}}}
	assert.Equal(t, "ha: cluster file: line 3: name: is wrong", one.Error())
	two := &SpecError{File: "c.yaml", Problems: []Problem{{Path: "name", Line: 3, Message: "is wrong"}, {Message: "so is all else"}}}
	assert.Equal(t, "ha: cluster file: 2 problems:\n  c.yaml:3: name: is wrong\n  c.yaml: so is all else", two.Error())
}

// An unknown field is found with its line wherever it stands.
func TestParseSpecFindsAnyUnknownField(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		field := "x" + rapid.StringMatching(`[a-z]{1,12}`).Draw(t, "field")
		blanks := rapid.IntRange(0, 5).Draw(t, "blank lines")
		file := validFile
		for range blanks {
			file += "\n"
		}
		_, err := ParseSpec([]byte(file + field + ": 1\n"))
		var se *SpecError
		if !errors.As(err, &se) || len(se.Problems) != 1 {
			t.Fatalf("want one problem, got %v", err)
		}
		if p := se.Problems[0]; p.Path != field || p.Line != 10+blanks || p.Code != "UnknownField" {
			t.Fatalf("got %+v", p)
		}
	})
}

func FuzzParseSpec(f *testing.F) {
	f.Add([]byte(validFile))
	f.Add([]byte(""))
	f.Add([]byte("name: prod\nhosts: &h [*h]\n"))
	f.Add([]byte("hosts:\n- {name: a, address: 1}\n- 5\n"))
	f.Add([]byte("networking: {podSubnet: '10.0.0.0/8,fd00::/8'}\nkubeadm: {etcd: {external: {}}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := ParseSpec(data)
		if err == nil {
			if err := spec.Validate(); err != nil {
				t.Fatalf("accepted, and then not valid: %v", err)
			}
			return
		}
		var se *SpecError
		if !errors.As(err, &se) || len(se.Problems) == 0 {
			t.Fatalf("not a *SpecError with problems: %v", err)
		}
	})
}
