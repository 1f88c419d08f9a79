package ha

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
)

// noConfigFile in SSH.ConfigFile reads no OpenSSH configuration.
const noConfigFile = "none"

// SSHDialer returns the Dialer that logs in to the hosts of spec as it says. A host's entry in the OpenSSH
// configuration is looked up by the host's name in the Spec. A user other than root works through sudo.
//
// Files that the Spec names (keys, passphrases, sudo passwords, known_hosts) are read when a host is dialled; one that is not there is an
// error that names the host and the field.
func SSHDialer(spec Spec) transport.Dialer {
	spec = spec.withDefaults()
	return ssh.Dialer(func(name string) (ssh.Config, error) {
		h, ok := spec.host(name)
		if !ok {
			return ssh.Config{}, errors.New("the cluster file has no such host")
		}
		return spec.sshConfig(h)
	})
}

// sshConfig is how h is logged in to. Everything that is wrong is reported at once.
func (s Spec) sshConfig(h Host) (ssh.Config, error) {
	f := sshFields{spec: s, host: h}
	c := ssh.Config{
		Host:       h.Name,
		Address:    h.SSH.Address,
		Port:       h.SSH.Port,
		User:       h.SSH.User,
		ConfigFile: f.configFile(),
	}
	if c.Address == "" {
		c.Address = h.Address
	}
	if p := f.file("identityFile", h.SSH.IdentityFile, s.SSHDefaults.IdentityFile); p != "" {
		c.IdentityFiles = []string{p}
	}
	if p := f.file("knownHostsFile", h.SSH.KnownHostsFile, s.SSHDefaults.KnownHostsFile); p != "" {
		c.KnownHostsFiles = []string{p}
	}
	if p := f.file("passphraseFile", h.SSH.PassphraseFile, s.SSHDefaults.PassphraseFile); p != "" {
		c.Passphrase = func(string) (ssh.Secret, error) { return secretFile(p) }
	}
	if h.SSH.ProxyJump != "" {
		jumps, err := parseProxyJump(h.SSH.ProxyJump)
		f.failed("proxyJump", s.SSHDefaults.ProxyJump == h.SSH.ProxyJump, err)
		c.Jumps = jumps
	}
	login, err := loginName(c)
	f.failed("configFile", s.SSHDefaults.ConfigFile == h.SSH.ConfigFile, err)
	if login != "root" && err == nil {
		c.Sudo = &ssh.Sudo{}
		if p := f.file("sudoPasswordFile", h.SSH.SudoPasswordFile, s.SSHDefaults.SudoPasswordFile); p != "" {
			password, err := secretFile(p)
			f.failed("sudoPasswordFile", s.SSHDefaults.SudoPasswordFile == h.SSH.SudoPasswordFile, err)
			c.Sudo.Password = password
		}
	}
	return c, errors.Join(f.errs...)
}

// sshFields reads one host's SSH fields and collects what is wrong with them.
type sshFields struct {
	spec Spec
	host Host
	errs []error
}

// failed notes what is wrong with a field, by its path in the Spec: that of SSHDefaults where the value is from there.
func (f *sshFields) failed(field string, inherited bool, err error) {
	if err == nil {
		return
	}
	path := "sshDefaults." + field
	if !inherited {
		for i, h := range f.spec.Hosts {
			if h.Name == f.host.Name {
				path = "hosts[" + strconv.Itoa(i) + "].ssh." + field
			}
		}
	}
	f.errs = append(f.errs, fmt.Errorf("%s: %w", path, err))
}

// file returns the path that a field holds, "" where it is empty or the file cannot be had.
func (f *sshFields) file(field, value, inherited string) string {
	if value == "" {
		return ""
	}
	path := expandHome(value)
	if _, err := os.Stat(path); err != nil {
		f.failed(field, value == inherited, err)
		return ""
	}
	return path
}

// configFile is the OpenSSH configuration to read. The user's own need not exist.
func (f *sshFields) configFile() string {
	switch value := f.host.SSH.ConfigFile; value {
	case noConfigFile:
		return ""
	case "":
		own := expandHome("~/.ssh/config")
		if _, err := os.Stat(own); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return own
	default:
		return f.file("configFile", value, f.spec.SSHDefaults.ConfigFile)
	}
}

// loginName is the user whom c logs in as: its own, that of its configuration file, or this process's.
func loginName(c ssh.Config) (string, error) {
	if c.User != "" {
		return c.User, nil
	}
	if c.ConfigFile != "" {
		entry, err := ssh.ReadConfigFile(c.ConfigFile, c.Host)
		if err != nil || entry.User != "" {
			return entry.User, err
		}
	}
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return u.Username, nil
}

// secretFile reads a secret that ends at the end of the file's first line.
func secretFile(path string) (ssh.Secret, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return ssh.Secret(strings.TrimSuffix(line, "\r")), nil
}

// parseProxyJump reads OpenSSH's list of jump hosts, each [user@]host[:port] or the same as an ssh:// URI (ssh_config(5), ProxyJump).
func parseProxyJump(text string) ([]ssh.Config, error) {
	if text == "none" {
		return nil, errors.New(`"none" is not supported here: leave it out, or have no OpenSSH configuration read with configFile: none`)
	}
	var jumps []ssh.Config
	for part := range strings.SplitSeq(text, ",") {
		rest := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(part), "ssh://"), "/")
		var j ssh.Config
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			j.User, rest = rest[:at], rest[at+1:]
		}
		host, port := rest, ""
		if i := strings.LastIndexByte(rest, ':'); i >= 0 && (strings.HasSuffix(rest[:i], "]") || strings.IndexByte(rest, ':') == i) {
			host, port = rest[:i], rest[i+1:]
			n, err := strconv.ParseUint(port, 10, 16)
			if err != nil || n == 0 {
				return nil, fmt.Errorf("%q: %q is not a port", part, port)
			}
			j.Port = int(n)
		}
		if j.Host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"); j.Host == "" {
			return nil, fmt.Errorf("%q names no host", part)
		}
		jumps = append(jumps, j)
	}
	return jumps, nil
}

// expandHome replaces a leading "~/" by the home directory.
func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}
