package ha

import (
	"context"
	"io"
	"path"
	"strings"

	"github.com/quorate-dev/quorate/lbconfig"
)

// nginxEngine is nginx's stream module, with passive checks.
type nginxEngine struct{}

func (nginxEngine) configuration(o balancerOptions) lbconfig.Config {
	return lbconfig.APIServer(lbconfig.Options{Listen: o.listen, Backends: o.backends, Generation: nginxSocket, PID: nginxPID})
}

func (e nginxEngine) render(o balancerOptions) (balancer, error) {
	cfg := e.configuration(o)
	data, err := cfg.Render()
	if err != nil {
		return balancer{}, err
	}
	generation, _, _ := cfg.Generation()
	unit := lbconfig.UnitOptions{ConfigPath: nginxConfig, PID: nginxPID, LogDirectory: balancerLogDir}
	return balancer{
		config:     managedFile{path: nginxConfig, data: string(data)},
		unit:       managedFile{path: balancerService, data: string(lbconfig.ServiceUnit(unit))},
		others:     []managedFile{{path: balancerRotation, data: string(lbconfig.LogRotation(unit))}},
		generation: generation,
	}, nil
}

func (nginxEngine) config() string { return nginxConfig }

func (nginxEngine) needs() (string, Problem) {
	return nginxStreamModule, Problem{Code: "Nginx", Message: "nginx's stream module (" + nginxStreamModule + ") is missing: install nginx and libnginx-mod-stream"}
}

func (nginxEngine) test(config string) []string { return []string{"nginx", "-t", "-q", "-c", config} }

func (nginxEngine) program() string { return "/usr/sbin/nginx" }

// generation reads what the server for that purpose says to everybody who connects.
func (nginxEngine) generation(ctx context.Context, conn *hostConn) (string, error) {
	answer, err := conn.converse(ctx, nginxSocket, "")
	return strings.TrimSpace(answer), err
}

func (nginxEngine) beforeReload(context.Context, *stepRun) error { return nil }

func (e nginxEngine) lint(o balancerOptions, env lbconfig.Env) []lbconfig.Finding {
	return e.configuration(o).Lint(env)
}

func (nginxEngine) complaints() string { return path.Join(balancerLogDir, "nginx-error.log") }

// converse sends a line to a unix socket on the host and returns the answer, "" where nobody answers.
func (h *hostConn) converse(ctx context.Context, socket, line string) (string, error) {
	t, err := h.transport(ctx)
	if err != nil {
		return "", err
	}
	c, err := t.Dial(ctx, "unix", socket)
	if err != nil {
		return "", ctx.Err() // nothing listens there
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	if line != "" {
		if _, err := io.WriteString(c, line+"\n"); err != nil {
			return "", ctx.Err()
		}
	}
	data, err := io.ReadAll(io.LimitReader(c, 1<<20))
	if err != nil {
		return "", ctx.Err()
	}
	return string(data), nil
}
