package lbconfig

import (
	"slices"
	"time"
)

// meaning returns c in the one form that all Configs of the same meaning have: nothing is said that
// holds anyway.
func (c Config) meaning() Config {
	c.Main.Daemon = unlessFlag(c.Main.Daemon, true)
	c.Main.WorkerProcesses = unless(c.Main.WorkerProcesses, "1")
	c.Main.ErrorLogs = slices.Clone(c.Main.ErrorLogs)
	for i := range c.Main.ErrorLogs {
		c.Main.ErrorLogs[i].Level = unless(c.Main.ErrorLogs[i].Level, "error")
	}
	if c.Events != nil {
		e := *c.Events
		e.WorkerConnections = unless(e.WorkerConnections, 512)
		e.MultiAccept = unlessFlag(e.MultiAccept, false)
		e.Use = unless(e.Use, "epoll")
		e.AcceptMutex = unlessFlag(e.AcceptMutex, false)
		e.AcceptMutexDelay = unless(e.AcceptMutexDelay, 500*time.Millisecond)
		c.Events = &e
	}
	c.Stream = c.Stream.meaning()
	return c
}

// unless returns v, or nothing when v holds anyway.
func unless[T comparable](v, anyway T) T {
	if v == anyway {
		var zero T
		return zero
	}
	return v
}

func unlessFlag(v *bool, anyway bool) *bool {
	if v != nil && *v == anyway {
		return nil
	}
	return v
}

func (s Stream) meaning() Stream {
	s.LogFormats = slices.Clone(s.LogFormats)
	for i := range s.LogFormats {
		s.LogFormats[i].Escape = unless(s.LogFormats[i].Escape, "default")
	}
	s.Upstreams = slices.Clone(s.Upstreams)
	for i := range s.Upstreams {
		s.Upstreams[i] = s.Upstreams[i].meaning()
	}
	above := s.ProxySettings
	s.Servers = slices.Clone(s.Servers)
	for i, v := range s.Servers {
		v.ProxySettings = v.ProxySettings.within(above.over(nginxSettings()))
		if slices.Equal(v.Access, s.Access) {
			v.Access = nil
		}
		v.Listen = slices.Clone(v.Listen)
		for k := range v.Listen {
			v.Listen[k] = v.Listen[k].meaning()
		}
		s.Servers[i] = v
	}
	s.ProxySettings = above.within(nginxSettings())
	return s
}

func (u Upstream) meaning() Upstream {
	u.Servers = slices.Clone(u.Servers)
	for i, s := range u.Servers {
		s.Weight = unless(s.Weight, 1)
		if s.MaxFails != nil && *s.MaxFails == 1 {
			s.MaxFails = nil
		}
		if s.FailTimeout != nil && *s.FailTimeout == nginxFailTimeout {
			s.FailTimeout = nil
		}
		if s.MaxFails != nil && *s.MaxFails == 0 {
			s.FailTimeout = nil // nothing is skipped, for however long
		}
		u.Servers[i] = s
	}
	return u
}

func (l Listen) meaning() Listen {
	if key, v6, msg := listenKey(l.Address); msg == "" && !v6 {
		l.Address = key
	}
	l.Backlog = unless(l.Backlog, 511)
	l.IPv6Only = unlessFlag(l.IPv6Only, true)
	if l.SoKeepalive.Off {
		l.SoKeepalive = Keepalive{} // the system does not, unless a program asks
	}
	return l
}

// nginxSettings are nginx's own.
func nginxSettings() ProxySettings {
	return ProxySettings{
		TCPNodelay: new(true), ProxyConnectTimeout: nginxConnectTimeout, ProxyTimeout: nginxProxyTimeout, ProxySocketKeepalive: new(false),
		ProxyNextUpstream: new(true), ProxyBufferSize: 16 * KiB, ProxyHalfClose: new(false), ProxyProtocol: new(false),
		ProxyProtocolTimeout: 30 * time.Second, SSLPreread: new(false), PrereadBufferSize: 16 * KiB, PrereadTimeout: 30 * time.Second,
		ResolverTimeout: 30 * time.Second, LimitConnLogLevel: "error", LimitConnDryRun: new(false),
	}
}

// unlessSame returns v, or nothing when the block around says the same.
func unlessSame(v, above *bool) *bool {
	if above == nil {
		return v
	}
	return unlessFlag(v, *above)
}
