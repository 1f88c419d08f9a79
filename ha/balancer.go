package ha

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// balancer is what one host's balancer gets: its program's file and unit, and what proves that it runs them.
type balancer struct {
	config, unit managedFile
	others       []managedFile
	generation   string
	// caFrom is the control plane whose CA certificate the host gets a copy of; a zero Host where it gets none.
	caFrom Host
	err    error
}

// files are the balancer's files; the configuration comes last, since its being current is what counts.
func (b balancer) files() []managedFile {
	return append(append([]managedFile{b.unit}, b.others...), b.config)
}

// balancerOf returns the balancer in front of the apiservers of backends. It is the same on every host but for ca, the path
// of the cluster's CA certificate there; "" before there is one.
func (s Spec) balancerOf(backends []Host, ca string) balancer {
	o, err := s.balancerOptions(backends, ca)
	if err != nil {
		return balancer{err: err}
	}
	b, err := s.engine().render(o)
	b.err = err
	return b
}

// balancerOptions returns what decides the files of a balancer in front of the apiservers of backends.
func (s Spec) balancerOptions(backends []Host, ca string) (balancerOptions, error) {
	o := balancerOptions{listen: s.listenAddresses(), ca: ca}
	for _, h := range backends {
		addr, err := netip.ParseAddr(h.Address)
		if err != nil {
			return o, err
		}
		o.backends = append(o.backends, netip.AddrPortFrom(addr, uint16(s.apiServerPort())))
	}
	for _, h := range s.Hosts {
		if s.balances(h) {
			o.balancers++
		}
	}
	return o, nil
}

// balancerFor returns a host's balancer as it should be by now: with the CA certificate where the host has it.
func (b *planner) balancerFor(f *hostFacts, backends []Host) balancer {
	if b.trusts(f) {
		return b.spec.balancerOf(backends, balancerCA(f.host))
	}
	return b.spec.balancerOf(backends, "")
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
	for _, h := range b.spec.Hosts {
		if f := b.obs.hosts[h.Name]; f != nil && b.spec.balances(h) {
			b.planBalancer(f, what, backends, b.balancerFor(f, backends), after)
		}
	}
}

func (b *planner) planBalancer(f *hostFacts, what string, backends []Host, want balancer, after []string) {
	name, u := f.host.Name, f.units[balancerUnit]
	b.files(name, want.files()...)
	first := b.lastBalancerStep(name) == ""
	obsolete := slices.DeleteFunc(want.obsolete(), func(p string) bool { return !f.has(p) })
	current := f.holds(want.files()...) && f.generation == want.generation && u.running() && u.enabled() && len(obsolete) == 0 && want.caFrom.Name == ""
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
	if want.caFrom.Name != "" {
		changes = append(changes, Change{API: "copy the cluster's CA certificate from " + want.caFrom.Name + " to " + balancerCACopy})
	}
	if first {
		for _, o := range want.others {
			if !f.holds(o) {
				changes = append(changes, fileChange(o.path, f.file(o.path), o.data))
			}
		}
		if f.file(balancerService) != want.unit.data {
			changes = append(changes, fileChange(balancerService, f.file(balancerService), want.unit.data), runChange("systemctl", "daemon-reload"))
		}
		if len(obsolete) > 0 {
			changes = append(changes, Change{Command: append([]string{"rm", "-f"}, obsolete...)})
		}
	}
	if old != want.config.data {
		changes = append(changes, fileChange(want.config.path, old, want.config.data))
	}
	changes = append(changes, runChange(b.spec.loadCommand(u, f.file(balancerService), first)...))
	title := "the balancer sends connections to " + strings.Join(names, ", ")
	if what == balancerTrust {
		title = "the balancer checks apiservers with the cluster's CA"
	}
	b.add(step{
		Step: Step{ID: stepID(name, what), Host: name, Title: title, After: after, Limit: limitShort, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) { return r.balancerCurrent(ctx, want) },
		do:   func(ctx context.Context, r *stepRun) error { return r.applyBalancer(ctx, want) },
	})
}

// loadCommand has the program take its configuration: a reload where it runs. A unit that ran another program is
// restarted: the signal for a reload means something else there.
func (s Spec) loadCommand(u unitFacts, unitFile string, first bool) []string {
	switch {
	case first && !(u.running() && u.enabled()):
		return []string{"systemctl", "enable", "--now", balancerUnit}
	case first && !strings.Contains(unitFile, "\nExecStart="+s.engine().program()+" "):
		return []string{"systemctl", "restart", balancerUnit}
	}
	return []string{"systemctl", "reload", balancerUnit}
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
	path := b.spec.engine().config()
	config := f.file(path)
	if files := b.rendered[f.host.Name]; b.lastBalancerStep(f.host.Name) != "" {
		seen := 0
		for i := len(files) - 1; i >= 0; i-- {
			if files[i].path == path {
				if seen++; seen == 2 { // the last is the one being planned
					return files[i].data
				}
			}
		}
	}
	return config
}

func (r *stepRun) balancerCurrent(ctx context.Context, want balancer) (bool, error) {
	want, err := r.withCA(ctx, want)
	if err != nil {
		return false, err
	}
	if ok, err := filesCurrent(ctx, r.conn, want.files()...); !ok {
		return false, err
	}
	left, err := r.conn.readFiles(ctx, want.obsolete())
	if err != nil || len(left) > 0 {
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

// workerPatience is for old workers, which accept connections for a moment beside the new ones: the master tells them to
// quit 100 ms after it started those (src/os/unix/ngx_process_cycle.c), and later where the host is busy; HAProxy's are told once the new ones listen.
const workerPatience = 2 * time.Second

// errOldGeneration says that the balancer never answered with the configuration that was asked for.
var errOldGeneration = errors.New("the balancer does not answer with its new configuration")

// awaitGeneration asks the balancer until it answers with a generation.
func (r *stepRun) awaitGeneration(ctx context.Context, want string, patience time.Duration) error {
	err := wait.PollUntilContextTimeout(ctx, pollInterval/5, patience, true, func(ctx context.Context) (bool, error) {
		generation, err := r.cluster.spec.engine().generation(ctx, r.conn)
		return generation == want, err
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w after %s: %w", errOldGeneration, patience, err)
	}
	return err
}

// reloadPatience is how long a balancer may take to answer with its new configuration.
const reloadPatience = 20 * time.Second

// applyBalancer puts a tested file in place and waits until the balancer answers with it: `systemctl start` of one that
// runs already succeeds and loads nothing, and a reload succeeds and keeps the old configuration when a port is taken.
func (r *stepRun) applyBalancer(ctx context.Context, want balancer) error {
	engine := r.cluster.spec.engine()
	want, err := r.withCA(ctx, want)
	if err != nil {
		return err
	}
	u, err := r.unit(ctx, balancerUnit)
	if err != nil {
		return err
	}
	unitFile, _, err := r.conn.read(ctx, balancerService)
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
	candidate := managedFile{path: want.config.path + ".next", data: want.config.data}
	if err := writeFiles(ctx, r.conn, append(slices.Clone(want.others), candidate)...); err != nil {
		return err
	}
	if err := r.stream(ctx, engine.test(candidate.path)...); err != nil {
		return err
	}
	if err := writeFiles(ctx, r.conn, old...); err != nil {
		return err
	}
	commands := [][]string{append([]string{"rm", "-f", candidate.path}, want.obsolete()...)}
	if u.outdated || slices.Contains(old, want.unit) {
		commands = append(commands, []string{"systemctl", "daemon-reload"})
	}
	load := r.cluster.spec.loadCommand(u, string(unitFile), true)
	for _, argv := range commands {
		if err := r.stream(ctx, argv...); err != nil {
			return err
		}
	}
	if load[1] == "reload" {
		if err := engine.beforeReload(ctx, r); err != nil {
			return err
		}
	}
	if err := r.stream(ctx, load...); err != nil {
		return err
	}
	err = r.awaitGeneration(ctx, want.generation, reloadPatience)
	if errors.Is(err, errOldGeneration) {
		return fmt.Errorf("%w (see `journalctl -u %s` and %s)", err, balancerUnit, engine.complaints())
	}
	return err
}
