package ha

import (
	"context"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// HostFile is a file that a host gets.
type HostFile struct {
	Host string `json:"host"`
	Path string `json:"path"`
	// Part says that only this block of the file is the library's.
	Part bool   `json:"part,omitempty"`
	Data string `json:"data"`
}

// Render returns the files that the hosts get, as the Spec alone decides them, without asking any host: every control plane
// is taken to serve already, and every host to have the CA certificate, whose copies on dedicated balancers are left out. Secrets are shown as [redacted]; reveal shows new ones of the same form
// instead (those of a real run are made when it runs, and live two hours).
func (c *Cluster) Render(reveal bool) ([]HostFile, error) {
	creds := previewCredentials
	render := kubeadmcfg.RenderRedacted
	if reveal {
		var err error
		if creds, err = newJoinCredentials().fresh(context.Background()); err != nil {
			return nil, err
		}
		creds.caHash = previewCredentials.caHash
		render = kubeadmcfg.Render
	}
	facts := map[string]*hostFacts{}
	for _, h := range c.spec.Hosts {
		facts[h.Name] = &hostFacts{host: h, files: map[string]string{}, loaded: map[string]bool{}}
	}
	b := c.newPlanner(&observation{hosts: facts}, nil)
	var files []HostFile
	for _, h := range c.spec.Hosts {
		b.planPreparation(facts[h.Name])
		if c.spec.balances(h) {
			want := c.spec.balancerOf(c.spec.byRole(RoleControlPlane), balancerCA(h))
			if want.err != nil {
				return nil, want.err
			}
			b.files(h.Name, want.files()...)
		}
		if h.Role != RoleLoadBalancer {
			f := managedFile{path: joinConfigPath}
			bundle := c.spec.joinBundle(h, creds)
			if h.Name == c.spec.byRole(RoleControlPlane)[0].Name {
				f.path, bundle = initConfigPath, c.spec.initBundle(h, creds.token, creds.key)
			}
			text, err := render(bundle, c.version)
			if err != nil {
				return nil, err
			}
			f.data = string(text)
			b.files(h.Name, f)
		}
		slices.SortFunc(b.rendered[h.Name], func(x, y managedFile) int { return strings.Compare(x.path, y.path) })
		for _, f := range b.rendered[h.Name] {
			files = append(files, HostFile{Host: h.Name, Path: f.path, Part: f.path == hostsPath, Data: f.data})
		}
	}
	return files, nil
}
