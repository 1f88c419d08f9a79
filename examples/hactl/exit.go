package main

import (
	"errors"

	"github.com/quorate-dev/quorate/ha"
)

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitBadInput = 2
	exitNotEmpty = 3
)

// exitError is an error that decides the exit code. An empty text prints nothing.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// badInput is wrong input that package ha does not see.
func badInput(text string) error { return &exitError{code: exitBadInput, text: text} }

// exitCode says how the program ends. Whatever is found before a step begins is bad input; a step that
// fails is a failure, whatever its cause.
func exitCode(err error) int {
	var (
		decided *exitError
		step    *ha.StepError
		spec    *ha.SpecError
		hosts   *ha.HostsError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &decided):
		return decided.code
	case errors.As(err, &step):
		return exitFailed
	case errors.As(err, &spec), errors.As(err, &hosts), errors.Is(err, ha.ErrNotConfirmed), errors.Is(err, ha.ErrNoSuchNode):
		return exitBadInput
	}
	return exitFailed
}
