package balancer

import (
	"fmt"
	"path"
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/lbconfig"
)

// DefaultConfig is the distribution's own file, with its own unit.
const DefaultConfig = "/etc/nginx/nginx.conf"

// Load reads and checks a configuration file as nginx -t does. The error is what nginx prints.
func Load(h *machine.Host, file string) (lbconfig.Config, error) {
	data, err := h.FS.Read(file)
	if err != nil {
		return lbconfig.Config{}, fmt.Errorf("open() %q failed (2: No such file or directory)", file)
	}
	cfg, err := lbconfig.ParseStrict(data)
	if err != nil {
		return cfg, fmt.Errorf("%w in %s", err, file)
	}
	if err := cfg.ValidateOn(lbconfig.DebianBuild()); err != nil {
		return cfg, fmt.Errorf("%w in %s", err, file)
	}
	files := []string{cfg.Main.PID}
	for _, l := range cfg.Main.ErrorLogs {
		files = append(files, l.Path)
	}
	settings := []lbconfig.ProxySettings{cfg.Stream.ProxySettings}
	for _, s := range cfg.Stream.Servers {
		settings = append(settings, s.ProxySettings)
	}
	for _, s := range settings {
		for _, l := range s.AccessLogs {
			files = append(files, l.Path)
		}
	}
	for _, f := range files {
		if path.IsAbs(f) && !h.FS.Exists(path.Dir(f)) {
			return cfg, fmt.Errorf("open() %q failed (2: No such file or directory)", f)
		}
	}
	for _, u := range cfg.Stream.Upstreams {
		for _, s := range u.Servers {
			if strings.HasPrefix(s.Address, "unix:") {
				continue
			}
			if _, err := h.ResolveAddress(s.Address); err != nil {
				return cfg, fmt.Errorf("host not found in upstream %q in %s", s.Address, file)
			}
		}
	}
	return cfg, nil
}
