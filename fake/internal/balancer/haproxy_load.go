package balancer

import (
	"crypto/x509"
	"fmt"
	"path"
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/lbconfig"
)

// HAProxyFile is the file that a command line of haproxy names.
func HAProxyFile(argv []string) string {
	for i, a := range argv {
		if a == "-f" && i+1 < len(argv) {
			return argv[i+1]
		}
	}
	return ""
}

// complaint is an error in HAProxy's own words, which begin with a capital letter.
type complaint string

func (c complaint) Error() string { return string(c) }

// LoadHAProxy reads and checks a configuration file as haproxy -c does. The error is what haproxy prints.
func LoadHAProxy(h *machine.Host, file string) (lbconfig.HAProxyConfig, error) {
	data, err := h.FS.Read(file)
	if err != nil {
		return lbconfig.HAProxyConfig{}, complaint("Cannot open configuration file/directory " + file + " : No such file or directory")
	}
	c, err := lbconfig.ParseHAProxy(data)
	if err != nil {
		return c, fmt.Errorf("parsing [%s]: %w", file, err)
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("config : %w", err)
	}
	for _, who := range []struct{ kind, file, name string }{{"user", "/etc/passwd", c.Global.User}, {"group", "/etc/group", c.Global.Group}} {
		known, _ := h.FS.Read(who.file) // an absent file knows nobody
		if who.name != "" && !strings.Contains("\n"+string(known), "\n"+who.name+":") {
			return c, fmt.Errorf("parsing [%s]: cannot find %s id for '%s'", file, who.kind, who.name)
		}
	}
	for _, b := range c.Backends {
		settings := []lbconfig.HAProxyServerSettings{b.DefaultServer}
		for _, s := range b.Servers {
			settings = append(settings, s.HAProxyServerSettings)
		}
		for _, s := range settings {
			if _, err := trusted(h, s.CAFile); err != nil {
				return c, fmt.Errorf("config : %w", err)
			}
			if s.MaxConn != 0 || s.Weight > 1 {
				return c, fmt.Errorf("simulated haproxy: backend %s: weight and maxconn are not simulated", b.Name)
			}
		}
		switch b.Balance {
		case "", lbconfig.HAProxyRoundRobin, lbconfig.HAProxyLeastConn:
		default:
			return c, fmt.Errorf("simulated haproxy: backend %s: balance %s is not simulated", b.Name, b.Balance)
		}
	}
	return c, nil
}

// trusted reads a CA file; nil for none.
func trusted(h *machine.Host, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := h.FS.Read(file)
	if err != nil {
		return nil, fmt.Errorf("unable to stat SSL CA file '%s'", file)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("unable to load SSL CA file '%s'", file)
	}
	return pool, nil
}

// statesIn reads an answer of `show servers state`: which servers of which backends were up.
func statesIn(text string) map[string]bool {
	up := map[string]bool{}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) > 12 && f[0] != "#" {
			up[f[1]+"/"+f[3]] = f[5] == "2"
		}
	}
	return up
}

// socketDir is the directory in which the stats socket is made.
func socketDir(c lbconfig.HAProxyConfig) string { return path.Dir(c.Global.StatsSocket.Path) }
