package lab

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"
)

// podsManifest puts a web server on every node, behind a service.
//
//go:embed pods.yaml
var podsManifest string

// podsTimeout bounds how long the test pods may take to run and to reach each other.
const podsTimeout = 5 * time.Minute

// CheckPods proves that a cluster's network works: it runs a pod on every node (the kubectl and the
// admin.conf are those of control plane h), and each of them must reach each other by its address,
// and the service by its name. It removes the pods afterwards.
func (l *Lab) CheckPods(ctx context.Context, h *Host) error {
	ctx, cancel := context.WithTimeout(ctx, podsTimeout)
	defer cancel()
	kubectl := func(args ...string) (string, error) {
		return h.Run(ctx, append([]string{"kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--namespace=lab-pods"}, args...)...)
	}
	if err := h.WriteFile(ctx, "/root/lab-pods.yaml", podsManifest); err != nil {
		return err
	}
	if _, err := kubectl("apply", "-f", "/root/lab-pods.yaml"); err != nil {
		return err
	}
	if _, err := kubectl("rollout", "status", "daemonset/web", "--timeout=2m"); err != nil {
		return err
	}
	if _, err := kubectl("--namespace=kube-system", "rollout", "status", "deployment/coredns", "--timeout=2m"); err != nil {
		return err
	}
	out, err := kubectl("get", "pods", "-l", "app=web", "-o", `jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\n"}{end}`)
	if err != nil {
		return err
	}
	addresses := map[string]string{}
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) == 2 {
			addresses[fields[0]] = fields[1]
		}
	}
	nodes, err := kubectl("get", "nodes", "-o", "name")
	if err != nil {
		return err
	}
	if want := strings.Count(nodes, "\n"); len(addresses) != want {
		return fmt.Errorf("lab: check pods: %d pods on %d nodes", len(addresses), want)
	}
	names := sortedKeys(addresses)
	for _, from := range names {
		urls := []string{"exec", from, "--", "/lab-pod", "get", "http://web.lab-pods.svc.cluster.local"}
		want := ""
		for _, to := range names {
			urls = append(urls, "http://"+addresses[to]+":8080")
			want += to + " " + addresses[from] + "\n"
		}
		out, err := kubectl(urls...)
		if err != nil {
			return fmt.Errorf("lab: check pods: from %s: %w", from, err)
		}
		// The service hides the client's address where the pod that answers is the client.
		service, pods, _ := strings.Cut(out, "\n")
		if name, _, _ := strings.Cut(service, " "); addresses[name] == "" {
			return fmt.Errorf("lab: check pods: from %s to the service: %q is no pod of it", from, service)
		}
		if pods != want {
			return fmt.Errorf("lab: check pods: from %s: got %q instead of %q", from, pods, want)
		}
	}
	_, err = kubectl("delete", "namespace", "lab-pods", "--wait=false")
	return err
}
