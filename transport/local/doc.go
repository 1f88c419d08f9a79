// Package local works on this machine as package ssh works on others: commands, files and
// connections, with this process's rights or as root through sudo.
//
//	t, err := local.New(ctx, local.Config{Sudo: &local.Sudo{}})
//	if err != nil {
//		return err // sudo wants a password, or does not want us
//	}
//	defer t.Close()
//	out, err := transport.Output(ctx, t, "localhost", "kubeadm", "version", "-o", "short")
//
// Every command leads a process group of its own. When its context ends, the group is sent TERM,
// and KILL two seconds later. Processes that made a session or a group of their own (daemons) are
// not in it. When this process itself is killed, commands under way go on.
//
// On systems that are not Unix, files are read and written (without an Owner), and ending a
// command ends its program alone.
//
// # Non-goals
//
// No terminals: sudo is never asked to prompt on one. No other users than root.
package local
