// Package launch runs commands and moves files through nothing but a POSIX shell at the other end
// of three streams: the part that package ssh, and package local under sudo, have in common.
//
// A Runner starts a fixed command line (see line) that holds nothing of the command itself. Over
// the streams it then goes like this:
//
//	remote                                    here
//	[sudo prints the prompt we chose]         the password, only now and only once
//	NONCE:-PGID:START: on stdout and stderr    what came before it was noise, and is dropped
//	                                          the script, its length known to the remote side
//	NONCE= on stdout: the script has begun    the command's stdin, then end of file
//	the shell becomes the program
//
// So arguments never pass through a login shell (which may be csh or fish), are not limited to the
// 128 KiB of one argument, and do not show in the process table of shells and sudo. Nothing was
// run before the script is sent: a connection lost earlier is a clean failure. The script is one
// brace group, so a shell that received only its beginning finds a syntax error and runs nothing.
//
// PGID is the process group that the program leads, and START tells it from a later process of the
// same number: cancelling opens a second shell that ends that group, first with TERM, then KILL.
//
// # Non-goals
//
// No terminals, no other shells than POSIX ones to run the script (dash, bash, busybox, ksh).
package launch
