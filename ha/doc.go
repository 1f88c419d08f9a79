// Package ha builds and operates highly available kubeadm clusters on plain Linux hosts, without a
// virtual address: every host reaches the API through a balancer of its own.
//
//	spec, err := ha.LoadSpec("cluster.yaml")
//	if err != nil {
//		return err // every problem, with its line
//	}
//	cluster, err := ha.New(spec, ha.SSHDialer(spec), ha.WithEvents(show))
//	plan, err := cluster.Plan(ctx) // looks at every host; changes nothing
//	fmt.Print(plan)                // every step, command and file diff
//	err = cluster.Apply(ctx, plan) // performs exactly those steps
//	status, err := cluster.Status(ctx)
//
// # Plans
//
// Every operation is a Plan: what was observed on the hosts and in the cluster decides which steps
// are left. There is no state file; the hosts are the state. A step is checked, done and checked
// again, so Apply can be cut short anywhere (Ctrl-C, SIGKILL, a power cut) and called again.
//
// # Secrets
//
// Join tokens and certificate keys are made by this package, written to files of mode 0600 that are
// removed when their work is done, and never appear in plans, events or errors. Joins pin the
// cluster's CA; SSH host keys are verified.
//
// # Guarantees
//
// A Cluster is safe for concurrent use. No goroutine outlives the call that began it. Nothing is
// logged: see WithEvents.
//
// # Non-goals
//
// No machines are made, no operating systems installed, no applications deployed. There is no virtual
// address and no balancer in a cloud; LoadBalancer.Placement External stands for those.
package ha
