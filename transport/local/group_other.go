//go:build !unix

package local

import (
	"errors"
	"os/exec"
)

// ownGroup does nothing: there are no process groups. Only the program itself is ended.
func ownGroup(*exec.Cmd) {}

// endGroup ends the program; there is no way to ask it.
func endGroup(cmd *exec.Cmd, _ bool) { cmd.Process.Kill() }

// groupLeft reports that there is nobody else to wait for.
func groupLeft(*exec.Cmd) bool { return true }

// exitCode turns what Wait returned into an exit code.
func exitCode(err error) (int, error) {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return 0, err
	}
	return exit.ExitCode(), nil
}
