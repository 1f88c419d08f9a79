package ha

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"pgregory.net/rapid"
)

// freshFacts is what is found on new Debian hosts with containerd, kubeadm and nginx installed.
func freshFacts(c *Cluster) *observation {
	obs := &observation{hosts: map[string]*hostFacts{}}
	for _, h := range c.spec.Hosts {
		obs.hosts[h.Name] = freshHost(h)
	}
	return obs
}

func freshHost(h Host) *hostFacts {
	return &hostFacts{
		host: h, kernel: "6.1.0-40-amd64", os: osRelease{id: "debian"}, kubeadm: "v1.37.2", kubelet: "v1.37.2", driver: driverCgroupfs, balancerInstalled: true,
		swaps:  []string{"/dev/sda2"},
		loaded: map[string]bool{"overlay": true},
		files: map[string]string{
			hostnamePath: "debian\n", runningHostnamePath: "debian\n", hostsPath: "127.0.0.1 localhost\n127.0.1.1 debian\n",
			fstabPath:            "UUID=1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n",
			containerdConfigPath: "version = 3\n", machineIDPath: h.Name,
		},
		units: map[string]unitFacts{
			containerdUnit: {load: "loaded", active: "active", file: "enabled"},
			kubeletUnit:    {load: "loaded", active: "activating", file: "enabled"},
			balancerUnit:   {load: "not-found", active: "inactive"},
		},
		login: loginUser{name: "root", uid: "0", gid: "0", home: "/root"},
	}
}

// joinedFacts is what is found when everything is as the Spec says.
func joinedFacts(c *Cluster) *observation {
	obs := freshFacts(c)
	facts := &clusterFacts{complete: true, nodes: map[string]nodeFacts{}, apiReady: map[string]bool{}, views: map[string]error{}}
	obs.cluster = facts
	for i, h := range c.spec.nodes() {
		facts.nodes[h.Name] = nodeFacts{ready: true, schedulable: true, controlPlane: h.Role == RoleControlPlane, version: c.version.String(), address: h.Address}
		facts.views[h.Name] = nil
		if h.Role == RoleControlPlane {
			facts.apiReady[h.Name] = true
			facts.members = append(facts.members, EtcdMember{ID: uint64(i + 1), Name: h.Name, PeerURLs: []string{"https://" + h.Address + ":2380"}, Leader: i == 0})
		}
	}
	facts.via = c.spec.byRole(RoleControlPlane)[0]
	for _, h := range c.spec.Hosts {
		convergeHost(c, obs, obs.hosts[h.Name])
	}
	return obs
}

// convergeHost has a host's facts be what the steps of a plan leave behind.
func convergeHost(c *Cluster, obs *observation, f *hostFacts) {
	name := f.host.Name
	f.swaps, f.driver = nil, c.spec.wantedDriver()
	for _, m := range c.spec.requiredModules(f.kernel) {
		f.loaded[m] = true
	}
	for _, s := range requiredSysctls {
		f.files[sysctlPath(s.name)] = s.value + "\n"
	}
	f.files[hostnamePath], f.files[runningHostnamePath] = name+"\n", name+"\n"
	f.files[hostsPath] = withHostsBlock(f.files[hostsPath], c.spec.Name, c.spec.hostsBlock(f.host))
	f.files[fstabPath] = withoutSwap(f.files[fstabPath])
	f.files[kubeletConfPath] = "kubelet"
	f.files[caPath] = "ca"
	if f.host.Role == RoleControlPlane {
		f.files[adminKubeconfigPath] = kubeconfigOf(c.spec.Name, "https://"+c.spec.Endpoint.String())
		f.files[apiServerManifest] = "manifest"
		f.files[f.login.kubeconfigPath()] = f.files[adminKubeconfigPath]
	}
	b := c.newPlanner(obs, nil)
	b.planPreparation(f)
	for _, file := range b.rendered[name] {
		if file.path != hostsPath {
			f.files[file.path] = file.data
		}
	}
	want := c.spec.balancerOf(c.spec.byRole(RoleControlPlane), "")
	for _, file := range want.files() {
		f.files[file.path] = file.data
	}
	f.generation = want.generation
	f.units[balancerUnit] = unitFacts{load: "loaded", active: "active", file: "enabled"}
}

func planOf(c *Cluster, obs *observation) *Plan {
	b := c.newPlanner(obs, nil)
	b.planApply()
	return b.plan(Operation{Kind: OperationApply})
}

func stepIDs(p *Plan) []string {
	ids := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		ids[i] = s.ID
	}
	return ids
}

func planStep(t *testing.T, p *Plan, id string) Step {
	t.Helper()
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	require.GreaterOrEqual(t, i, 0, "no step %s in %v", id, stepIDs(p))
	return p.Steps[i]
}

func TestPlanOfAFreshCluster(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	p := planOf(c, freshFacts(c))
	requireGraph(t, p)
	var graph strings.Builder
	for _, s := range p.Steps {
		fmt.Fprintf(&graph, "%s: %s\n", s.ID, s.Title)
		for _, id := range s.After {
			fmt.Fprintf(&graph, "    after %s\n", id)
		}
	}
	golden(t, "plan-fresh-graph.txt", graph.String())

	init := planStep(t, p, "cp1/init")
	for _, what := range []string{"hostname", "hosts-file", "swap", "modules", "sysctls", "runtime", "balancer"} {
		assert.Contains(t, init.After, "cp1/"+what, "kubeadm init comes after the preparation of its host")
	}
	assert.NotContains(t, strings.Join(init.After, " "), "w1/", "and waits for no other host")
	assert.NotContains(t, planStep(t, p, "cp3/join").After, "cp2/join", "kubeadm waits for its turn as etcd's learner")
	join := planStep(t, p, "w1/join")
	assert.Contains(t, join.After, "cp1/init")
	assert.NotContains(t, strings.Join(join.After, " "), "cp2/", "a worker waits for no second control plane")
	for _, s := range p.Steps {
		assert.Positive(t, s.Limit, s.ID)
		assert.NotEmpty(t, s.Title, s.ID)
	}
}

// What people read before they say yes, in full: one control plane, from nothing.
func TestPlanTextOfAFreshHost(t *testing.T) {
	t.Parallel()
	s := validSpec()
	s.Hosts = s.Hosts[:1]
	c := testCluster(t, s)
	p := planOf(c, freshFacts(c))
	for _, step := range p.Steps {
		for i, change := range step.Changes {
			if isBalancerFile(change.File) {
				assert.Contains(t, change.Diff, "+++ "+change.File)
				step.Changes[i].Diff = "(package lbconfig has goldens of what is in it)\n"
			}
		}
	}
	golden(t, "plan-fresh-host.txt", p.String())
}

// isBalancerFile says whether a file's content is lbconfig's to test.
func isBalancerFile(path string) bool {
	return path == nginxConfig || path == balancerService || path == balancerRotation
}

// One preparation that is wrong makes one step, and no other.
func TestPlanOfAClusterThatIsRightIsEmpty(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Spec){
		"three control planes": func(*Spec) {},
		"one host":             func(s *Spec) { s.Hosts = s.Hosts[:1] },
		"dedicated balancers": func(s *Spec) {
			s.LoadBalancer.Placement = PlacementDedicated
			s.Hosts = append(s.Hosts, Host{Name: "lb1", Address: "10.0.0.31", Role: RoleLoadBalancer})
		},
		"cgroupfs": func(s *Spec) { s.Kubelet = &kubeletv1beta1.KubeletConfiguration{CgroupDriver: driverCgroupfs} },
		"ipvs":     func(s *Spec) { s.KubeProxy = proxyMode("ipvs") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := validSpec()
			change(&s)
			c := testCluster(t, s)
			p := planOf(c, joinedFacts(c))
			assert.True(t, p.Empty(), "%s", p)
			assert.Empty(t, p.Notes)
		})
	}
}

// A kubelet that is told to live with swap keeps it.
func TestPlanKeepsSwapWhereTheKubeletMayUseIt(t *testing.T) {
	t.Parallel()
	s := validSpec()
	no := false
	s.Kubelet = &kubeletv1beta1.KubeletConfiguration{FailSwapOn: &no}
	c := testCluster(t, s)
	assert.NotContains(t, strings.Join(stepIDs(planOf(c, freshFacts(c))), " "), "/swap")
}

func TestPlanOfOneThingThatDrifted(t *testing.T) {
	t.Parallel()
	for what, drift := range map[string]func(*hostFacts){
		"w1/hostname":   func(f *hostFacts) { f.files[runningHostnamePath] = "localhost\n" },
		"w1/hosts-file": func(f *hostFacts) { f.files[hostsPath] = "127.0.0.1 localhost\n" },
		"w1/swap":       func(f *hostFacts) { f.swaps = []string{"/dev/zram0"} },
		"w1/modules":    func(f *hostFacts) { delete(f.loaded, "br_netfilter") },
		"w1/sysctls":    func(f *hostFacts) { f.files[sysctlPath("net.ipv4.ip_forward")] = "0\n" },
		"w1/runtime":    func(f *hostFacts) { f.driver = driverCgroupfs },
		"w1/kubelet": func(f *hostFacts) {
			f.units[kubeletUnit] = unitFacts{load: "loaded", active: "active", file: "disabled"}
		},
		"w1/balancer": func(f *hostFacts) { f.generation = "what was there before the reload that failed" },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := testCluster(t, validSpec())
			obs := joinedFacts(c)
			drift(obs.hosts["w1"])
			p := planOf(c, obs)
			assert.Equal(t, []string{"w1"}, p.Hosts(), "%s", p)
			assert.Equal(t, []string{what, "w1/verify"}, stepIDs(p), "the step that mends it, and the proof")
			requireGraph(t, p)
		})
	}
}

func TestPlanOfOneMoreWorkerTouchesItAlone(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	obs := joinedFacts(c)
	more := validSpec()
	more.Hosts = append(more.Hosts, Host{Name: "w2", Address: "10.0.0.22", Role: RoleWorker})
	c = testCluster(t, more)
	w2, _ := c.spec.host("w2")
	obs.hosts["w2"] = freshHost(w2)
	p := planOf(c, obs)
	assert.Equal(t, []string{"w2"}, p.Hosts(), "%s", p)
	planStep(t, p, "w2/join")
	planStep(t, p, "w2/balancer")
	requireGraph(t, p)
}

// A control plane that comes back joins, and every balancer learns of it after it does.
func TestPlanOfAControlPlaneThatComesBack(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	obs := joinedFacts(c)
	cp2, _ := c.spec.host("cp2")
	obs.hosts["cp2"] = freshHost(cp2)
	delete(obs.cluster.nodes, "cp2")
	obs.cluster.members = slices.DeleteFunc(obs.cluster.members, func(m EtcdMember) bool { return m.Name == "cp2" })
	without := c.spec.balancerOf([]Host{c.spec.Hosts[0], c.spec.Hosts[2]}, "")
	for name, f := range obs.hosts {
		if name != "cp2" {
			f.files[nginxConfig], f.generation = without.config.data, without.generation
		}
	}
	p := planOf(c, obs)
	requireGraph(t, p)
	for _, h := range c.spec.Hosts {
		s := planStep(t, p, h.Name+"/balancer+cp2")
		assert.Contains(t, s.After, "cp2/join")
		assert.Equal(t, "the balancer sends connections to cp1, cp3, cp2", s.Title)
	}
	for _, id := range stepIDs(p) {
		assert.False(t, strings.HasSuffix(id, "/init"), "a cluster that is there is not initialised again")
	}
}

// A mark of an unfinished run has its host cleaned before the next attempt, however far that run came.
func TestPlanOfAnUnfinishedRun(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())

	obs := freshFacts(c)
	obs.hosts["cp1"].files[initConfigPath] = "secret"
	p := planOf(c, obs)
	assert.Equal(t, resetCommand(), planStep(t, p, "cp1/init").Changes[0].Command)
	assert.NotContains(t, p.String(), "secret")

	obs = joinedFacts(c)
	obs.hosts["cp3"].files[joinConfigPath] = "secret"
	p = planOf(c, obs)
	s := planStep(t, p, "cp3/join")
	assert.Equal(t, resetCommand(), s.Changes[0].Command)
	assert.Contains(t, s.Changes[1].API, "etcd member")
	assert.NotContains(t, p.String(), "secret")
}

func TestNotes(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	obs := joinedFacts(c)
	obs.cluster.nodes["old2"], obs.cluster.nodes["old1"] = nodeFacts{}, nodeFacts{}
	w1 := obs.cluster.nodes["w1"]
	w1.version = "v1.36.1"
	obs.cluster.nodes["w1"] = w1
	obs.cluster.members = append(obs.cluster.members, EtcdMember{ID: 9, Name: "old1"})
	p := planOf(c, obs)
	assert.True(t, p.Empty(), "what is found and not asked for is noted, and never changed by the way: %s", p)
	require.Len(t, p.Notes, 4)
	assert.Contains(t, p.Notes[0], "node old1")
	assert.Contains(t, p.Notes[1], "node old2")
	assert.Contains(t, p.Notes[2], "node w1 runs v1.36.1")
	assert.Contains(t, p.Notes[3], "etcd member old1")
}

// Equal observations give equal plans: nothing in them depends on the order of a map.
func TestPlansAreDeterministic(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	want := planOf(c, freshFacts(c)).Hash()
	for range 20 {
		require.Equal(t, want, planOf(c, freshFacts(c)).Hash())
	}
}

// Whatever state the hosts are in, the plan is a graph that can be run from its first step to its last.
func TestPlanOfAnyObservation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := validSpec()
		s.Hosts = nil
		for i := range rapid.SampledFrom([]int{1, 3, 5}).Draw(rt, "control planes") {
			s.Hosts = append(s.Hosts, Host{Name: fmt.Sprintf("cp%d", i+1), Address: fmt.Sprintf("10.0.0.%d", i+1), Role: RoleControlPlane})
		}
		for i := range rapid.IntRange(0, 3).Draw(rt, "workers") {
			s.Hosts = append(s.Hosts, Host{Name: fmt.Sprintf("w%d", i+1), Address: fmt.Sprintf("10.0.1.%d", i+1), Role: RoleWorker})
		}
		c := testCluster(t, s)
		obs := joinedFacts(c)
		if rapid.Bool().Draw(rt, "no cluster") {
			obs = freshFacts(c)
		}
		for _, name := range slices.Sorted(maps.Keys(obs.hosts)) {
			f := obs.hosts[name]
			switch rapid.IntRange(0, 5).Draw(rt, name) {
			case 0:
				obs.hosts[name] = freshHost(f.host)
			case 1:
				f.files[joinConfigPath] = "mark"
			case 2:
				f.generation = "other"
			case 3:
				f.swaps = []string{"/swap"}
			case 4:
				if obs.cluster != nil {
					delete(obs.cluster.nodes, name)
				}
			}
		}
		p := planOf(c, obs)
		requireGraph(rt, p)
		for _, s := range p.Steps {
			h, ok := c.spec.host(s.Host)
			require.True(rt, ok, "a step on a host that is not in the Spec: %s", s.ID)
			if strings.HasSuffix(s.ID, "/init") {
				assert.Equal(rt, RoleControlPlane, h.Role)
			}
		}
		assert.LessOrEqual(rt, strings.Count(strings.Join(stepIDs(p), "\n"), "/init"), 1)
	})
}

// requireGraph checks that step IDs are unique and that every step comes after those it waits for.
func requireGraph(t require.TestingT, p *Plan) {
	seen := map[string]bool{}
	for _, s := range p.Steps {
		require.False(t, seen[s.ID], "%s is there twice", s.ID)
		require.True(t, strings.HasPrefix(s.ID, s.Host+"/"), s.ID)
		for _, id := range s.After {
			require.True(t, seen[id], "%s waits for %s, which does not come before it", s.ID, id)
		}
		seen[s.ID] = true
	}
}

func TestPlanResetOfHosts(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	obs := joinedFacts(c)
	b := c.newPlanner(&observation{hosts: obs.hosts}, nil)
	for _, h := range c.spec.Hosts {
		b.planResetHost(obs.hosts[h.Name], nil)
	}
	p := b.plan(Operation{Kind: OperationReset})
	assert.Equal(t, []string{"cp1/reset", "cp2/reset", "cp3/reset", "w1/reset"}, stepIDs(p))
	golden(t, "plan-reset-host.txt", (&Plan{Cluster: "prod", Version: "v1.37.2", Steps: p.Steps[:1]}).String())

	b = c.newPlanner(freshFacts(c), nil)
	b.planResetHost(b.obs.hosts["w1"], nil)
	assert.Empty(t, b.steps, "a host that carries nothing of ours is left alone")

	obs.hosts["cp1"].files["/root/.kube/config"] = kubeconfigOf("staging", "https://x:1")
	b = c.newPlanner(&observation{hosts: obs.hosts}, nil)
	b.planResetHost(obs.hosts["cp1"], nil)
	assert.NotContains(t, b.plan(Operation{}).String(), "/root/.kube/config", "another cluster's kubeconfig stays")
}
