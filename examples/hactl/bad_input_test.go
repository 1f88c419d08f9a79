package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goodFile is a cluster file that is right.
const goodFile = `name: prod
kubernetesVersion: v1.37.2
endpoint: {host: api.prod.internal, port: 16443}
hosts:
- {name: cp1, address: 10.0.0.11, role: ControlPlane}
- {name: cp2, address: 10.0.0.12, role: ControlPlane}
- {name: cp3, address: 10.0.0.13, role: ControlPlane}
- {name: w1, address: 10.0.0.21, role: Worker}
`

// Wrong input is one clear error that names the place, with exit code 2, before any host is touched: every verb that
// looks at hosts says it at once.
func TestBadClusterFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, new string
		want     []string // with %s for the file
	}{
		"unknown field":          {"role: Worker}", "role: Worker, colour: red}", []string{"%s:8: hosts[3].colour: unknown field"}},
		"unknown field on top":   {"name: prod", "name: prod\ncolour: red", []string{"%s:2: colour: unknown field"}},
		"field twice":            {"name: prod", "name: prod\nname: prod", []string{"%s:2: ", `"name" already`}},
		"no YAML":                {"endpoint: {", "endpoint: [", []string{"cluster file: %s:", "did not find expected"}},
		"two hosts, one name":    {"name: cp2", "name: cp1", []string{"%s:6: hosts[1].name: cp1 is the name of hosts[0] as well"}},
		"two hosts, one address": {"10.0.0.12", "10.0.0.11", []string{"%s:6: hosts[1].address: 10.0.0.11 is the address of cp1 (hosts[0]) as well"}},
		"no control plane":       {"ControlPlane", "Worker", []string{"%s:4: hosts: no host has the role ControlPlane"}},
		"an even number":         {"cp3, address: 10.0.0.13, role: ControlPlane", "cp3, address: 10.0.0.13", []string{"%s:4: hosts: 2 control planes tolerate no more failures than 1 would", "EvenControlPlanes"}},
		"endpoint on a master":   {"api.prod.internal", "10.0.0.11", []string{"%s:3: endpoint.host: 10.0.0.11 is the control plane cp1"}},
		"endpoint named master":  {"api.prod.internal", "cp1", []string{"%s:3: endpoint.host: cp1 is the control plane cp1"}},
		"pods over services":     {"hosts:", "networking: {podSubnet: 10.96.0.0/16}\nhosts:", []string{"%s:4: ", "overlaps networking.podSubnet 10.96.0.0/16"}},
		"pods over hosts":        {"hosts:", "networking: {podSubnet: 10.0.0.0/16}\nhosts:", []string{"%s:6: hosts[0].address: 10.0.0.11 of cp1 lies in networking.podSubnet"}},
		"services over hosts":    {"hosts:", "networking: {serviceSubnet: 10.0.0.0/24}\nhosts:", []string{"%s:9: hosts[3].address: 10.0.0.21 of w1 lies in networking.serviceSubnet"}},
		"version too old":        {"v1.37.2", "v1.21.14", []string{"%s:2: kubernetesVersion: Kubernetes v1.21.14 is outside the supported range v1.22 to v1.37"}},
		"version too new":        {"v1.37.2", "v1.99.0", []string{"%s:2: kubernetesVersion: Kubernetes v1.99.0 is outside"}},
		"no version":             {"v1.37.2", "stable", []string{`%s:2: kubernetesVersion: "stable" is not a version`}},
		"ipvs is gone":           {"v1.37.2", "v1.43.0\nkubeProxy: {mode: ipvs}", []string{"%s:3: kubeProxy.mode: kube-proxy v1.43.0 has no ipvs mode any more"}},
		"port clash":             {"16443", "6443", []string{"%s:3: endpoint.port: 6443 is the apiservers' own port"}},
		"everything at once":     {"v1.37.2\nendpoint: {host: api.prod.internal, port: 16443}", "v1.1.1\nendpoint: {host: cp1, port: 6443}", []string{"3 problems:", "%s:2: ", "%s:3: endpoint.host", "%s:3: endpoint.port"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "cluster.yaml")
			text := strings.ReplaceAll(goodFile, test.old, test.new)
			require.NotEqual(t, goodFile, text)
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			for _, args := range [][]string{{"plan"}, {"apply", "--yes"}, {"apply"}, {"status"}, {"kubeconfig"}, {"render"}, {"remove", "w1", "--yes"}, {"reset", "--yes", "--confirm", "prod"}} {
				var stdout, stderr bytes.Buffer
				c := &cli{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, dial: unplugged(t)}
				assert.Equal(t, exitBadInput, c.run(t.Context(), append(args, "-f", file)), args)
				for _, want := range test.want {
					assert.Contains(t, stderr.String(), strings.ReplaceAll(want, "%s", file), args)
				}
				assert.Empty(t, stdout.String(), args)
			}
		})
	}
}

// Hosts that cannot be reached are named, all of them, with what is in the way.
func TestUnreachableHosts(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(closed.Addr().String())
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	dir := t.TempDir()
	file := filepath.Join(dir, "cluster.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "known_hosts"), nil, 0o600))
	there := strings.NewReplacer("role: ControlPlane", "role: ControlPlane, ssh: {address: 127.0.0.1}", "role: Worker", "role: Worker, ssh: {identityFile: no_such_key}")
	text := there.Replace(goodFile) + "sshDefaults: {port: " + port + ", user: root, configFile: none, knownHostsFile: known_hosts}\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))

	o := invoke(t, "-f", file, "apply", "--yes")
	assert.Equal(t, exitBadInput, o.code)
	assert.Contains(t, o.stderr, "hosts: 4 problems:")
	for _, host := range []string{"cp1", "cp2", "cp3"} {
		assert.Contains(t, o.stderr, "  "+host+": transport: dial "+host+": ")
	}
	assert.Contains(t, o.stderr, "connection refused")
	assert.Contains(t, o.stderr, "  w1: ssh: configuration of w1: hosts[3].ssh.identityFile: stat "+filepath.Join(dir, "no_such_key"))

	// status is about what there is: hosts that do not answer are a finding.
	o = invoke(t, "-f", file, "status", "--check")
	assert.Equal(t, exitFailed, o.code)
	assert.Contains(t, o.stdout, "there is no cluster yet")
	assert.Contains(t, o.stdout, "problem: cp1: transport: dial cp1: ")
}
