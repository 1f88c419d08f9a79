package ssh

import (
	"context"
	"net"
	"time"
)

// hop is a Config with nothing left to look up: one connection on the way to a host.
type hop struct {
	name    string
	address string // host:port
	user    string

	hostKeyName string
	hostKeyPort int // 0: known_hosts is searched for the name alone
	knownHosts  []knownHostsFile

	identities     []identityFile
	passphrase     func(file string) (Secret, error)
	agentSocket    string // "": none
	identitiesOnly bool
	password       Secret

	timeout        time.Duration
	keepalive      time.Duration // 0 or less: none
	keepaliveCount int
	netDial        func(ctx context.Context, network, address string) (net.Conn, error)
}

// knownHostsFile is a file that must exist, or may.
type knownHostsFile struct {
	path string
	must bool
}

// identityFile is a private key that must exist, or may.
type identityFile struct {
	path string
	must bool
}
