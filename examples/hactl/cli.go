package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/transport"
)

// cli is one run of the program: its streams and the flags that all verbs have.
type cli struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	// terminal says that questions on stdin find somebody who answers.
	terminal bool
	// dial reaches the hosts of a cluster file.
	dial func(ha.Spec) transport.Dialer
	// simulated makes simulated hosts.
	simulated func() (*target, error)

	file     string
	simulate bool
	output   string
	yes      bool
	verbose  bool

	// began says that the command line was understood and a verb runs.
	began bool
}

// run parses args, does what they say and returns the exit code.
func (c *cli) run(ctx context.Context, args []string) int {
	root := c.command()
	root.SetArgs(args)
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if !c.began {
		fmt.Fprintf(c.stderr, "hactl: %s\nSee `hactl --help`.\n", printable(err.Error()))
		return exitBadInput
	}
	c.printError(err)
	return exitCode(err)
}

// printError prints an error, of which some have several lines. An error without a text prints nothing.
func (c *cli) printError(err error) {
	if err.Error() == "" {
		return
	}
	for i, line := range strings.Split(err.Error(), "\n") {
		if own, ok := strings.CutPrefix(line, "ha: "); ok || i == 0 {
			line = "hactl: " + own
		}
		fmt.Fprintln(c.stderr, printable(line))
	}
}

// command is the tree of verbs. Flags that all verbs have may stand before the verb or after it.
func (c *cli) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "hactl",
		Short:         "Build and run highly available kubeadm clusters",
		Long:          "hactl builds and runs highly available kubeadm clusters on Linux hosts that are reached over SSH,\nor on simulated ones.",
		Example:       "  hactl apply --simulate\n  hactl -f cluster.yaml plan\n  hactl -f cluster.yaml apply",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("say what to do: plan, apply, status, kubeconfig, render, lint, remove or reset")
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.checkFlags(cmd) },
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&c.file, "file", "f", "cluster.yaml", "the cluster file")
	flags.BoolVar(&c.simulate, "simulate", false, "work on simulated hosts: three control planes and two workers, which live as long as this process")
	flags.StringVarP(&c.output, "output", "o", "text", "how results are printed: text or json")
	flags.BoolVar(&c.yes, "yes", false, "do not ask before hosts are changed")
	flags.BoolVarP(&c.verbose, "verbose", "v", false, "show what commands on hosts print")
	root.AddCommand(c.planCommand(), c.applyCommand(), c.statusCommand(), c.kubeconfigCommand(), c.renderCommand(), c.lintCommand(), c.removeCommand(), c.resetCommand())
	return root
}

// checkFlags refuses flags that make no sense, before anything is read.
func (c *cli) checkFlags(cmd *cobra.Command) error {
	if c.simulate && cmd.Flags().Changed("file") {
		return fmt.Errorf("--simulate has hosts of its own: it goes without -f")
	}
	if c.output != "text" && c.output != "json" {
		return fmt.Errorf("-o %s: text and json are the formats", c.output)
	}
	return nil
}

// verb is what a subcommand runs. An error that it returns is no longer one of the command line.
func (c *cli) verb(work func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c.began = true
		return work(cmd.Context(), args)
	}
}

func (c *cli) json() bool { return c.output == "json" }

// note tells people something that is no result.
func (c *cli) note(format string, args ...any) {
	fmt.Fprintln(c.stderr, printable("hactl: "+fmt.Sprintf(format, args...)))
}

// printable keeps what hosts print from steering the terminal: control characters become blanks.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' {
			return ' '
		}
		return r
	}, text)
}
