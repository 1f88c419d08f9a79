// Package sshd starts the real OpenSSH server on loopback, for tests of SSH clients:
//
//	server := sshd.Start(t, sshd.Options{})
//	out, err := exec.Command("ssh", "-p", strconv.Itoa(server.Port), "-i", server.IdentityFile,
//		"-o", "UserKnownHostsFile="+server.KnownHostsFile, "127.0.0.1", "id").Output()
//
// The server runs as whoever runs the test and lets only that user in. Its host key, its
// authorized_keys and its configuration are new and lie in the test's temporary directory; the
// port is a free one. It ends with the test.
//
// Each connection has a server process of its own (sshd -i, as inetd starts it), which Drop ends
// as a broken network would: without a word.
//
// It is no sandbox: commands run on this machine.
package sshd
