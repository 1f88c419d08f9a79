package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/ha"
)

func (c *cli) statusCommand() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the nodes, etcd members and balancers as they are",
		Args:  cobra.NoArgs,
		RunE: c.verb(func(ctx context.Context, _ []string) error {
			status, err := c.status(ctx)
			if err != nil {
				return err
			}
			if check && !status.Healthy() {
				return &exitError{code: exitFailed}
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&check, "check", false, "exit with 1 when the cluster is not healthy")
	return cmd
}

// status asks for the status and prints it.
func (c *cli) status(ctx context.Context) (*ha.Status, error) {
	t, err := c.open(ctx, true)
	if err != nil {
		return nil, err
	}
	defer t.close()
	cluster, err := t.cluster(nil)
	if err != nil {
		return nil, err
	}
	status, err := cluster.Status(ctx)
	if err != nil {
		return nil, err
	}
	if c.json() {
		return status, printJSON(c.stdout, status)
	}
	return status, printStatus(c.stdout, status)
}

func (c *cli) kubeconfigCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the administrator's kubeconfig; it holds a private key",
		Args:  cobra.NoArgs,
		RunE: c.verb(func(ctx context.Context, _ []string) error {
			t, err := c.open(ctx, true)
			if err != nil {
				return err
			}
			defer t.close()
			cluster, err := t.cluster(nil)
			if err != nil {
				return err
			}
			text, err := cluster.Kubeconfig(ctx)
			if err != nil {
				return err
			}
			if c.json() {
				if text, err = yaml.YAMLToJSON(text); err != nil {
					return err
				}
				text = append(text, '\n')
			}
			_, err = c.stdout.Write(text)
			return err
		}),
	}
}

func (c *cli) renderCommand() *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "render [HOST [PATH]]",
		Short: "Print the files that hosts get, without asking any host",
		Long: "render prints the files that hosts get, as the cluster file alone decides them: of all hosts, of one, or one file.\n" +
			"Secrets are shown as [redacted]; --reveal shows new ones of the same form (those of a real run are made when it runs).",
		Args: cobra.MaximumNArgs(2),
		RunE: c.verb(func(ctx context.Context, args []string) error {
			t, err := c.open(ctx, false)
			if err != nil {
				return err
			}
			defer t.close()
			cluster, err := t.cluster(nil)
			if err != nil {
				return err
			}
			files, err := cluster.Render(reveal)
			if err != nil {
				return err
			}
			if files, err = selectFiles(files, args); err != nil {
				return err
			}
			return c.printFiles(files, len(args) == 2)
		}),
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show secrets")
	return cmd
}

// selectFiles keeps the files of a host, or one file of it.
func selectFiles(files []ha.HostFile, args []string) ([]ha.HostFile, error) {
	if len(args) == 0 {
		return files, nil
	}
	files = slices.DeleteFunc(slices.Clone(files), func(f ha.HostFile) bool { return f.Host != args[0] })
	if len(files) == 0 {
		return nil, badInput(fmt.Sprintf("the cluster file has no host %q", args[0]))
	}
	if len(args) == 1 {
		return files, nil
	}
	for _, f := range files {
		if f.Path == args[1] {
			return []ha.HostFile{f}, nil
		}
	}
	text := fmt.Sprintf("%s gets no file %q; it gets", args[0], args[1])
	for _, f := range files {
		text += "\n  " + f.Path
	}
	return nil, badInput(text)
}

// printFiles prints files under headings, or the content of one alone.
func (c *cli) printFiles(files []ha.HostFile, bare bool) error {
	if c.json() {
		return printJSON(c.stdout, files)
	}
	for i, f := range files {
		if !bare {
			part := ""
			if f.Part {
				part = " (a part of it)"
			}
			if i > 0 {
				fmt.Fprintln(c.stdout)
			}
			fmt.Fprintf(c.stdout, "==> %s %s%s <==\n", f.Host, f.Path, part)
		}
		if _, err := fmt.Fprint(c.stdout, f.Data); err != nil {
			return err
		}
	}
	return nil
}
