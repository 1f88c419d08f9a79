// Package etcdsim simulates etcd's membership: clusters, members, learners, leader and quorum, the
// data directories that tie a member to its cluster, and the gRPC API that the real client talks to.
//
//	reg := etcdsim.NewRegistry(world)
//	node, err := reg.Start(host, argv) // the command of the static pod
//	store, err := node.Store()         // fails without quorum
//
// State is guarded by the World's lock. There is no raft log and no key-value API: the keys are the
// kapi.Store of the cluster.
package etcdsim
