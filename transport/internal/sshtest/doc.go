//go:build unix

// Package sshtest is an SSH server on loopback for tests: it runs commands for real, each in a
// session of its own as sshd does, forwards ports and sockets, and misbehaves on demand.
//
//	s := sshtest.Start(t, sshtest.Options{Sudo: &sudotest.Sudo{Password: "secret"}})
//	conn, err := ssh.Dial(ctx, ssh.Config{
//		Host: "cp1", Address: s.Host, Port: s.Port, User: s.User,
//		IdentityFiles: []string{s.IdentityFile}, KnownHostsFiles: []string{s.KnownHostsFile},
//	})
//	s.Cut() // and the connection is gone
//
// It ignores "signal" requests, as many servers do.
package sshtest
