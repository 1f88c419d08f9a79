package lab

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// networkManifest makes pods of nodes on one layer-2 network reach each other.
//
//go:embed cni.yaml
var networkManifest string

// Endpoint is where the clusters of the lab serve their API: a name, and a port that is not the
// API server's.
const (
	EndpointHost = "api.lab.internal"
	EndpointPort = 16443
)

// IsControlPlane says whether a host becomes a control plane by its name: those that begin with "cp".
func (h *Host) IsControlPlane() bool { return strings.HasPrefix(h.Name, "cp") }

// IsLoadBalancer says whether a host becomes a dedicated balancer by its name: those that begin with "lb".
func (h *Host) IsLoadBalancer() bool { return strings.HasPrefix(h.Name, "lb") }

// ClusterFile returns a cluster file for the lab's hosts, as the tool hactl reads it, with settings
// that containerd and the kubelet need on this kind of host. The balancers are on the hosts that are named for it, or on all. Files that it names are relative to the
// directory that WriteClusterFiles fills. edit, which may be nil, changes it before it is rendered.
func (l *Lab) ClusterFile(edit func(file map[string]any)) ([]byte, error) {
	var hosts []any
	placement := "Local"
	for _, h := range l.Hosts() {
		role := "Worker"
		if h.IsControlPlane() {
			role = "ControlPlane"
		}
		if h.IsLoadBalancer() {
			role = "LoadBalancer"
			placement = "Dedicated"
		}
		hosts = append(hosts, map[string]any{"name": h.Name, "address": h.Address.String(), "role": role})
	}
	file := map[string]any{
		"name":              "lab",
		"kubernetesVersion": l.artifacts.Version,
		"endpoint":          map[string]any{"host": EndpointHost, "port": EndpointPort},
		"loadBalancer":      map[string]any{"placement": placement, "engine": "nginx"},
		"hosts":             hosts,
		"sshDefaults":       map[string]any{"user": "root", "identityFile": "id_ed25519", "knownHostsFile": "known_hosts"},
		"networking":        map[string]any{"podSubnet": "10.244.0.0/16", "serviceSubnet": "10.96.0.0/12", "dnsDomain": "cluster.local"},
		"imageRepository":   "registry.k8s.io",
		"runtime":           map[string]any{"kind": "containerd"},
		"packages":          map[string]any{"manage": false},
		"cni":               map[string]any{"manifest": "cni.yaml"},
		"kubeProxy":         map[string]any{"mode": "nftables"},
		"kubelet": map[string]any{
			"cgroupDriver": "cgroupfs", "failCgroupV1": false,
			// The hosts' disk is the machine's: when others fill it, pods must not be evicted and images not be removed.
			"evictionHard": evictionHard(), "imageGCHighThresholdPercent": 100,
		},
		"kubeadm": map[string]any{"ignorePreflightErrors": []any{"SystemVerification"}},
	}
	if edit != nil {
		edit(file)
	}
	return yaml.Marshal(file)
}

// evictionHard has kubelets evict pods when memory is short and for nothing else: all hosts share one disk.
func evictionHard() map[string]any {
	return map[string]any{"memory.available": "100Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%", "imagefs.inodesFree": "0%"}
}

// WriteClusterFiles writes cluster.yaml, id_ed25519, known_hosts and cni.yaml into a directory, which
// it makes if need be.
func (l *Lab) WriteClusterFiles(dir string, edit func(file map[string]any)) error {
	cluster, err := l.ClusterFile(edit)
	if err != nil {
		return fmt.Errorf("lab: write the cluster files: %w", err)
	}
	identity, err := os.ReadFile(l.IdentityFile())
	if err != nil {
		return fmt.Errorf("lab: write the cluster files: %w", err)
	}
	known, err := os.ReadFile(l.KnownHostsFile())
	if err != nil {
		return fmt.Errorf("lab: write the cluster files: %w", err)
	}
	if err := writeTree(dir, map[string]string{"cluster.yaml": string(cluster), "known_hosts": string(known), "cni.yaml": networkManifest}, 0o644); err != nil {
		return fmt.Errorf("lab: write the cluster files: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "id_ed25519"), identity, 0o600); err != nil {
		return fmt.Errorf("lab: write the cluster files: %w", err)
	}
	return os.Chmod(filepath.Join(dir, "id_ed25519"), 0o600)
}
