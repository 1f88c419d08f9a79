package balance

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"

	"github.com/quorate-dev/quorate/lbconfig"
)

// Nginx is nginx with what lbconfig.APIServer writes for a policy.
func Nginx(policy lbconfig.Policy) Engine {
	return nginx("nginx, "+string(policy), policy, func(*lbconfig.Config) {})
}

// NginxDefaults is nginx with the names of its backends and nothing else.
func NginxDefaults() Engine {
	return nginx("nginx, its defaults", lbconfig.DeadHosts, func(c *lbconfig.Config) {
		c.Main.WorkerShutdownTimeout = 0
		u := &c.Stream.Upstreams[0]
		u.Zone, u.Balance = lbconfig.Zone{}, lbconfig.Balance{}
		for i, s := range u.Servers {
			u.Servers[i] = lbconfig.UpstreamServer{Address: s.Address}
		}
		v := &c.Stream.Servers[0]
		v.ProxySettings = lbconfig.ProxySettings{AccessLogs: v.AccessLogs}
		v.Listen[0].SoKeepalive = lbconfig.Keepalive{}
	})
}

func nginx(name string, policy lbconfig.Policy, change func(*lbconfig.Config)) Engine {
	return Engine{
		Name: name,
		Config: func(listen netip.AddrPort, backends []netip.AddrPort, dir string) ([]byte, error) {
			in := func(name string) string { return filepath.Join(dir, name) }
			cfg := lbconfig.APIServer(lbconfig.Options{Listen: []netip.AddrPort{listen}, Backends: backends, Policy: policy,
				PID: in("pid"), ErrorLog: in("error.log"), AccessLog: in("access.log"), Generation: in("generation.sock")})
			cfg.Main.Daemon = new(false)
			cfg.Main.User = "root" // a directory of one's own is not for www-data
			change(&cfg)
			if err := cfg.Validate(); err != nil {
				return nil, err
			}
			return cfg.Render()
		},
		Argv: func(dir string) []string {
			return []string{"/usr/sbin/nginx", "-c", filepath.Join(dir, "balancer.conf")}
		},
		Reload: func(_ context.Context, process *os.Process, _ string) error { return process.Signal(syscall.SIGHUP) },
	}
}
