// Package transporttest proves an implementation of transport.Transport.
//
//	func TestTransport(t *testing.T) {
//		transporttest.Run(t, func(t *testing.T, use func(*testing.T, transporttest.Host)) {
//			use(t, transporttest.Host{
//				Connect: func(ctx context.Context) (transport.Transport, error) { return mine.Dial(ctx, "h") },
//				Dir:     t.TempDir(), // on the host; here it is this machine
//				Listen:  transporttest.ListenHere,
//			})
//		})
//	}
//
// The factory is called once for every case, and hands the host to the case instead of returning
// it, so that it can wrap the case: package fake runs each in a testing/synctest bubble. No case
// waits for real time to pass; those that wait for a limit do so with timers, which a bubble
// makes instant.
//
// # What the host needs
//
// These programs, as POSIX has them, are all that the cases run:
//
//	printf FORMAT ARG...   with %s alone in FORMAT, which is repeated as long as there are arguments
//	cat [FILE...]          copies standard input as it comes
//	true, false
//	env [PROGRAM]          prints the environment; exits with 127 when PROGRAM does not exist
//	sleep SECONDS
//	test -e FILE
//	mkdir DIR
//	rm -f FILE...
//	ls -A DIR              one name per line
//
// and, unless the Host lacks the feature: stat -c '%a' and stat -c '%U:%G' (GNU, busybox) for Stat;
// sh, kill, mkfifo and ln for Shell.
//
// # Non-goals
//
// It does not measure speed, and does not break the network: what an implementation does when its
// connection is lost is for its own tests.
package transporttest
