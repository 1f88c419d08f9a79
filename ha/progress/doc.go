// Package progress shows the events of package ha while they happen: on a terminal one live line for
// each host that is at work, and one lasting line for each step that ended; elsewhere one plain line
// for each event, without escape codes.
//
//	show := progress.New(os.Stderr)
//	defer show.Close()
//	cluster, err := ha.New(spec, dial, ha.WithEvents(show.Event))
//	if err != nil {
//		return err
//	}
//	plan, err := cluster.Plan(ctx)
//	...
//	err = cluster.Apply(ctx, plan)
//
// On a terminal this looks so (the last two lines are live):
//
//	done    cp1/init           the first control plane runs                      12.4s
//	        cp2/join           cp2 is a control plane, and its etcd member vo…      8s
//	        w1/join            w1 is a worker  [preflight] Running pre-flight…      8s
//
// # Guarantees
//
// A Progress is safe for concurrent use. Its one goroutine, on a terminal only, ends with Close. What
// hosts print is shown without its control characters. Nothing is kept of a step that ended.
//
// # Non-goals
//
// No log file (an slog handler takes events as well), no input, no colours, no percentage: how long
// kubeadm takes is not known before.
package progress
