package ha

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckHosts(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	require.NoError(t, c.checkHosts(freshFacts(c).hosts))
	require.NoError(t, c.checkHosts(joinedFacts(c).hosts))
	tests := []struct {
		name, code, host string
		change           func(map[string]*hostFacts)
		says             string
	}{
		{"the wrong system", "OS", "w1", func(f map[string]*hostFacts) { f["w1"].os = osRelease{id: "rocky", pretty: "Rocky Linux 9.4"} }, "Rocky Linux 9.4"},
		{"no system", "OS", "w1", func(f map[string]*hostFacts) { f["w1"].os = osRelease{} }, "unknown system"},
		{"nginx without streams", "Nginx", "cp1", func(f map[string]*hostFacts) { f["cp1"].balancerInstalled = false }, "libnginx-mod-stream"},
		{"the endpoint's port is taken", "PortInUse", "cp2", func(f map[string]*hostFacts) { f["cp2"].listening = map[int]bool{16443: true} }, "16443"},
		{"no kubeadm", "Missing", "w1", func(f map[string]*hostFacts) { f["w1"].kubeadm = "" }, "kubeadm"},
		{"a kubelet of another minor", "Version", "w1", func(f map[string]*hostFacts) { f["w1"].kubelet = "v1.36.9" }, "v1.36.9"},
		{"a version that is none", "Version", "w1", func(f map[string]*hostFacts) { f["w1"].kubeadm = "devel" }, `"devel"`},
		{"no containerd", "Missing", "cp3", func(f map[string]*hostFacts) { f["cp3"].driver = "" }, "containerd"},
		{"no kubelet unit", "Missing", "cp3", func(f map[string]*hostFacts) { delete(f["cp3"].units, kubeletUnit) }, kubeletUnit},
		{"one machine-id twice", "MachineID", "w1", func(f map[string]*hostFacts) { f["w1"].files[machineIDPath] = f["cp2"].files[machineIDPath] }, "cp2"},
		{"clocks apart", "ClockSkew", "cp2", func(f map[string]*hostFacts) { f["cp2"].skew = maxSkew + 2*time.Second }, "32s ahead"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			facts := freshFacts(c).hosts
			tt.change(facts)
			var he *HostsError
			require.ErrorAs(t, c.checkHosts(facts), &he)
			require.Len(t, he.Problems, 1, "%v", he)
			assert.Equal(t, tt.code, he.Problems[0].Code)
			assert.Equal(t, tt.host, he.Problems[0].Host)
			assert.Contains(t, he.Problems[0].Message, tt.says)
		})
	}
}

func TestCheckHostsReportsAllOfThem(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	facts := freshFacts(c).hosts
	facts["cp1"].kubeadm, facts["cp1"].kubelet = "", ""
	facts["w1"].os = osRelease{id: "rocky"}
	var he *HostsError
	require.ErrorAs(t, c.checkHosts(facts), &he)
	assert.Len(t, he.Problems, 3)
}

// Clocks may all be wrong together: what counts is how far they are from each other.
func TestClocksAreComparedWithEachOther(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	facts := freshFacts(c).hosts
	for _, f := range facts {
		f.skew = -24 * time.Hour
	}
	require.NoError(t, c.checkHosts(facts))
	facts["cp1"].skew += maxSkew
	require.NoError(t, c.checkHosts(facts))
	facts["w1"].skew -= time.Second
	require.Error(t, c.checkHosts(facts))
}

func TestCheckMembership(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	require.NoError(t, c.checkMembership(freshFacts(c), ""))
	require.NoError(t, c.checkMembership(joinedFacts(c), ""))
	tests := []struct {
		name, code string
		obs        func() *observation
	}{
		{"a host of another cluster", "OtherCluster", func() *observation {
			obs := joinedFacts(c)
			obs.hosts["w1"].files[caPath] = "another ca"
			return obs
		}},
		{"a node of a cluster that nobody serves", "LeftOver", func() *observation {
			obs := freshFacts(c)
			obs.hosts["w1"].files[kubeletConfPath] = "kubelet"
			return obs
		}},
		{"kubeadm's files and no Node", "LeftOver", func() *observation {
			obs := joinedFacts(c)
			delete(obs.cluster.nodes, "w1")
			return obs
		}},
		{"a control plane without a member", "NoMember", func() *observation {
			obs := joinedFacts(c)
			obs.cluster.members = obs.cluster.members[:2]
			return obs
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var he *HostsError
			require.ErrorAs(t, c.checkMembership(tt.obs(), ""), &he)
			require.Len(t, he.Problems, 1, "%v", he)
			assert.Equal(t, tt.code, he.Problems[0].Code)
			assert.NoError(t, c.checkMembership(tt.obs(), he.Problems[0].Host), "a host that leaves may be anything")
			obs := tt.obs()
			obs.hosts[he.Problems[0].Host].files[joinConfigPath] = "mark"
			assert.NoError(t, c.checkMembership(obs, ""), "our own mark of an unfinished run says that the host is ours to clean")
		})
	}
}
