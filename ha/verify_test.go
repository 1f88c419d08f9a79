package ha

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNodesAsExpected(t *testing.T) {
	t.Parallel()
	s := validSpec()
	all := s.nodes()
	ready := []string{"cp1 Ready", "cp2 Ready", "cp3 Ready", "w1 Ready"}
	one := []string{"cp1 Ready", "cp2 Ready", "cp3 NotReady", "w1 Ready"}
	assert.NoError(t, s.nodesAsExpected("cp2", ready, all))
	assert.NoError(t, s.nodesAsExpected("cp2", append([]string{"stranger NotReady"}, ready...), all), "a node that the Spec does not name is not its business")
	assert.NoError(t, s.nodesAsExpected("cp2", one, all), "nobody makes nodes Ready where no network plugin is installed")
	assert.EqualError(t, s.nodesAsExpected("cp2", ready[1:], all), "seen from cp2: cp1 is missing")
	assert.NoError(t, s.nodesAsExpected("cp1", ready[3:], all[3:]), "a worker asks for itself alone")

	s.CNI.Manifest = "cni.yaml"
	assert.EqualError(t, s.nodesAsExpected("cp1", one, all), "seen from cp1: cp3 is NotReady")
	assert.EqualError(t, s.nodesAsExpected("cp1", nil, all), "seen from cp1: cp1 is missing, cp2 is missing, cp3 is missing, w1 is missing")
	assert.EqualError(t, s.nodesAsExpected("cp1", []string{"cp10 Ready", "w1 Ready"}, all[:1]), "seen from cp1: cp1 is missing", "cp10 is not cp1")
}

func TestNodeLines(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"cp1 Ready", "cp2 NotReady", "w1 Ready"}, nodeLines(map[string]nodeFacts{"w1": {ready: true}, "cp2": {}, "cp1": {ready: true}}))
}

func TestNodeFactsOf(t *testing.T) {
	t.Parallel()
	node := func(label string, ready corev1.ConditionStatus) corev1.Node {
		n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{label: ""}}}
		n.Status.NodeInfo.KubeletVersion = "v1.37.2"
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse}, {Type: corev1.NodeReady, Status: ready}}
		n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: "cp1"}, {Type: corev1.NodeInternalIP, Address: "10.0.0.11"}, {Type: corev1.NodeInternalIP, Address: "fd00::1"}}
		return n
	}
	want := nodeFacts{ready: true, controlPlane: true, schedulable: true, version: "v1.37.2", address: "10.0.0.11"}
	assert.Equal(t, want, nodeFactsOf(node("node-role.kubernetes.io/control-plane", corev1.ConditionTrue)))
	assert.Equal(t, want, nodeFactsOf(node("node-role.kubernetes.io/master", corev1.ConditionTrue)), "the label up to 1.23")
	assert.False(t, nodeFactsOf(node("", corev1.ConditionTrue)).controlPlane)
	assert.False(t, nodeFactsOf(node("", corev1.ConditionUnknown)).ready, "nobody has heard of it for a while")
	cordoned := node("", corev1.ConditionTrue)
	cordoned.Spec.Unschedulable = true
	assert.False(t, nodeFactsOf(cordoned).schedulable)
}

func TestEtcdMemberOfAHost(t *testing.T) {
	t.Parallel()
	cp2 := Host{Name: "cp2", Address: "10.0.0.12"}
	members := []EtcdMember{
		{ID: 1, Name: "cp1", PeerURLs: []string{"https://10.0.0.11:2380"}},
		{ID: 3, Name: "cp3", PeerURLs: []string{"https://10.0.0.12:2380"}}, // at cp2's address, and says that it is cp3
		{ID: 2, PeerURLs: []string{"not a url\x7f", "https://10.0.0.12:2380"}, Learner: true},
	}
	m, ok := memberOf(members, cp2)
	assert.True(t, ok, "a member that never started has no name, and is known by its address")
	assert.Equal(t, uint64(2), m.ID)
	assert.False(t, votes(members, cp2))
	assert.True(t, votes(members, Host{Name: "cp1"}))
	_, ok = memberOf(members, Host{Name: "cp4", Address: "10.0.0.14"})
	assert.False(t, ok)
	assert.False(t, votes(nil, cp2))
	assert.False(t, votes([]EtcdMember{{ID: 4, Name: "cp2", Learner: true}}, cp2), "a learner does not vote")
	assert.False(t, votes([]EtcdMember{{ID: 4, PeerURLs: []string{"https://10.0.0.12:2380"}}}, cp2), "nor does a member that has not started")
	ipv6 := Host{Name: "cp6", Address: "fd00::6"}
	_, ok = memberOf([]EtcdMember{{PeerURLs: []string{"https://[fd00::6]:2380"}}}, ipv6)
	assert.True(t, ok)
}

// After a removal, a majority of those who remain has to answer.
func TestQuorumHolds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		voting, answering int
		want              bool
	}{
		{0, 0, false},
		{1, 0, false}, {1, 1, true},
		{2, 0, false}, {2, 1, false}, {2, 2, true},
		{3, 1, false}, {3, 2, true}, {3, 3, true},
		{4, 2, false}, {4, 3, true},
		{5, 2, false}, {5, 3, true},
		{6, 3, false}, {6, 4, true},
		{7, 3, false}, {7, 4, true},
	} {
		assert.Equal(t, tt.want, quorumHolds(tt.voting, tt.answering), "%d of %d", tt.answering, tt.voting)
	}
}

// Whoever does not answer does not count: with nobody to reach, no member is ever taken out.
func TestQuorumGateRefusesWhatItCannotSee(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	facts := joinedFacts(c).cluster
	_, err := c.open().quorumGate(t.Context(), facts, c.spec.Hosts[0], facts.members[0])
	assert.ErrorIs(t, err, ErrQuorum)
	assert.ErrorContains(t, err, "remove cp1")
	assert.ErrorContains(t, err, "0 of the 2 members")
}

func TestStatusHealthy(t *testing.T) {
	t.Parallel()
	good := func() *Status {
		return &Status{Initialised: true, Nodes: []NodeStatus{
			{Name: "cp1", Role: RoleControlPlane, InSpec: true, Joined: true, Ready: true, EtcdMember: "leader", APIReady: true, Balancer: "ok"},
			{Name: "w1", Role: RoleWorker, InSpec: true, Joined: true, Ready: true, Balancer: "ok"},
			{Name: "lb1", Role: RoleLoadBalancer, InSpec: true, Balancer: "ok"},
			{Name: "stranger", Role: RoleWorker},
		}}
	}
	assert.True(t, good().Healthy())
	for name, change := range map[string]func(*Status){
		"no cluster":                    func(s *Status) { s.Initialised = false },
		"a problem":                     func(s *Status) { s.Problems = []Problem{{Host: "w1"}} },
		"a node is not there":           func(s *Status) { s.Nodes[1].Joined = false },
		"a node is not Ready":           func(s *Status) { s.Nodes[1].Ready = false },
		"a host does not reach the API": func(s *Status) { s.Nodes[1].Endpoint = "refused" },
		"a balancer is stale":           func(s *Status) { s.Nodes[2].Balancer = "stale" },
		"a balancer is down":            func(s *Status) { s.Nodes[0].Balancer = "down" },
		"an apiserver is not ready":     func(s *Status) { s.Nodes[0].APIReady = false },
		"a control plane has no member": func(s *Status) { s.Nodes[0].EtcdMember = "" },
		"a control plane does not vote": func(s *Status) { s.Nodes[0].EtcdMember = "learner" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good()
			change(s)
			assert.False(t, s.Healthy())
		})
	}
}

func TestBalancerState(t *testing.T) {
	t.Parallel()
	want := balancer{generation: "new"}
	up := unitFacts{load: "loaded", active: "active", file: "enabled"}
	state := func(u unitFacts, generation string) string {
		return balancerState(&hostFacts{units: map[string]unitFacts{balancerUnit: u}, generation: generation}, want)
	}
	assert.Equal(t, "ok", state(up, "new"))
	assert.Equal(t, "stale", state(up, "old"))
	assert.Equal(t, "down", state(up, ""), "a unit that is active and answers nothing")
	assert.Equal(t, "down", state(unitFacts{load: "loaded", active: "failed"}, "new"))
	assert.Empty(t, state(unitFacts{load: "not-found"}, ""))
}

func TestCertificatesExpire(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		assert.Equal(t, time.Time{}, (&hostFacts{files: map[string]string{apiServerCertPath: text}}).certificatesExpire())
	}
}
