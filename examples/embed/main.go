// Command embed is the smallest program that drives package ha: it brings the hosts of a cluster file to a
// cluster, or, without one, simulated hosts.
//
//	go run ./examples/embed               three simulated control planes
//	go run ./examples/embed cluster.yaml  real hosts, over SSH
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/transport"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		spec, err := ha.LoadSpec(args[0])
		if err != nil {
			return err
		}
		return up(ctx, spec, ha.SSHDialer(spec), out)
	}
	hosts, err := fake.New(fake.ControlPlanes(3))
	if err != nil {
		return err
	}
	defer hosts.Close()
	spec := ha.Spec{Name: "demo", KubernetesVersion: "v1.37.2", Endpoint: ha.Endpoint{Host: "api.demo.internal"}}
	for _, h := range hosts.Hosts() {
		spec.Hosts = append(spec.Hosts, ha.Host{Name: h.Name(), Address: h.Address(), Role: ha.RoleControlPlane})
	}
	return up(ctx, spec, hosts.Dial, out)
}

// up does it all: look, plan, apply, look again.
func up(ctx context.Context, spec ha.Spec, dial transport.Dialer, out io.Writer) error {
	cluster, err := ha.New(spec, dial)
	if err != nil {
		return err
	}
	plan, err := cluster.Plan(ctx)
	if err != nil {
		return err
	}
	if err := cluster.Apply(ctx, plan); err != nil {
		return err
	}
	status, err := cluster.Status(ctx)
	if err != nil {
		return err
	}
	for _, n := range status.Nodes {
		fmt.Fprintln(out, n.Name, n.Role, n.Version)
	}
	return nil
}
