// Package ssh reaches hosts over SSH, with nothing on them but an SSH server and a POSIX shell.
//
//	conn, err := ssh.Dial(ctx, ssh.Config{
//		Host: "cp1", Address: "10.0.0.11", User: "admin",
//		IdentityFiles: []string{"~/.ssh/id_ed25519"},
//		Sudo:          &ssh.Sudo{},
//	})
//	if err != nil {
//		return err // *transport.ConnectError: which host, at what, and whether it may get better
//	}
//	defer conn.Close()
//	res, err := conn.Run(ctx, transport.Command{Argv: []string{"systemctl", "restart", "kubelet"}})
//
// # Logging in
//
// Host keys are checked against known_hosts, always: an unknown, changed or revoked key is a
// *HostKeyError, and there is no option to go on. Of the server's keys the one is asked for that
// known_hosts has. Identities, agent, jump hosts and ~/.ssh/config are those of Config. Nothing is
// asked on a terminal.
//
// # Commands
//
// One connection is shared by all commands, each in a session of its own; those beyond
// Config.MaxSessions wait for their turn, so commands must not wait for one another. A small
// script, fixed but for a random word and a length, goes through the login shell (which may be
// csh or fish, and may print what it likes); the arguments follow on standard input, so that
// neither its quoting nor its limits matter. The program leads a process group: when the context
// ends, a second session sends the group TERM, and KILL two seconds later, as root where sudo is
// used, and Run returns when it is gone. When that cannot be confirmed within five seconds (fifteen under sudo), the
// error also wraps transport.ErrUnknownOutcome. Processes that made a group of their own (daemons)
// are not ended.
//
// When the connection is lost, the calls under way fail with transport.ErrUnknownOutcome if
// something had been sent to run, and the next call connects again. When this process dies,
// programs on hosts go on until they notice that nobody reads or writes.
//
// # Files
//
// Files go through cat, mkdir, chown, chmod, sync and mv on the host, under sudo as well; no SFTP
// server is needed. WriteFile counts what arrived before it renames. Only when the host itself
// stops in the middle can a hidden temporary file (.NAME.q...) stay behind.
//
// # Non-goals
//
// No terminals, no forwarding from the host to here, no ProxyCommand (see Config.NetDial), no
// hosts without a POSIX shell. The host needs Linux's /proc, or a server that makes each session
// a process group, for commands to be ended as a group.
package ssh
