package lbconfig

import "time"

// ProxySettings is how sessions are carried; in a Stream for all servers, in a Server for itself.
type ProxySettings struct {
	// AccessLogs are written when a session ends. A Server with any has none of its Stream's.
	AccessLogs []AccessLog
	// TCPNodelay sends small packets at once. Nil: on.
	TCPNodelay *bool
	// ProxyConnectTimeout is how long one backend may take to accept. Unset: 60 s.
	ProxyConnectTimeout time.Duration
	// ProxyTimeout ends a session after this long without data. Unset: 10 m.
	ProxyTimeout time.Duration
	// ProxySocketKeepalive probes idle connections to backends. Nil: off. Since nginx 1.15.6.
	ProxySocketKeepalive *bool
	// ProxyNextUpstream tries another backend when one does not accept. Nil: on.
	ProxyNextUpstream *bool
	// ProxyNextUpstreamTimeout limits the time for that. Unset: no limit.
	ProxyNextUpstreamTimeout time.Duration
	// ProxyNextUpstreamTries limits the backends tried. Unset: all, each once.
	ProxyNextUpstreamTries int
	// ProxyBufferSize is the buffer of each direction. Unset: 16 KiB.
	ProxyBufferSize Size
	// ProxyHalfClose keeps the other direction when one is closed. Nil: off. Since nginx 1.21.4.
	ProxyHalfClose *bool
	// ProxyDownloadRate and ProxyUploadRate limit bytes a second from and to the backend, for each
	// session. Unset: no limit.
	ProxyDownloadRate, ProxyUploadRate Size
	// ProxyBind is the address that sessions to backends begin at. Zero: the system's choice.
	ProxyBind ProxyBind
	// ProxyProtocol sends a PROXY header to the backend, which an apiserver does not understand. Nil: off.
	ProxyProtocol *bool
	// ProxyRequests is after how many datagrams of a client a new session begins. Unset: no limit.
	// Since nginx 1.15.7.
	ProxyRequests int
	// ProxyResponses is how many datagrams answer one, zero for none. Nil: any number. Since nginx 1.9.13.
	ProxyResponses *int
	// ProxyProtocolTimeout is how long a client may take to send its PROXY header. Unset: 30 s.
	ProxyProtocolTimeout time.Duration
	// SSLPreread reads the name that a client asks for out of its first TLS message, which stays as
	// it is. Nil: off.
	SSLPreread *bool
	// PrereadBufferSize and PrereadTimeout limit that reading. Unset: 16 KiB and 30 s.
	PrereadBufferSize Size
	PrereadTimeout    time.Duration
	// SetRealIPFrom are the addresses and CIDRs whose PROXY header is believed.
	SetRealIPFrom []string
	// Resolver looks up names at run time, which only names with variables need.
	Resolver Resolver
	// ResolverTimeout is how long it may take. Unset: 30 s.
	ResolverTimeout time.Duration
	// LimitConns limit connections, by LimitConnZones. A Server with any has none of its Stream's.
	LimitConns []LimitConn
	// LimitConnLogLevel is info, notice, warn or error. Unset: error.
	LimitConnLogLevel string
	// LimitConnDryRun counts and does not refuse. Nil: off. Since nginx 1.17.6.
	LimitConnDryRun *bool
}

// ProxyBind is the address that sessions to backends begin at.
type ProxyBind struct {
	// Address is an IP address, one in a variable, or off.
	Address string
	// Transparent allows an address that is not the host's. Since nginx 1.11.0.
	Transparent bool
}

// Resolver is the name servers that nginx itself asks.
type Resolver struct {
	// Addresses of the name servers: host, host:port or [IPv6]:port. None: there is no resolver.
	Addresses []string
	// Valid is how long an answer counts. Unset: as long as it says.
	Valid time.Duration
	// IPv4 and IPv6 look for such addresses. Nil: on. IPv4 since nginx 1.23.1.
	IPv4, IPv6 *bool
}

// LimitConnZone counts the connections that have something in common.
type LimitConnZone struct {
	// Key is what they have in common, such as $binary_remote_addr. Clients behind one NAT have one address.
	Key string
	// Zone is memory for the counts, at least 32 KiB.
	Zone Zone
}

// LimitConn is a limit of connections.
type LimitConn struct {
	// Zone is the name of a LimitConnZone's zone.
	Zone string
	// Limit for each key, 1 to 65535.
	Limit int
}

// LogFormat is the form of an access log's lines. stream has none predefined.
type LogFormat struct {
	// Name that AccessLog refers to.
	Name string
	// Escape is default, json or none. Unset: default.
	Escape string
	// Format has variables such as $remote_addr. In a file it may be several quoted strings, which
	// nginx joins without a space.
	Format string
}

// AccessLog is one log of sessions.
type AccessLog struct {
	// Off is no log at all; nothing else is set then.
	Off bool
	// Path of the file, or syslog:....
	Path string
	// Format is a LogFormat's name. Required in stream.
	Format string
	// Buffer collects lines up to that size. Unset: each is written at once.
	Buffer Size
	// Flush writes the buffer at the latest after this long. Unset: when it is full.
	Flush time.Duration
	// Gzip is the level, 1 to 9, that the file is compressed with. Unset: it is not.
	Gzip int
	// If is a condition with variables: an empty value or 0 writes no line.
	If string
}
