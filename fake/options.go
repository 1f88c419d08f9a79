package fake

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// Option is a setting of New, Run and Test.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

type config struct {
	controlPlanes, workers int
	version                string
	extra                  []HostSpec
	permissive             bool
}

// ControlPlanes adds n hosts for control planes: cp1, cp2, … with addresses from 10.0.0.11 on.
func ControlPlanes(n int) Option { return option(func(c *config) { c.controlPlanes = n }) }

// Workers adds n hosts for workers: w1, w2, … with addresses from 10.0.0.21 on.
func Workers(n int) Option { return option(func(c *config) { c.workers = n }) }

// KubernetesVersion is the version of the kubeadm, kubelet and kubectl that are installed. Default: v1.37.2.
func KubernetesVersion(v string) Option { return option(func(c *config) { c.version = v }) }

// AddHost adds a host of your own.
func AddHost(h HostSpec) Option { return option(func(c *config) { c.extra = append(c.extra, h) }) }

// Permissive makes a command that is not simulated fail, and not the test with it.
func Permissive() Option { return option(func(c *config) { c.permissive = true }) }

// HostSpec is a host to be made. The zero value of every field but Name and Address is a default.
type HostSpec struct {
	// Name is how the simulation, and a Dialer's caller, calls the host.
	Name string
	// Address is its IPv4 address.
	Address string
	// Hostname is what the installer named it. Default: "debian", as every host.
	Hostname string
	// CPUs it has. Default: 2.
	CPUs int
	// MemoryMB it has. Default: 4096.
	MemoryMB int
	// NoSwap makes a host without a swap partition.
	NoSwap bool
	// KubernetesVersion of what is installed. Default: the cluster's.
	KubernetesVersion string
}

func (h HostSpec) machine(version string) machine.Config {
	out := machine.Config{Name: h.Name, Addr: netip.MustParseAddr(h.Address), Hostname: h.Hostname, CPUs: 2, MemoryMB: 4096, OS: "debian12", KubernetesVersion: version, NoSwap: h.NoSwap}
	if h.CPUs != 0 {
		out.CPUs = h.CPUs
	}
	if h.MemoryMB != 0 {
		out.MemoryMB = h.MemoryMB
	}
	if h.KubernetesVersion != "" {
		out.KubernetesVersion = h.KubernetesVersion
	}
	return out
}

// hosts checks the options and lists the hosts.
func (c *config) hosts() ([]HostSpec, error) {
	var out []HostSpec
	first := func(base, i int) string {
		a := netip.AddrFrom4([4]byte{10, 0, 0, byte(base)})
		for range i {
			a = a.Next()
		}
		return a.String()
	}
	if c.controlPlanes > 10 && c.workers > 0 {
		return nil, errors.New("fake: more than 10 control planes leave no addresses for workers")
	}
	for i := range c.controlPlanes {
		out = append(out, HostSpec{Name: fmt.Sprintf("cp%d", i+1), Address: first(11, i)})
	}
	for i := range c.workers {
		out = append(out, HostSpec{Name: fmt.Sprintf("w%d", i+1), Address: first(21, i)})
	}
	out = append(out, c.extra...)
	var errs []error
	if len(out) == 0 {
		errs = append(errs, errors.New("fake: no hosts: give ControlPlanes, Workers or AddHost"))
	}
	names, addresses := map[string]bool{}, map[string]bool{outsideAddress: true}
	for _, h := range out {
		a, err := netip.ParseAddr(h.Address)
		switch {
		case h.Name == "":
			errs = append(errs, errors.New("fake: a host has no name"))
		case names[h.Name]:
			errs = append(errs, fmt.Errorf("fake: two hosts are named %s", h.Name))
		case err != nil || !a.Is4():
			errs = append(errs, fmt.Errorf("fake: host %s: %q is not an IPv4 address", h.Name, h.Address))
		case addresses[h.Address]:
			errs = append(errs, fmt.Errorf("fake: host %s: address %s is taken", h.Name, h.Address))
		}
		names[h.Name], addresses[h.Address] = true, true
		v := h.KubernetesVersion
		if v == "" {
			v = c.version
		}
		if parsed, err := kubeadmcfg.ParseVersion(v); err != nil {
			errs = append(errs, fmt.Errorf("fake: host %s: %w", h.Name, err))
		} else if err := parsed.Supported(); err != nil {
			errs = append(errs, fmt.Errorf("fake: host %s: %w", h.Name, err))
		}
	}
	return out, errors.Join(errs...)
}
