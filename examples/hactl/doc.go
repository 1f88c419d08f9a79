// Command hactl builds and runs highly available kubeadm clusters from a cluster file. It is an
// example of what a program on top of package ha looks like, and a complete tool.
//
//	hactl plan --simulate               what would be done, on virtual hosts: nothing is needed but Go
//	hactl apply --simulate              do it there
//	hactl -f cluster.yaml plan          the same with real hosts, over SSH
//	hactl -f cluster.yaml apply
//	hactl -f cluster.yaml status
//	hactl -f cluster.yaml kubeconfig > admin.conf
//	hactl -f cluster.yaml render cp1 /etc/quorate/nginx.conf
//	hactl -f cluster.yaml lint
//	hactl -f cluster.yaml remove w2
//	hactl -f cluster.yaml reset
//
// cluster.example.yaml beside this file documents every field of a cluster file.
//
// # Exit codes
//
// 0: done. 1: failed; running it again goes on where it ended. 2: the input is wrong (the command line,
// the cluster file, or hosts that are not fit), and nothing was changed. 3: `plan --check` found
// something to do.
//
// # Output
//
// Results go to standard output, progress and questions to standard error. With -o json results are
// JSON; apply, remove and reset then print one JSON object a line, {"event": ...} while they work and {"status": ...}
// last. No output holds a secret, except those of `kubeconfig` and `render --reveal`, whose purpose it is.
//
// # Signals
//
// The first SIGINT or SIGTERM ends the commands that run on hosts and then hactl; a second one ends it at once.
package main
