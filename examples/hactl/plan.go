package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/quorate-dev/quorate/ha"
)

func (c *cli) planCommand() *cobra.Command {
	var check bool
	var out string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show every step that apply would take; change nothing",
		Args:  cobra.NoArgs,
		RunE: c.verb(func(ctx context.Context, _ []string) error {
			plan, err := c.plan(ctx)
			if err != nil {
				return err
			}
			if out != "" {
				if err := savePlan(out, plan); err != nil {
					return err
				}
			}
			if check && !plan.Empty() {
				return &exitError{code: exitNotEmpty}
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&check, "check", false, "exit with 3 when there is something to do")
	cmd.Flags().StringVar(&out, "out", "", "also write the plan to this file, for apply --plan")
	return cmd
}

// plan makes the plan and prints it.
func (c *cli) plan(ctx context.Context) (*ha.Plan, error) {
	t, err := c.open(ctx, false)
	if err != nil {
		return nil, err
	}
	defer t.close()
	r := c.record()
	r.lines = nil // the plan is the one result
	defer r.close()
	cluster, err := t.cluster(r.event)
	if err != nil {
		return nil, err
	}
	plan, err := cluster.Plan(ctx)
	if err != nil {
		return nil, err
	}
	r.close()
	if c.json() {
		return plan, printJSON(c.stdout, plan)
	}
	_, err = io.WriteString(c.stdout, plan.String())
	return plan, err
}

// savePlan writes a plan for somebody else to apply.
func savePlan(path string, plan *ha.Plan) error {
	var text bytes.Buffer
	if err := printJSON(&text, plan); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

// loadPlan reads a plan that was saved for this cluster.
func loadPlan(path, cluster string) (*ha.Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, badInput("plan: " + err.Error())
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	plan := &ha.Plan{}
	if err := dec.Decode(plan); err != nil {
		return nil, badInput(fmt.Sprintf("plan: %s: %v", path, err))
	}
	if plan.Cluster != cluster {
		return nil, badInput(fmt.Sprintf("plan: %s is for the cluster %q, and the cluster file says %q", path, plan.Cluster, cluster))
	}
	if plan.Operation.Kind != ha.OperationApply {
		return nil, badInput(fmt.Sprintf("plan: %s is for the operation %q; apply takes those of `hactl plan`", path, plan.Operation.Kind))
	}
	return plan, nil
}

// printJSON prints v for people and programs.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
