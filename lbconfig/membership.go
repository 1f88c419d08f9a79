package lbconfig

import (
	"fmt"
	"slices"
)

// AddBackend returns c with one more backend in an upstream: like the first one there, without its
// weight, its limits of connections and its being down or a backup. Where one of that address is, nothing changes. It
// fails when there is no upstream of that name.
//
// The server that answers with a hash (see Generation) is not made anew; APIServer does that.
func (c Config) AddBackend(upstream, address string) (Config, error) {
	return c.changeUpstream(upstream, func(u *Upstream) error {
		if slices.ContainsFunc(u.Servers, func(s UpstreamServer) bool { return s.Address == address }) {
			return nil
		}
		s := UpstreamServer{Address: address}
		if len(u.Servers) > 0 {
			s.MaxFails, s.FailTimeout = u.Servers[0].MaxFails, u.Servers[0].FailTimeout
		}
		u.Servers = append(u.Servers, s)
		return nil
	})
}

// RemoveBackend returns c without a backend. It fails when there is no such upstream, and when the
// backend is the last one there, without which nginx does not start. No such backend is nothing to do.
func (c Config) RemoveBackend(upstream, address string) (Config, error) {
	return c.changeUpstream(upstream, func(u *Upstream) error {
		left := slices.DeleteFunc(u.Servers, func(s UpstreamServer) bool { return s.Address == address })
		if len(left) == 0 && len(u.Servers) > 0 {
			return fmt.Errorf("%s is the last backend", address)
		}
		u.Servers = left
		return nil
	})
}

// SetDown returns c with a backend down, or up again: sessions that it has go on, new ones go
// elsewhere. It fails when there is no such upstream or backend.
func (c Config) SetDown(upstream, address string, down bool) (Config, error) {
	return c.changeBackend(upstream, address, func(s *UpstreamServer) { s.Down = down })
}

// SetWeight returns c with a backend of another weight, zero for nginx's 1.
func (c Config) SetWeight(upstream, address string, weight int) (Config, error) {
	return c.changeBackend(upstream, address, func(s *UpstreamServer) { s.Weight = weight })
}

func (c Config) changeBackend(upstream, address string, change func(*UpstreamServer)) (Config, error) {
	return c.changeUpstream(upstream, func(u *Upstream) error {
		for i := range u.Servers {
			if u.Servers[i].Address == address {
				change(&u.Servers[i])
				return nil
			}
		}
		return fmt.Errorf("no backend %s", address)
	})
}

// changeUpstream changes one upstream in a copy of c.
func (c Config) changeUpstream(name string, change func(*Upstream) error) (Config, error) {
	c.Stream.Upstreams = slices.Clone(c.Stream.Upstreams)
	for i := range c.Stream.Upstreams {
		u := &c.Stream.Upstreams[i]
		if u.Name != name {
			continue
		}
		u.Servers = slices.Clone(u.Servers)
		if err := change(u); err != nil {
			return Config{}, fmt.Errorf("lbconfig: upstream %s: %w", name, err)
		}
		return c, nil
	}
	return Config{}, fmt.Errorf("lbconfig: no upstream %s", name)
}
