// Package report writes one HTML file about a run of package ha: when each step ran on each host, what
// failed, and what nodes and etcd members there were in the end. The file needs nothing else: no script,
// no style sheet, no network.
//
//	var events []ha.Event
//	cluster, err := ha.New(spec, dial, ha.WithEvents(func(e ha.Event) { events = append(events, e) }))
//	...
//	failed := cluster.Apply(ctx, plan)
//	status, err := cluster.Status(ctx)
//	err = report.Write(f, spec, events, status)
//
// # Guarantees
//
// Equal input gives equal bytes. Text from hosts is escaped. There is no state and no secret: events
// and status hold none, and of the Spec only its name, version, endpoint and hosts are shown.
//
// # Non-goals
//
// No live view (see package progress), no history over several runs.
package report
