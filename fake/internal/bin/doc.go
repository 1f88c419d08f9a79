// Package bin holds the commands of the simulated hosts, by name. Each serves exactly the flags
// that it knows; anything else is reported as not simulated.
//
//	run := bin.Commands(control)["systemctl"]
//	code := run(p)
package bin
