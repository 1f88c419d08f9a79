package ssh

import (
	"context"
	"net"
	"time"
)

// Config says how to reach and log in to one host. Explicit fields win over the ConfigFile, which
// wins over the defaults. The zero value plus Host is a connection as `ssh HOST` makes it without
// a configuration file, apart from questions: nothing is ever asked on a terminal.
type Config struct {
	// Host is the name that errors show, that ConfigFile is searched for, and that is connected
	// to when neither Address nor a HostName says otherwise.
	Host string
	// Address is the name or IP address to connect to and to look up in known_hosts.
	Address string
	// Port is 22 by default.
	Port int
	// User is the login; by default the name of this process's user.
	User string

	// IdentityFiles are private keys in any format that ssh-keygen writes. "~" is the home
	// directory. Without any, ~/.ssh/id_ed25519, id_ecdsa and id_rsa are tried where they exist.
	// A certificate beside a key (NAME-cert.pub) is offered first.
	IdentityFiles []string
	// Passphrase is asked for the passphrase of an encrypted key when the server wants that key,
	// at most once per file and connection. Without it, encrypted keys are only used through the agent.
	Passphrase func(file string) (Secret, error)
	// AgentSocket is the agent's socket; by default $SSH_AUTH_SOCK. NoAgent uses no agent.
	AgentSocket string
	NoAgent     bool
	// IdentitiesOnly offers no agent key that is not one of IdentityFiles.
	IdentitiesOnly bool
	// Password is tried after the keys (password and keyboard-interactive); empty: never.
	Password Secret

	// KnownHostsFiles name the host keys; all must exist. By default ~/.ssh/known_hosts,
	// ~/.ssh/known_hosts2, /etc/ssh/ssh_known_hosts and /etc/ssh/ssh_known_hosts2, as far as they
	// exist. A host that none of them knows is refused: there is no way around it.
	KnownHostsFiles []string
	// HostKeyAlias is looked up in known_hosts in place of address and port.
	HostKeyAlias string

	// ConfigFile is an OpenSSH client configuration, such as ~/.ssh/config; empty: none is read.
	// See ReadConfigFile for what is taken from it.
	ConfigFile string
	// Jumps are passed through in order to reach the host; each is resolved by itself, through
	// ConfigFile too. Where a jump neither says nor its entry in ConfigFile, it takes
	// ConfigFile, KnownHostsFiles, IdentityFiles, Passphrase, the agent's settings, timeouts and
	// NetDial from the host that it leads to; never a password.
	Jumps []Config

	// Sudo runs commands and file operations as root through sudo; nil: as the login user.
	Sudo *Sudo

	// ConnectTimeout limits the time from dialling to being logged in, for each hop; default 15 s.
	ConnectTimeout time.Duration
	// KeepaliveInterval is the time between two questions whether the server is there; default
	// 5 s, negative: never. After KeepaliveCount (default 3) without an answer the connection is
	// given up and what runs over it fails with transport.ErrUnknownOutcome.
	KeepaliveInterval time.Duration
	KeepaliveCount    int

	// MaxSessions limits the commands that run at once over the connection; more wait for their
	// turn. Default 8: OpenSSH allows 10, and ending a command needs one. When the server allows
	// fewer, the limit follows.
	MaxSessions int

	// NetDial opens the network connection to the host (to the first jump, if there are any);
	// by default net.Dialer.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)

	fallback *Config // of a jump: the host that it leads to
}

// Sudo says that everything on the host runs through sudo(8) as root.
type Sudo struct {
	// Password is given to sudo when it asks, over the encrypted connection and sudo's standard
	// input: it is in no argument, environment or error. Empty: sudo must not ask (NOPASSWD).
	Password Secret
}

const (
	defaultConnectTimeout = 15 * time.Second
	defaultKeepalive      = 5 * time.Second
	defaultKeepaliveCount = 3
	defaultMaxSessions    = 8
)
