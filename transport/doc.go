// Package transport runs commands, moves files and opens connections on one host.
//
// The interface is Transport; a Dialer gives one for a host's name. Package ssh reaches hosts
// over SSH, package local works on this machine, package fake simulates hosts in memory, and
// transporttest proves an implementation, yours included:
//
//	t, err := dial(ctx, "cp1")
//	if err != nil {
//		return err
//	}
//	defer t.Close()
//	res, err := t.Run(ctx, transport.Command{Argv: []string{"systemctl", "is-active", "kubelet"}})
//	if err != nil {
//		return err // no exit code: not reached, not started, or lost on the way
//	}
//	fmt.Println(res.ExitCode == 0)
//
// # Outcomes
//
// A command is done (there is a Result), did not start (ErrNotStarted, *ConnectError), or its
// outcome is unknown (ErrUnknownOutcome). The third is not a failure to be retried blindly: ask
// the host for its state.
//
// # Non-goals
//
// No shell text, no interactive terminals, no fan-out over hosts, no retries: callers that want
// them build them on top.
package transport
