package balance

import (
	"bufio"
	"context"
	"fmt"
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
		Check:  func(dir string) error { return readLog(filepath.Join(dir, "access.log")) },
	}
}

// readLog reads every line that nginx wrote, and wants what there must be after the faults: sessions,
// backends that refused, and clients that no backend was tried for or all refused.
func readLog(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	log, err := lbconfig.NewSessionLog(lbconfig.SessionFormat())
	if err != nil {
		return err
	}
	var carried, retried, allRefused, noneTried int
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		s, err := log.Parse(lines.Text())
		switch {
		case err != nil:
			return err
		case s.Time.IsZero() || !s.Client.IsValid() || s.Status == 502 && !s.NoLiveUpstreams && len(s.Attempts) == 0:
			return fmt.Errorf("read %q as %+v", lines.Text(), s)
		case s.Status == 200 && len(s.Attempts) > 0 && s.Attempts[len(s.Attempts)-1].Connected:
			carried++
			if len(s.Attempts) > 1 {
				retried++
			}
		case s.NoLiveUpstreams:
			noneTried++
		case s.Status == 502:
			allRefused++
		}
	}
	if carried == 0 || retried == 0 || allRefused+noneTried == 0 {
		return fmt.Errorf("log: %d carried, %d of them at the second try, %d refused by all, %d not tried", carried, retried, allRefused, noneTried)
	}
	return lines.Err()
}
