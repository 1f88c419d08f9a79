package lbconfig

import "time"

// Server is what is listened on and where it leads.
type Server struct {
	// Listen is the addresses; at least one.
	Listen []Listen
	ProxySettings
	// Access allows and denies clients; the first rule that matches counts.
	Access []AccessRule
	// ProxyPass is an upstream's name, host:port or unix:/path. Exactly one of it and Return is set.
	ProxyPass string
	// Return is sent to who connects, and the connection closed. It may have variables.
	Return string
	// Kept is the block's other directives.
	Kept Kept
}

// AccessRule allows or denies clients.
type AccessRule struct {
	// Deny or allow.
	Deny bool
	// From is an address, a CIDR, unix: or all.
	From string
}

// Listen is one address that is listened on.
type Listen struct {
	// Address is host:port, [IPv6]:port, a port alone (of all IPv4 addresses) or unix:/path.
	Address string
	// Backlog is how many connections may wait to be taken. Unset: 511.
	Backlog int
	// Reuseport gives each worker a socket of its own.
	Reuseport bool
	// IPv6Only keeps an [::] listener from IPv4. Nil: on.
	IPv6Only *bool
	// SoKeepalive probes idle clients. Zero: as the system does, which is off.
	SoKeepalive Keepalive
	// ProxyProtocol takes the client's address from a PROXY header. Since nginx 1.11.4.
	ProxyProtocol bool
	// UDP listens for datagrams.
	UDP bool
	// Rcvbuf and Sndbuf are the sockets' buffers. Unset: the system's.
	Rcvbuf, Sndbuf Size
	// Fastopen is how many connections may wait that TCP fast open began. Unset: it is off.
	Fastopen int
	// Bind makes a socket for this address though there is one for all addresses of the port.
	Bind bool
	// Deferred waits for the client's first bytes. Since nginx 1.25.5.
	Deferred bool
	// DefaultServer takes who asks for no name of the servers here. Since nginx 1.25.5.
	DefaultServer bool
	// Multipath takes MPTCP too. Since nginx 1.29.7.
	Multipath bool
	// SSL ends TLS here, and client certificates with it, so that Validate refuses it.
	SSL bool
}

// Keepalive is TCP's probing of an idle connection.
type Keepalive struct {
	// On probes with the system's times, Off does not; the other fields are zero then.
	On, Off bool
	// Idle is how long nothing may come before the first probe, Interval the time between probes,
	// whole seconds; Count is how many may go unanswered. A zero one is the system's.
	Idle, Interval time.Duration
	Count          int
}
