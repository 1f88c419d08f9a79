// Package fake simulates hosts and the Kubernetes clusters that kubeadm makes of them, in memory,
// so that a tool that drives hosts is tested in milliseconds, without a host and without root.
//
//	func TestUp(t *testing.T) {
//		fake.Test(t, func(t *testing.T, c *fake.Cluster) { // all time is virtual
//			c.Inject(fake.On("cp2").Phase("join/etcd-join").Crash())
//			require.NoError(t, mytool.Up(t.Context(), c.Dial)) // c.Dial is a transport.Dialer
//			require.True(t, c.Etcd().HasQuorum())
//		}, fake.ControlPlanes(3), fake.Workers(2))
//	}
//
// It holds state, not canned answers. Hosts have files, systemd units read from those files, kernel
// modules, sysctls and swap, and lose on Reboot what was not persisted. kubeadm runs phase by phase
// and writes real certificates, kubeconfigs and manifests; the kubelet starts what the manifests say;
// etcd has members, learners and a quorum; the Kubernetes API is served over TLS to real client-go;
// nginx balances by the file that is on the host.
//
// # Time
//
// In Test, and in any testing/synctest bubble, time is virtual: an hour of waiting takes no time.
// Elsewhere nothing waits either: commands charge their time to themselves and return at once, what
// makes progress has made it by the next look, and silence is a time-out at once. Deadlines
// (expiry of tokens, a Node that is not heard of) then pass with Advance. What really waits for
// somebody, such as Hang, waits in both.
//
// # Strictness
//
// A command, flag, unit program, API subresource or field selector that is not simulated fails the
// test that Run or Test was given, and Unhandled lists it. Permissive leaves it at the failing command.
//
// # What is simulated
//
//   - Hosts: Debian 12 with containerd, kubeadm, kubelet, kubectl and nginx installed, and nothing prepared:
//     swap on, modules not loaded, ip_forward off, the runtime with its cgroupfs default, a host name from the installer.
//   - Commands: those that package ha uses and a few of coreutils; see internal/bin.
//   - kubeadm: version, config validate, config images list, init, init phase upload-certs, join, reset, from the version table of kubeadmcfg.
//   - etcd: the Cluster and Maintenance services as far as membership goes, over gRPC with mutual TLS on port 2379.
//   - API: CRUD, every patch, server-side apply, watch, selectors, eviction with budgets, custom resources, x509 and bootstrap tokens, RBAC.
//   - Controllers: node life cycle, DaemonSets, Deployments, scheduling, pod CIDRs, token cleaner, bootstrap signer, garbage, namespaces.
//
// # What is not
//
// Shell text, packages, SELinux, firewalls, IPVS tables, images and registries (every image is there),
// etcd's keys as such (snapshots, compaction), external etcd, aggregated discovery, OpenAPI, Tables, dry runs,
// admission, service networking, and pods' own programs: a pod runs when its node can run it, and one that
// mounts /etc/cni/net.d is taken for a network plugin and installs a configuration there.
package fake
