package lbconfig

import "slices"

// within returns s without what a block around it that has above says anyway.
func (s ProxySettings) within(above ProxySettings) ProxySettings {
	s.TCPNodelay = unlessSame(s.TCPNodelay, above.TCPNodelay)
	s.ProxyConnectTimeout = unless(s.ProxyConnectTimeout, above.ProxyConnectTimeout)
	s.ProxyTimeout = unless(s.ProxyTimeout, above.ProxyTimeout)
	s.ProxySocketKeepalive = unlessSame(s.ProxySocketKeepalive, above.ProxySocketKeepalive)
	s.ProxyNextUpstream = unlessSame(s.ProxyNextUpstream, above.ProxyNextUpstream)
	s.ProxyNextUpstreamTimeout = unless(s.ProxyNextUpstreamTimeout, above.ProxyNextUpstreamTimeout)
	s.ProxyNextUpstreamTries = unless(s.ProxyNextUpstreamTries, above.ProxyNextUpstreamTries)
	s.ProxyBufferSize = unless(s.ProxyBufferSize, above.ProxyBufferSize)
	s.ProxyHalfClose = unlessSame(s.ProxyHalfClose, above.ProxyHalfClose)
	s.ProxyDownloadRate = unless(s.ProxyDownloadRate, above.ProxyDownloadRate)
	s.ProxyUploadRate = unless(s.ProxyUploadRate, above.ProxyUploadRate)
	s.ProxyBind = unless(s.ProxyBind, above.ProxyBind)
	s.ProxyProtocol = unlessSame(s.ProxyProtocol, above.ProxyProtocol)
	s.ProxyRequests = unless(s.ProxyRequests, above.ProxyRequests)
	s.ProxyProtocolTimeout = unless(s.ProxyProtocolTimeout, above.ProxyProtocolTimeout)
	s.SSLPreread = unlessSame(s.SSLPreread, above.SSLPreread)
	s.PrereadBufferSize = unless(s.PrereadBufferSize, above.PrereadBufferSize)
	s.PrereadTimeout = unless(s.PrereadTimeout, above.PrereadTimeout)
	s.ResolverTimeout = unless(s.ResolverTimeout, above.ResolverTimeout)
	s.LimitConnLogLevel = unless(s.LimitConnLogLevel, above.LimitConnLogLevel)
	s.LimitConnDryRun = unlessSame(s.LimitConnDryRun, above.LimitConnDryRun)
	if slices.Equal(s.AccessLogs, above.AccessLogs) {
		s.AccessLogs = nil
	}
	if slices.Equal(s.LimitConns, above.LimitConns) {
		s.LimitConns = nil
	}
	if slices.Equal(s.SetRealIPFrom, above.SetRealIPFrom) {
		s.SetRealIPFrom = nil
	}
	return s
}

// over returns s with what it does not say as below has it.
func (s ProxySettings) over(below ProxySettings) ProxySettings {
	s.TCPNodelay = orDefault(s.TCPNodelay, below.TCPNodelay)
	s.ProxyConnectTimeout = orDefault(s.ProxyConnectTimeout, below.ProxyConnectTimeout)
	s.ProxyTimeout = orDefault(s.ProxyTimeout, below.ProxyTimeout)
	s.ProxySocketKeepalive = orDefault(s.ProxySocketKeepalive, below.ProxySocketKeepalive)
	s.ProxyNextUpstream = orDefault(s.ProxyNextUpstream, below.ProxyNextUpstream)
	s.ProxyNextUpstreamTimeout = orDefault(s.ProxyNextUpstreamTimeout, below.ProxyNextUpstreamTimeout)
	s.ProxyNextUpstreamTries = orDefault(s.ProxyNextUpstreamTries, below.ProxyNextUpstreamTries)
	s.ProxyBufferSize = orDefault(s.ProxyBufferSize, below.ProxyBufferSize)
	s.ProxyHalfClose = orDefault(s.ProxyHalfClose, below.ProxyHalfClose)
	s.ProxyDownloadRate = orDefault(s.ProxyDownloadRate, below.ProxyDownloadRate)
	s.ProxyUploadRate = orDefault(s.ProxyUploadRate, below.ProxyUploadRate)
	s.ProxyBind = orDefault(s.ProxyBind, below.ProxyBind)
	s.ProxyProtocol = orDefault(s.ProxyProtocol, below.ProxyProtocol)
	s.ProxyRequests = orDefault(s.ProxyRequests, below.ProxyRequests)
	s.ProxyProtocolTimeout = orDefault(s.ProxyProtocolTimeout, below.ProxyProtocolTimeout)
	s.SSLPreread = orDefault(s.SSLPreread, below.SSLPreread)
	s.PrereadBufferSize = orDefault(s.PrereadBufferSize, below.PrereadBufferSize)
	s.PrereadTimeout = orDefault(s.PrereadTimeout, below.PrereadTimeout)
	s.ResolverTimeout = orDefault(s.ResolverTimeout, below.ResolverTimeout)
	s.LimitConnLogLevel = orDefault(s.LimitConnLogLevel, below.LimitConnLogLevel)
	s.LimitConnDryRun = orDefault(s.LimitConnDryRun, below.LimitConnDryRun)
	return s
}
