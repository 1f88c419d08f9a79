// Command cniplugin is the one program of the lab's pods. As "network" it connects the pods of all
// nodes that share a layer-2 network: it writes a CNI configuration for the node's own pod network,
// and keeps a route to every other node's. As "serve" it is a web server that says which pod
// answered, and as "get URL..." the client that asks it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lab-pod:", err)
		os.Exit(1)
	}
}

// start does what the arguments say.
func start(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "network":
		return network(ctx, os.Getenv("NODE_NAME"))
	case len(args) == 1 && args[0] == "serve":
		return serve(ctx, ":8080")
	case len(args) > 1 && args[0] == "get":
		for _, url := range args[1:] {
			if err := get(ctx, url, os.Stdout); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("usage: lab-pod network, lab-pod serve, or lab-pod get with URLs")
	}
}
