// Package proc is a command that runs on a simulated host: its arguments, streams, time and death.
//
//	p := &proc.Proc{Ctx: ctx, Host: host, Argv: []string{"sleep", "1"}, Stdout: out, Stderr: errs}
//	code := sleep(p) // a func(*proc.Proc) int
//
// A command that is killed (its context ended, its host crashed) finds that out at the next Sleep,
// Poll or Phase and returns at once.
package proc
