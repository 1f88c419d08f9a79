// Package ctrl is what runs on the simulated hosts by itself: containerd, the kubelet with its
// static pods and pods, etcd and the API servers as containers, and the controllers that matter to
// a cluster's life (node life cycle, DaemonSets, Deployments, scheduling, garbage, tokens).
//
//	c := ctrl.New(world, network, "v1.37.2")
//	c.Add(host) // gives the host its daemons
//
// Nothing polls: whatever changes calls Kick, and one pass looks at everything soon after. State is
// guarded by the World's lock.
package ctrl
