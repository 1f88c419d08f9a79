package kapi

import (
	"errors"
)

// TokenUser returns who a bootstrap token stands for. The World's lock is held.
func (s *Store) TokenUser(token string) (string, error) {
	u, ok := s.bootstrapToken(token, s.World.NowLocked())
	if !ok {
		return "", errors.New("Unauthorized")
	}
	return u.name, nil
}

// EmptyNamespace removes everything in a namespace. The World's lock is held.
func (s *Store) EmptyNamespace(ns string) {
	for _, r := range s.resources {
		if !r.Namespaced {
			continue
		}
		for _, o := range s.List(r, ns) {
			s.remove(r, o)
		}
	}
}
