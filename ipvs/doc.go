// Package ipvs is for the kernel's IP virtual server, the load balancer inside Linux that
// kube-proxy's mode ipvs uses.
//
// What it has so far is which kernel modules that mode wants on a host:
//
//	mods := ipvs.Modules("6.1.0-38-amd64", "rr")
//	// [ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh nf_conntrack]
//
// The room is meant for more, none of which is here: a typed snapshot of the kernel's table over
// netlink, the difference of two tables and its application, ipvsadm's text written and read, and
// the table that kube-proxy should have made. Its nftables companion, package nft, is not there
// either.
//
// # Guarantees
//
// Pure functions of their arguments, safe for concurrent use, on every operating system.
//
// # Non-goals
//
// Loading modules: that is a change to a host, and ha makes it.
package ipvs
