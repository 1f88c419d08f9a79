package lbconfig

import (
	"fmt"
	"slices"
)

// minZone is the smallest zone: eight pages of 4 KiB (src/stream/ngx_stream_upstream_zone_module.c).
const minZone = 32 * KiB

// maxZone is the largest zone that is taken: nginx writes to a part of all of it at start, and far less is ever needed.
const maxZone = 1024 * MiB

func (s Stream) validate(p *problems) {
	formats := map[string]bool{}
	for i, f := range s.LogFormats {
		path := fmt.Sprintf("Stream.LogFormats[%d]", i)
		switch {
		case f.Name == "":
			p.add(path, "empty", "no name")
		case formats[f.Name]:
			p.add(path, "duplicate-format", "duplicate \"log_format\" name %q", f.Name)
		}
		formats[f.Name] = true
		if !slices.Contains([]string{"", "default", "json", "none"}, f.Escape) {
			p.add(path+".Escape", "bad-escape", "unknown log format escaping %q", f.Escape)
		}
		p.variables(path+".Format", f.Format)
	}
	s.ProxySettings.validate(p, "Stream", formats)
	validateAccess(p, "Stream", s.Access)
	names := map[string]bool{}
	zones := map[string]Size{}
	limits := s.limitZones(p)
	for i, u := range s.Upstreams {
		path := fmt.Sprintf("Stream.Upstreams[%d]", i)
		if names[u.Name] {
			p.add(path, "duplicate-upstream", "duplicate upstream %q", u.Name)
		}
		names[u.Name] = true
		u.validate(p, path, zones)
	}
	for i, u := range s.Upstreams {
		if u.Zone.Name != "" && zones[u.Zone.Name] == 0 {
			p.add(fmt.Sprintf("Stream.Upstreams[%d].Zone", i), "bad-zone", "zero size shared memory zone %q", u.Zone.Name)
		}
		if u.Zone.Name != "" && limits[u.Zone.Name] {
			p.add(fmt.Sprintf("Stream.Upstreams[%d].Zone", i), "bad-zone", "the shared memory zone %q is already declared for a different use", u.Zone.Name)
		}
	}
	if len(s.Servers) == 0 {
		p.add("Stream.Servers", "no-server", "nothing is listened on")
	}
	s.validateLimits(p, "Stream", limits)
	s.validateSameFile(p)
	listening := map[string]bool{}
	for i, v := range s.Servers {
		path := index("Stream.Servers", i)
		v.validate(p, path, formats, names, listening)
		v.validateLimits(p, path, limits)
	}
	s.validateSockets(p)
}
