package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// configDirectory is where the runtime looks for its network configuration.
const configDirectory = "/etc/cni/net.d"

// retryInterval is how soon a route that could not be set is tried again.
const retryInterval = 2 * time.Second

// network keeps this node's network configuration and routes until ctx ends.
func network(ctx context.Context, node string) error {
	if node == "" {
		return errors.New("network: NODE_NAME is not set")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	informer := factory.Core().V1().Nodes()
	_, err = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notify() },
		UpdateFunc: func(_, _ any) { notify() },
		DeleteFunc: func(any) { notify() },
	})
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()

	var written string
	retry := time.NewTicker(retryInterval)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-retry.C:
		}
		if !informer.Informer().HasSynced() {
			continue
		}
		var nodes []peer
		for _, obj := range informer.Informer().GetStore().List() {
			if n, ok := obj.(*corev1.Node); ok {
				nodes = append(nodes, peerOf(n))
			}
		}
		own, others := split(nodes, node)
		if own.podCIDR != "" && own.podCIDR != written {
			if err := writeConflist(configDirectory, own.podCIDR); err != nil {
				log.Print("lab-pod: ", err)
				continue
			}
			log.Printf("lab-pod: pods of this node live in %s", own.podCIDR)
			written = own.podCIDR
		}
		if err := setRoutes(others); err != nil {
			log.Print("lab-pod: ", err)
		}
	}
}

// peer is what matters of a node.
type peer struct {
	name, address, podCIDR string
}

// peerOf reads a node.
func peerOf(n *corev1.Node) peer {
	p := peer{name: n.Name, podCIDR: n.Spec.PodCIDR}
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP && net.ParseIP(a.Address).To4() != nil {
			p.address = a.Address
			break
		}
	}
	return p
}

// split separates the node called name from those of the others that can be routed to.
func split(nodes []peer, name string) (own peer, others []peer) {
	for _, n := range nodes {
		switch {
		case n.name == name:
			own = n
		case n.address != "" && n.podCIDR != "":
			others = append(others, n)
		}
	}
	return own, others
}

// conflist is the network configuration of a node: each pod is one end of a cable whose other end
// is on the node, with an address of the node's pod network and a way to everywhere.
const conflist = `{
  "cniVersion": "0.4.0",
  "name": "quorate-lab",
  "plugins": [
    {"type": "ptp", "ipMasq": false, "mtu": 1500,
     "ipam": {"type": "host-local", "subnet": %q, "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`

// writeConflist puts the configuration in place whole: the runtime watches the directory.
func writeConflist(dir, podCIDR string) error {
	file := filepath.Join(dir, "10-quorate-lab.conflist")
	partial := filepath.Join(dir, ".10-quorate-lab.partial")
	if err := os.WriteFile(partial, fmt.Appendf(nil, conflist, podCIDR), 0o644); err != nil {
		return fmt.Errorf("write the network configuration: %w", err)
	}
	if err := os.Rename(partial, file); err != nil {
		return fmt.Errorf("write the network configuration: %w", err)
	}
	return nil
}
