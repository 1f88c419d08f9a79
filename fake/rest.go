package fake

import (
	"errors"
	"net"
	"strconv"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// ErrNoAPIServer says that no host has both an administrator's kubeconfig and an API server that runs.
var ErrNoAPIServer = errors.New("fake: no API server runs")

// RESTConfig returns a configuration for real client-go that talks, from outside of the hosts, to one API
// server that runs, as the cluster's administrator. host names the control plane; empty is the first that serves.
func (c *Cluster) RESTConfig(host string) (*rest.Config, error) {
	for _, h := range c.Hosts() {
		if host != "" && h.Name() != host || !h.Component("kube-apiserver") {
			continue
		}
		data, err := h.ReadFile("/etc/kubernetes/admin.conf")
		if err != nil {
			continue
		}
		cfg, err := clientcmd.RESTConfigFromKubeConfig(data)
		if err != nil {
			return nil, err
		}
		cfg.Host = "https://" + net.JoinHostPort(h.Address(), strconv.Itoa(6443))
		cfg.Dial = c.DialContext
		cfg.QPS, cfg.Burst = -1, 0
		return cfg, nil
	}
	return nil, ErrNoAPIServer
}
