package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/ha"
)

// simulatedVersion is the Kubernetes version of simulated clusters.
const simulatedVersion = "v1.37.2"

// networkManifest makes simulated nodes Ready.
//
//go:embed cni.yaml
var networkManifest []byte

// simulated makes bare simulated hosts and the Spec of a cluster for them.
func simulated() (*target, error) {
	hosts, err := fake.New(fake.ControlPlanes(3), fake.Workers(2), fake.KubernetesVersion(simulatedVersion))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "hactl-")
	if err != nil {
		_ = hosts.Close()
		return nil, fmt.Errorf("simulation: %w", err)
	}
	t := &target{dial: hosts.Dial, hosts: hosts, close: func() {
		_ = hosts.Close()
		_ = os.RemoveAll(dir)
	}}
	// ha reads manifests from files.
	manifest := filepath.Join(dir, "cni.yaml")
	if err := os.WriteFile(manifest, networkManifest, 0o600); err != nil {
		t.close()
		return nil, fmt.Errorf("simulation: %w", err)
	}
	t.spec = ha.Spec{
		Name:              "simulated",
		KubernetesVersion: simulatedVersion,
		Endpoint:          ha.Endpoint{Host: "api.simulated.internal"},
		CNI:               ha.CNI{Manifest: manifest},
	}
	for _, h := range hosts.Hosts() {
		role := ha.RoleWorker
		if strings.HasPrefix(h.Name(), "cp") {
			role = ha.RoleControlPlane
		}
		t.spec.Hosts = append(t.spec.Hosts, ha.Host{Name: h.Name(), Address: h.Address(), Role: role})
	}
	return t, nil
}
