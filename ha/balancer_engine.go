package ha

import (
	"context"
	"net/netip"

	"github.com/quorate-dev/quorate/lbconfig"
)

// engine is what is particular to a program that balances.
type engine interface {
	// render returns what a host gets.
	render(o balancerOptions) (balancer, error)
	// config is the path of its configuration.
	config() string
	// needs is a file that is there where the program is installed, and missing what to say where it is not.
	needs() (path string, missing Problem)
	// test is the command that judges a configuration.
	test(config string) []string
	// program is what the unit runs.
	program() string
	// generation asks a host's balancer which configuration it runs; "" where none answers.
	generation(ctx context.Context, conn *hostConn) (string, error)
	// beforeReload prepares a reload.
	beforeReload(ctx context.Context, r *stepRun) error
	// lint says what is unwise in the file that render makes.
	lint(o balancerOptions, env lbconfig.Env) []lbconfig.Finding
	// complaints says where the program complains.
	complaints() string
}

// balancerOptions is what decides a balancer's files.
type balancerOptions struct {
	listen, backends []netip.AddrPort
	// balancers is how many hosts run one.
	balancers int
	// ca is the path of the cluster's CA certificate on the host, "" before there is one.
	ca string
}

// engine returns the Spec's.
func (s Spec) engine() engine {
	if s.LoadBalancer.Engine == EngineHAProxy {
		return haproxyEngine{}
	}
	return nginxEngine{}
}

// obsolete are the files that another engine has left on a host, and that this one has no use for.
func (b balancer) obsolete() []string {
	var left []string
	for _, p := range []string{nginxConfig, balancerRotation, haproxyConfig} {
		wanted := false
		for _, f := range b.files() {
			wanted = wanted || f.path == p
		}
		if !wanted {
			left = append(left, p)
		}
	}
	return left
}
