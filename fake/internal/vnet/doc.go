// Package vnet is an in-memory network: hosts with addresses, listeners on ports and unix paths,
// buffered stream connections, partitions, and hosts that crash without a word.
//
//	n := vnet.New(true)
//	a := n.Host("a", netip.MustParseAddr("10.0.0.1"))
//	l, err := a.Listen("tcp", "0.0.0.0:80", nil)
//	conn, err := b.Dial(ctx, "tcp", "10.0.0.1:80")
//
// A host that is down, or behind a partition, is silent: a dial waits until its context ends or
// the kernel would give up, data waits as TCP's does. Where time is not virtual nothing waits:
// silence is the time-out that it ends in. A host that is up refuses ports without a listener.
//
// No packets, no windows, no UDP.
package vnet
