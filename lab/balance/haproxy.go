package balance

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"

	"github.com/quorate-dev/quorate/lbconfig"
)

// HAProxy is HAProxy with what lbconfig.HAProxy writes, without the cluster's CA.
func HAProxy() Engine {
	return Engine{
		Name: "haproxy",
		Config: func(listen netip.AddrPort, backends []netip.AddrPort, dir string) ([]byte, error) {
			in := func(name string) string { return filepath.Join(dir, name) }
			cfg := lbconfig.HAProxy(lbconfig.HAProxyOptions{Listen: []netip.AddrPort{listen}, Backends: backends,
				User: "root", Group: "root", Socket: in("stats.sock"), State: in("state")}) // a directory of one's own is not for haproxy
			if err := cfg.Validate(); err != nil {
				return nil, err
			}
			return cfg.Render()
		},
		Argv: func(dir string) []string {
			return []string{"/usr/sbin/haproxy", "-W", "-f", filepath.Join(dir, "balancer.conf"), "-p", filepath.Join(dir, "pid")}
		},
		Reload: func(ctx context.Context, process *os.Process, dir string) error {
			if err := saveState(ctx, filepath.Join(dir, "stats.sock"), filepath.Join(dir, "state")); err != nil {
				return err
			}
			return process.Signal(syscall.SIGUSR2)
		},
	}
}

// saveState keeps what the running process knows of its servers for the one that takes over.
func saveState(ctx context.Context, socket, path string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "show servers state\n"); err != nil {
		return err
	}
	state, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, state, 0o600)
}
