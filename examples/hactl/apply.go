package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/ha/report"
)

func (c *cli) applyCommand() *cobra.Command {
	var planFile, reportFile string
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Bring the hosts to what the cluster file says",
		Long: "apply brings the hosts to what the cluster file says. It can be cut short and run again at any time.\n" +
			"A node that the cluster file does not name is left alone; remove takes it out.",
		Args: cobra.NoArgs,
		RunE: c.verb(func(ctx context.Context, _ []string) error {
			w := work{verb: "apply", report: reportFile, fixed: planFile != "", plan: func(ctx context.Context, cluster *ha.Cluster) (*ha.Plan, error) {
				if planFile != "" {
					return loadPlan(planFile, cluster.Spec().Name)
				}
				return cluster.Plan(ctx)
			}}
			return c.perform(ctx, w)
		}),
	}
	cmd.Flags().StringVar(&planFile, "plan", "", "apply the plan in this file, as plan --out wrote it, and no other")
	cmd.Flags().StringVar(&reportFile, "report", "", "write a report to this HTML file, also when a step fails")
	return cmd
}

func (c *cli) removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove HOST",
		Short: "Take one host out of the cluster and reset it",
		Long: "remove takes one host out of the cluster: out of the balancers, its pods, its etcd member, its node, and what was put on it.\n" +
			"A host that stays in the cluster file joins again at the next apply. It is refused where etcd would lose its quorum.",
		Args: cobra.ExactArgs(1),
		RunE: c.verb(func(ctx context.Context, args []string) error {
			return c.perform(ctx, work{verb: "remove", standing: true, plan: func(ctx context.Context, cluster *ha.Cluster) (*ha.Plan, error) {
				return cluster.PlanRemove(ctx, args[0])
			}})
		}),
	}
}

func (c *cli) resetCommand() *cobra.Command {
	var confirmed string
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Take the whole cluster down, with all its data",
		Long: "reset takes the whole cluster down: all its data is lost. The cluster's name has to be typed,\n" +
			"or given as --confirm NAME together with --yes.",
		Args: cobra.NoArgs,
		RunE: c.verb(func(ctx context.Context, _ []string) error {
			if !c.simulate && confirmed == "" && (c.yes || !c.terminal) {
				return badInput("reset without asking takes --yes and --confirm with the cluster's name")
			}
			return c.perform(ctx, work{verb: "reset", standing: true, plan: func(ctx context.Context, cluster *ha.Cluster) (*ha.Plan, error) {
				name := cluster.Spec().Name
				switch {
				case c.simulate && confirmed == "":
					confirmed = name
				case confirmed == "":
					var err error
					if confirmed, err = c.ask(ctx, fmt.Sprintf("Everything in the cluster %s will be lost. Type its name to go on: ", name)); err != nil {
						return nil, err
					}
				}
				return cluster.PlanReset(ctx, confirmed)
			}})
		}),
	}
	cmd.Flags().StringVar(&confirmed, "confirm", "", "the cluster's name")
	return cmd
}

// work is a plan to make and to apply.
type work struct {
	verb string
	// standing says that there has to be a cluster already.
	standing bool
	// fixed says that the plan is one that somebody looked at: where it no longer fits, no other takes its place.
	fixed  bool
	report string
	plan   func(context.Context, *ha.Cluster) (*ha.Plan, error)
}

// perform makes a plan, has it confirmed, applies it and shows what the cluster is then.
func (c *cli) perform(ctx context.Context, w work) error {
	if dir := filepath.Dir(w.report); w.report != "" {
		if _, err := os.Stat(dir); err != nil {
			return badInput("report: " + err.Error())
		}
	}
	t, err := c.open(ctx, w.standing)
	if err != nil {
		return err
	}
	defer t.close()
	if err := c.mayChange(w.verb); err != nil {
		return err
	}
	r := c.record()
	defer r.close()
	cluster, err := t.cluster(r.event)
	if err != nil {
		return err
	}
	failed, err := c.planAndApply(ctx, w, cluster)
	if err != nil {
		return err
	}
	r.close()
	if ctx.Err() != nil {
		c.note("interrupted; %s goes on from here when it is run again", w.verb)
	}
	var status *ha.Status
	if failed == nil {
		if status, err = cluster.Status(ctx); err != nil {
			return err
		}
	}
	if w.report != "" {
		if err := writeReport(w.report, t.spec, r.events, status); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if status != nil {
		if err := c.printOutcome(w, status); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// plansAtMost is how often a plan is made where nobody is asked and the hosts change in between: commands of a run that
// was killed may still be at work.
const plansAtMost = 3

// planAndApply returns what failed while hosts were being changed, and apart from it what kept that from beginning.
func (c *cli) planAndApply(ctx context.Context, w work, cluster *ha.Cluster) (failed, err error) {
	for n := 1; ; n++ {
		plan, err := w.plan(ctx, cluster)
		if err != nil {
			return nil, err
		}
		if err := c.approve(ctx, plan); err != nil {
			return nil, err
		}
		if plan.Empty() {
			return nil, nil
		}
		failed = cluster.Apply(ctx, plan)
		if !errors.Is(failed, ha.ErrPlanChanged) || !c.yes || w.fixed || n == plansAtMost {
			return failed, nil
		}
		c.note("the hosts changed meanwhile; looking again")
	}
}

// approve shows what is about to happen, and asks.
func (c *cli) approve(ctx context.Context, plan *ha.Plan) error {
	asks := !c.yes && !c.simulate
	if !c.json() || asks {
		out := c.stdout
		if c.json() {
			out = c.stderr
		}
		summary(out, plan, asks)
	}
	if plan.Empty() || plan.Operation.Kind == ha.OperationReset {
		return nil // there is nothing to approve, or the name was typed
	}
	return c.confirm(ctx, "Go on?")
}

// printOutcome shows the cluster as a verb left it.
func (c *cli) printOutcome(w work, status *ha.Status) error {
	if c.json() {
		return printLine(c.stdout, line{Status: status})
	}
	if w.verb == "reset" && !status.Initialised {
		_, err := fmt.Fprintf(c.stdout, "\nThe cluster %s is gone; its hosts are bare.\n", status.Cluster)
		return err
	}
	fmt.Fprintln(c.stdout)
	return printStatus(c.stdout, status)
}

// writeReport writes the report of a run, also of one that failed: then there is no status.
func writeReport(path string, spec ha.Spec, events []ha.Event, status *ha.Status) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := report.Write(f, spec, events, status); err != nil {
		return errors.Join(fmt.Errorf("report: %s: %w", path, err), f.Close())
	}
	return f.Close()
}
