package lbconfig

import (
	"fmt"
	"time"
)

func (u Upstream) validate(p *problems, path string, zones map[string]Size) {
	if u.Name == "" {
		p.add(path+".Name", "empty", "no name")
	}
	u.Zone.validate(p, path+".Zone", zones)
	u.Balance.validate(p, path+".Balance")
	if len(u.Servers) == 0 {
		p.add(path+".Servers", "no-backend", "no servers are inside upstream %q", u.Name)
		return
	}
	seen := map[string]bool{}
	primary := 0
	for i, s := range u.Servers {
		at := fmt.Sprintf("%s.Servers[%d]", path, i)
		if seen[s.Address] {
			p.add(at, "duplicate-backend", "%s is named twice", s.Address)
		}
		seen[s.Address] = true
		if s.Backup && (u.Balance.Method == Hash || u.Balance.Method == Random) {
			p.add(at+".Backup", "backup-with-method", "balancing method does not support parameter \"backup\"")
		}
		if !s.Backup {
			primary++
		}
		if s.Resolve && u.Zone.Name == "" {
			p.add(at+".Resolve", "no-zone", "resolving names at run time requires upstream %q to be in shared memory", u.Name)
		}
		s.validate(p, at)
	}
	if primary == 0 {
		p.add(path+".Servers", "all-backup", "no servers in upstream %q", u.Name)
	}
}

func (z Zone) validate(p *problems, path string, zones map[string]Size) {
	switch have := zones[z.Name]; {
	case z.Name == "" && z.Size != 0:
		p.add(path, "bad-zone", "invalid zone name \"\"")
	case z.Name == "" || z.Size == 0:
	case z.Size < minZone:
		p.add(path, "bad-zone", "zone %q is too small: %d bytes, the least is %d", z.Name, z.Size, minZone)
		zones[z.Name] = z.Size
	case z.Size > maxZone:
		p.add(path, "bad-zone", "zone %q is larger than 1 GiB", z.Name)
		zones[z.Name] = z.Size
	case have != 0 && have != z.Size:
		p.add(path, "bad-zone", "the size %d of shared memory zone %q conflicts with already declared size %d", z.Size, z.Name, have)
	default:
		zones[z.Name] = z.Size
	}
}

func (b Balance) validate(p *problems, path string) {
	switch b.Method {
	case RoundRobin, LeastConn, Hash, Random:
	default:
		p.add(path+".Method", "unknown-method", "unknown method %q", b.Method)
	}
	switch {
	case b.Method == Hash && b.Key == "":
		p.add(path+".Key", "empty", "hash has no key")
	case b.Method == Hash:
		p.variables(path+".Key", b.Key)
	case b.Key != "" || b.Consistent:
		p.add(path+".Key", "not-for-method", "a key is for hash alone")
	}
	if b.Two && b.Method != Random {
		p.add(path+".Two", "not-for-method", "two is for random alone")
	}
}

func (s UpstreamServer) validate(p *problems, path string) {
	if msg := endpointProblem(s.Address); msg != "" {
		p.add(path+".Address", "bad-address", "%s", msg)
	}
	if s.Service != "" && !s.Resolve {
		p.add(path+".Service", "no-resolve", "service needs the parameter \"resolve\"")
	}
	if s.Weight < 0 || s.MaxConns < 0 || s.MaxFails != nil && *s.MaxFails < 0 {
		p.add(path, "negative", "a weight or limit is negative")
	}
	if t := s.FailTimeout; t != nil && (*t < 0 || *t%time.Second != 0) {
		p.add(path+".FailTimeout", "bad-duration", "%s is not whole seconds", *t)
	}
}
