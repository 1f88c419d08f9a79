package ha

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/quorate-dev/quorate/lbconfig"
)

// balancer is what one host's balancer gets: its nginx's file and unit, and what proves that it runs them.
type balancer struct {
	config, unit, rotation managedFile
	generation             string
	err                    error
}

// files are the balancer's files; the configuration comes last, since its being current is what counts.
func (b balancer) files() []managedFile { return []managedFile{b.unit, b.rotation, b.config} }

// balancerOf returns the balancer in front of the apiservers of backends. It is the same on every host.
func (s Spec) balancerOf(backends []Host) balancer {
	options := lbconfig.Options{Generation: balancerSocket, PID: balancerPID}
	for _, h := range backends {
		addr, err := netip.ParseAddr(h.Address)
		if err != nil {
			return balancer{err: err}
		}
		options.Backends = append(options.Backends, netip.AddrPortFrom(addr, uint16(s.apiServerPort())))
	}
	options.Listen = s.listenAddresses()
	cfg := lbconfig.APIServer(options)
	data, err := cfg.Render()
	if err != nil {
		return balancer{err: err}
	}
	generation, _, _ := cfg.Generation()
	unit := lbconfig.UnitOptions{ConfigPath: balancerConfig, PID: balancerPID, LogDirectory: balancerLogDir}
	return balancer{
		config:     managedFile{path: balancerConfig, data: string(data)},
		unit:       managedFile{path: balancerService, data: string(lbconfig.ServiceUnit(unit))},
		rotation:   managedFile{path: balancerRotation, data: string(lbconfig.LogRotation(unit))},
		generation: generation,
	}
}

// listenAddresses are where a balancer listens: on loopback where only its own host uses it, and
// everywhere where others do.
func (s Spec) listenAddresses() []netip.AddrPort {
	port := uint16(s.Endpoint.Port)
	_, err := netip.ParseAddr(s.Endpoint.Host)
	if s.LoadBalancer.Placement == PlacementLocal && err != nil {
		return []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
	}
	return []netip.AddrPort{netip.AddrPortFrom(netip.IPv4Unspecified(), port)}
}

// planBalancers has every balancer send connections to backends, and no others. what names the steps; after are the steps that make
// it right to do so.
func (b *planner) planBalancers(what string, backends []Host, after []string) {
	want := b.spec.balancerOf(backends)
	for _, h := range b.spec.Hosts {
		if f := b.obs.hosts[h.Name]; f != nil && b.spec.balances(h) {
			b.planBalancer(f, what, backends, want, after)
		}
	}
}

func (b *planner) planBalancer(f *hostFacts, what string, backends []Host, want balancer, after []string) {
	name, u := f.host.Name, f.units[balancerUnit]
	b.files(name, want.files()...)
	current := f.holds(want.files()...) && f.generation == want.generation && u.running() && u.enabled()
	if current {
		return
	}
	if previous := b.lastBalancerStep(name); previous != "" {
		after = append([]string{previous}, after...)
	}
	after = append(b.planned(name, "hosts-file"), after...)
	old := b.lastBalancerConfig(f)
	names := make([]string, len(backends))
	for i, h := range backends {
		names[i] = h.Name
	}
	changes := []Change{}
	if b.lastBalancerStep(name) == "" && !f.holds(want.rotation) {
		changes = append(changes, fileChange(balancerRotation, f.file(balancerRotation), want.rotation.data))
	}
	if b.lastBalancerStep(name) == "" && f.file(balancerService) != want.unit.data {
		changes = append(changes, fileChange(balancerService, f.file(balancerService), want.unit.data), runChange("systemctl", "daemon-reload"))
	}
	if old != want.config.data {
		changes = append(changes, fileChange(balancerConfig, old, want.config.data))
	}
	if b.lastBalancerStep(name) == "" && !(u.running() && u.enabled()) {
		changes = append(changes, runChange("systemctl", "enable", "--now", balancerUnit))
	} else {
		changes = append(changes, runChange("systemctl", "reload", balancerUnit))
	}
	b.add(step{
		Step: Step{ID: stepID(name, what), Host: name, Title: "the balancer sends connections to " + strings.Join(names, ", "), After: after, Limit: limitShort, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) { return r.balancerCurrent(ctx, want) },
		do:   func(ctx context.Context, r *stepRun) error { return r.applyBalancer(ctx, want) },
	})
}

// lastBalancerStep is the balancer's step that the plan already has for a host.
func (b *planner) lastBalancerStep(host string) string {
	last := ""
	for _, s := range b.steps {
		if s.Host == host && strings.HasPrefix(s.ID, stepID(host, "balancer")) {
			last = s.ID
		}
	}
	return last
}

// lastBalancerConfig is the file as the plan's earlier steps leave it.
func (b *planner) lastBalancerConfig(f *hostFacts) string {
	config := f.file(balancerConfig)
	if files := b.rendered[f.host.Name]; b.lastBalancerStep(f.host.Name) != "" {
		seen := 0
		for i := len(files) - 1; i >= 0; i-- {
			if files[i].path == balancerConfig {
				if seen++; seen == 2 { // the last is the one being planned
					return files[i].data
				}
			}
		}
	}
	return config
}

func (r *stepRun) balancerCurrent(ctx context.Context, want balancer) (bool, error) {
	if want.err != nil {
		return false, want.err
	}
	if ok, err := filesCurrent(ctx, r.conn, want.files()...); !ok {
		return false, err
	}
	u, err := r.unit(ctx, balancerUnit)
	if err != nil || !u.running() || !u.enabled() {
		return false, err
	}
	err = r.awaitGeneration(ctx, want.generation, workerPatience)
	if errors.Is(err, errOldGeneration) {
		return false, nil
	}
	return err == nil, err
}

// workerPatience is for nginx's old workers, which accept connections for a moment beside the new ones: the master tells them to
// quit 100 ms after it started those (src/os/unix/ngx_process_cycle.c), and later where the host is busy.
const workerPatience = 2 * time.Second

// errOldGeneration says that nginx never answered with the configuration that was asked for.
var errOldGeneration = errors.New("nginx does not answer with its new configuration")

// awaitGeneration asks the balancer until it answers with a generation.
func (r *stepRun) awaitGeneration(ctx context.Context, want string, patience time.Duration) error {
	err := wait.PollUntilContextTimeout(ctx, pollInterval/5, patience, true, func(ctx context.Context) (bool, error) {
		generation, err := balancerGeneration(ctx, r.conn)
		return generation == want, err
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w after %s: %w", errOldGeneration, patience, err)
	}
	return err
}

// reloadPatience is how long nginx may take to answer with its new configuration.
const reloadPatience = 20 * time.Second

// applyBalancer puts a tested file in place and waits until nginx answers with it: `systemctl start` of an nginx that
// runs already succeeds and loads nothing, and `nginx -s reload` succeeds and keeps the old configuration when a
// port is taken.
func (r *stepRun) applyBalancer(ctx context.Context, want balancer) error {
	if want.err != nil {
		return want.err
	}
	u, err := r.unit(ctx, balancerUnit)
	if err != nil {
		return err
	}
	old, err := stale(ctx, r.conn, want.files()...)
	if err != nil {
		return err
	}
	// nginx -t binds, logs and writes its pid as a start would: the directories have to be there.
	if err := r.stream(ctx, "mkdir", "-p", balancerRunDir, balancerLogDir); err != nil {
		return err
	}
	candidate := managedFile{path: balancerConfig + ".next", data: want.config.data}
	if err := writeFiles(ctx, r.conn, candidate); err != nil {
		return err
	}
	if err := r.stream(ctx, "nginx", "-t", "-q", "-c", candidate.path); err != nil {
		return err
	}
	if err := writeFiles(ctx, r.conn, old...); err != nil {
		return err
	}
	commands := [][]string{{"rm", "-f", candidate.path}}
	if u.outdated || slices.Contains(old, want.unit) {
		commands = append(commands, []string{"systemctl", "daemon-reload"})
	}
	if u.running() && u.enabled() {
		commands = append(commands, []string{"systemctl", "reload", balancerUnit})
	} else {
		commands = append(commands, []string{"systemctl", "enable", "--now", balancerUnit})
	}
	for _, argv := range commands {
		if err := r.stream(ctx, argv...); err != nil {
			return err
		}
	}
	err = r.awaitGeneration(ctx, want.generation, reloadPatience)
	if errors.Is(err, errOldGeneration) {
		return fmt.Errorf("%w (see `journalctl -u %s` and %s)", err, balancerUnit, path.Join(balancerLogDir, "nginx-error.log"))
	}
	return err
}
