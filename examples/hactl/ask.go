package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
)

// mayChange says whether hosts may be changed: because --yes says so, because they are simulated, or because somebody can be asked.
func (c *cli) mayChange(verb string) error {
	if c.yes || c.simulate || c.terminal {
		return nil
	}
	return badInput(fmt.Sprintf("standard input is not a terminal, so nobody can be asked: %s without asking takes --yes", verb))
}

// confirm asks a question that has to be answered with yes.
func (c *cli) confirm(ctx context.Context, question string) error {
	if c.yes || c.simulate {
		return nil
	}
	answer, err := c.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return &exitError{code: exitFailed, text: "not confirmed: nothing was changed"}
}

// ask prints a question and returns the line that answers it.
func (c *cli) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(c.stderr, question)
	type answer struct {
		line string
		err  error
	}
	// A read of a terminal cannot be interrupted. When a signal comes first, the process ends with the read.
	answers := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(c.stdin).ReadString('\n')
		answers <- answer{line, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(c.stderr)
		return "", fmt.Errorf("interrupted: nothing was changed")
	case a := <-answers:
		if a.err != nil && a.line == "" {
			fmt.Fprintln(c.stderr)
		}
		return strings.TrimSpace(a.line), nil
	}
}
