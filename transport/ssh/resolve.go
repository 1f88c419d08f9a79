package ssh

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// maxHops ends a chain of jumps that leads back to itself.
const maxHops = 16

// resolve turns cfg into the hops to take: its jumps, then the host itself. All that is wrong is
// reported at once.
func resolve(cfg Config) ([]hop, error) {
	if cfg.Host == "" {
		cfg.Host = cfg.Address
	}
	if cfg.Host == "" {
		return nil, errors.New("neither Host nor Address is set")
	}
	return resolvePath(cfg, maxHops)
}

func resolvePath(cfg Config, left int) ([]hop, error) {
	if left == 0 {
		return nil, fmt.Errorf("%s: more than %d jumps, or jumps that lead back to themselves", cfg.Host, maxHops)
	}
	self, via, err := resolveHop(cfg)
	errs := []error{err}
	if cfg.Host == "" {
		errs = append(errs, errors.New("a jump has neither Host nor Address"))
	}
	jumps := cfg.Jumps
	if len(jumps) == 0 {
		jumps = via
	}
	var path []hop
	for i, j := range jumps {
		j = inherit(j, cfg)
		if i == 0 {
			before, err := resolvePath(j, left-1)
			path, errs = append(path, before...), append(errs, err)
			continue
		}
		if len(j.Jumps) > 0 {
			errs = append(errs, fmt.Errorf("jump %s: only the first jump can have jumps of its own", j.Host))
			continue
		}
		// Its way is the jump before it, whatever its own entry says.
		h, _, err := resolveHop(j)
		path, errs = append(path, h), append(errs, err)
	}
	return append(path, self), errors.Join(errs...)
}

// inherit fills in what a jump takes from the host that it leads to. What its entry in ConfigFile
// says still comes first, because only defaults are looked up after that: see resolveHop.
func inherit(j, from Config) Config {
	if j.Host == "" {
		j.Host = j.Address
	}
	if j.ConfigFile == "" {
		j.ConfigFile = from.ConfigFile
	}
	base := Config{}
	if from.fallback != nil {
		base = *from.fallback
	}
	j.fallback = &Config{
		IdentityFiles:     firstList(from.IdentityFiles, base.IdentityFiles),
		KnownHostsFiles:   firstList(from.KnownHostsFiles, base.KnownHostsFiles),
		Passphrase:        from.Passphrase,
		AgentSocket:       first(from.AgentSocket, base.AgentSocket),
		NoAgent:           from.NoAgent || base.NoAgent,
		IdentitiesOnly:    from.IdentitiesOnly || base.IdentitiesOnly,
		ConnectTimeout:    first(from.ConnectTimeout, base.ConnectTimeout),
		KeepaliveInterval: first(from.KeepaliveInterval, base.KeepaliveInterval),
		KeepaliveCount:    first(from.KeepaliveCount, base.KeepaliveCount),
		NetDial:           from.NetDial,
	}
	if j.fallback.Passphrase == nil {
		j.fallback.Passphrase = base.Passphrase
	}
	if j.fallback.NetDial == nil {
		j.fallback.NetDial = base.NetDial
	}
	return j
}

// firstList returns the first list that is not empty.
func firstList(lists ...[]string) []string {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

// resolveHop looks up everything about one host; the jumps are those of its entry in ConfigFile.
func resolveHop(cfg Config) (hop, []Config, error) {
	entry, err := readEntry(cfg)
	if err != nil {
		return hop{}, nil, err
	}
	back := Config{}
	if cfg.fallback != nil {
		back = *cfg.fallback
	}
	h := hop{
		name:           cfg.Host,
		user:           first(cfg.User, entry.User, currentUser()),
		identitiesOnly: cfg.IdentitiesOnly || entry.IdentitiesOnly || back.IdentitiesOnly,
		password:       cfg.Password,
		passphrase:     cfg.Passphrase,
		timeout:        first(cfg.ConnectTimeout, entry.ConnectTimeout, back.ConnectTimeout, defaultConnectTimeout),
		keepalive:      first(cfg.KeepaliveInterval, entry.KeepaliveInterval, back.KeepaliveInterval, defaultKeepalive),
		keepaliveCount: first(cfg.KeepaliveCount, entry.KeepaliveCount, back.KeepaliveCount, defaultKeepaliveCount),
		netDial:        cfg.NetDial,
	}
	if h.passphrase == nil {
		h.passphrase = back.Passphrase
	}
	if h.netDial == nil {
		h.netDial = back.NetDial
	}
	var errs []error
	name := first(cfg.Address, entry.Address, cfg.Host)
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	port := first(cfg.Port, entry.Port, 22)
	if port < 1 || port > 65535 {
		errs = append(errs, fmt.Errorf("%s: port %d is not from 1 to 65535", cfg.Host, port))
	}
	h.address = net.JoinHostPort(name, strconv.Itoa(port))
	h.hostKeyName, h.hostKeyPort = name, port
	if alias := first(cfg.HostKeyAlias, entry.HostKeyAlias); alias != "" {
		h.hostKeyName, h.hostKeyPort = alias, 0
	}

	home, _ := os.UserHomeDir()
	h.identities = identityFiles(home, cfg.IdentityFiles, entry.IdentityFiles, back.IdentityFiles)
	h.knownHosts = knownHostsFiles(home, cfg.KnownHostsFiles, entry.KnownHostsFiles, back.KnownHostsFiles)
	if !cfg.NoAgent && !back.NoAgent {
		h.agentSocket = expandHome(home, first(cfg.AgentSocket, entry.AgentSocket, back.AgentSocket, os.Getenv("SSH_AUTH_SOCK")))
		if h.agentSocket == "none" {
			h.agentSocket = ""
		}
	}
	return h, entry.Jumps, errors.Join(errs...)
}

// identityFiles picks the first list that names any. Files that nobody named need not exist.
func identityFiles(home string, lists ...[]string) []identityFile {
	for i, list := range lists {
		var files []identityFile
		for _, f := range list {
			// Entries of an OpenSSH configuration may name keys that this machine does not have.
			files = append(files, identityFile{path: expandHome(home, f), must: i != 1})
		}
		if len(files) > 0 {
			return files
		}
	}
	var files []identityFile
	for _, f := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		files = append(files, identityFile{path: filepath.Join(home, ".ssh", f)})
	}
	return files
}

// knownHostsFiles picks the first list that names any, with the same rule.
func knownHostsFiles(home string, lists ...[]string) []knownHostsFile {
	for i, list := range lists {
		var files []knownHostsFile
		for _, f := range list {
			files = append(files, knownHostsFile{path: expandHome(home, f), must: i != 1})
		}
		if len(files) > 0 {
			return files
		}
	}
	return []knownHostsFile{
		{path: filepath.Join(home, ".ssh", "known_hosts")}, {path: filepath.Join(home, ".ssh", "known_hosts2")},
		{path: "/etc/ssh/ssh_known_hosts"}, {path: "/etc/ssh/ssh_known_hosts2"},
	}
}

// expandHome replaces a leading "~/".
func expandHome(home, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return path
}

// currentUser is the name of this process's user; on Windows without its domain.
func currentUser() string {
	u, err := user.Current()
	if err != nil {
		return os.Getenv("USER")
	}
	return u.Username[strings.LastIndexByte(u.Username, '\\')+1:]
}

// first returns the first value that is not zero.
func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}
