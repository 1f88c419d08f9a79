package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/quorate-dev/quorate/ha"
)

func (c *cli) lintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint",
		Short: "Say what is unwise in the cluster file and the hosts, though nothing refuses it",
		Long:  "lint looks at the documents, the balancer and the hosts together, and changes nothing. It exits with 1 when\nsomething does not work or is open to attack. docs/lint.md explains the codes.",
		Args:  cobra.NoArgs,
		RunE: c.verb(func(ctx context.Context, _ []string) error {
			findings, err := c.lint(ctx)
			if err == nil && slices.ContainsFunc(findings, func(f ha.Finding) bool { return f.Severity == "error" }) {
				return &exitError{code: exitFailed}
			}
			return err
		}),
	}
}

// lint asks the hosts and prints the findings, also those beside an error about hosts that do not answer.
func (c *cli) lint(ctx context.Context) ([]ha.Finding, error) {
	t, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer t.close()
	cluster, err := t.cluster(nil)
	if err != nil {
		return nil, err
	}
	findings, err := cluster.Lint(ctx)
	var silent *ha.HostsError
	if err != nil && !errors.As(err, &silent) {
		return nil, err
	}
	if c.json() {
		if findings == nil {
			findings = []ha.Finding{}
		}
		return findings, errors.Join(printJSON(c.stdout, findings), err)
	}
	printFindings(c.stdout, findings)
	return findings, err
}

func printFindings(w io.Writer, findings []ha.Finding) {
	if len(findings) == 0 {
		fmt.Fprintln(w, "Nothing to say.")
	}
	for _, f := range findings {
		fmt.Fprintf(w, "%s\n    %s\n", printable(f.String()), printable(f.Fix))
	}
}
