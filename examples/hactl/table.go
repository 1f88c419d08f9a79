package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/quorate-dev/quorate/ha"
)

// summary lists a plan's steps without their changes; only their number where nobody is asked.
func summary(w io.Writer, plan *ha.Plan, steps bool) {
	heading, _, _ := strings.Cut(plan.String(), "\n")
	fmt.Fprintln(w, heading)
	for _, note := range plan.Notes {
		fmt.Fprintln(w, printable("note: "+note))
	}
	if !steps {
		return
	}
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range plan.Steps {
		fmt.Fprintf(table, "  %s\t%s\n", s.ID, printable(s.Title))
	}
	_ = table.Flush()
}

// printStatus prints a table of the nodes, and below it what is wrong.
func printStatus(w io.Writer, s *ha.Status) error {
	state := "healthy"
	switch {
	case !s.Initialised:
		state = "there is no cluster yet"
	case !s.Healthy():
		state = "not healthy"
	}
	fmt.Fprintf(w, "Cluster %s, Kubernetes %s at %s: %s\n\n", s.Cluster, s.Version, s.Endpoint, state)
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tSTATUS\tVERSION\tETCD\tAPISERVER\tBALANCER\tADDRESS")
	for _, n := range s.Nodes {
		columns := []string{n.Name, string(n.Role), nodeState(n), n.Version, n.EtcdMember, apiState(n), n.Balancer, n.Address}
		for i, text := range columns {
			if columns[i] = printable(text); text == "" {
				columns[i] = "-"
			}
		}
		fmt.Fprintln(table, strings.Join(columns, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, p := range s.Problems {
		fmt.Fprintln(w, printable("problem: "+p.String()))
	}
	for _, n := range s.Nodes {
		if n.Endpoint != "" {
			fmt.Fprintln(w, printable("problem: "+n.Name+": the API is not reached through the endpoint: "+n.Endpoint))
		}
		if !n.InSpec {
			fmt.Fprintln(w, printable("note: "+n.Name+" is in the cluster and not in the cluster file"))
		}
	}
	return nil
}

// nodeState is kubectl's word for a node, or what is the matter.
func nodeState(n ha.NodeStatus) string {
	switch {
	case n.Role == ha.RoleLoadBalancer:
		return ""
	case !n.Joined:
		return "not joined"
	}
	state := "NotReady"
	if n.Ready {
		state = "Ready"
	}
	if !n.Schedulable {
		state += ",SchedulingDisabled"
	}
	return state
}

func apiState(n ha.NodeStatus) string {
	switch {
	case n.Role != ha.RoleControlPlane || !n.Joined:
		return ""
	case n.APIReady:
		return "ready"
	}
	return "not ready"
}

// printLine prints one line of JSON.
func printLine(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
