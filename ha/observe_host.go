package ha

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/quorate-dev/quorate/transport"
)

// questionsAtOnce bounds how many questions one host is asked at the same time: OpenSSH's default
// MaxSessions is 10 a connection.
const questionsAtOnce = 6

// observeHost asks one host for everything that planning needs. It changes nothing.
func (s *session) observeHost(ctx context.Context, h Host) (*hostFacts, error) {
	conn := s.host(h.Name)
	f := &hostFacts{host: h, files: map[string]string{}, loaded: map[string]bool{}}
	uid, err := conn.run(ctx, "id", "-u")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(uid) != "0" {
		return nil, &transport.ConnectError{Host: h.Name, Op: "sudo", Err: fmt.Errorf("commands run as uid %s, not as root", strings.TrimSpace(uid))}
	}
	o := &hostObserver{conn: conn, facts: f, node: h.Role != RoleLoadBalancer, engine: s.cluster.spec.engine()}
	return f, o.observe(ctx)
}

// hostObserver fills the facts of one host; its questions run side by side, and each sets fields of its own.
type hostObserver struct {
	conn   *hostConn
	facts  *hostFacts
	node   bool
	engine engine
}

func (o *hostObserver) observe(ctx context.Context) error {
	f := o.facts
	paths := []string{
		osReleasePath, kernelReleasePath, hostsPath, nginxConfig, haproxyConfig, balancerCACopy, balancerService, balancerRotation,
	}
	if o.node {
		paths = append(paths, hostnamePath, runningHostnamePath, machineIDPath, fstabPath, swapsPath, modulesFile, sysctlFile,
			procModulesPath, procFilesystemsPath, cgroupRootPath, containerdConfigPath,
			initConfigPath, joinConfigPath, adminKubeconfigPath, kubeletConfPath, apiServerManifest, caPath, apiServerCertPath)
		paths = append(paths, requiredSysctlPaths()...)
	}
	g, asking := errgroup.WithContext(ctx)
	g.SetLimit(questionsAtOnce)
	var files map[string]string
	ask := func(question func(context.Context) error) { g.Go(func() error { return question(asking) }) }
	ask(func(ctx context.Context) (err error) {
		files, err = o.conn.readFiles(ctx, paths)
		return err
	})
	ask(o.units)
	ask(o.listening)
	ask(o.balancer)
	ask(o.generation)
	if o.node {
		ask(o.clock)
		ask(o.programs)
		ask(o.driver)
		ask(o.login)
	}
	if err := g.Wait(); err != nil {
		return err
	}
	maps.Copy(f.files, files)
	f.os = parseOSRelease(f.file(osReleasePath))
	f.kernel = strings.TrimSpace(f.file(kernelReleasePath))
	f.swaps = parseSwaps(f.file(swapsPath))
	if o.node {
		return o.modules(ctx)
	}
	return nil
}

func (o *hostObserver) units(ctx context.Context) error {
	out, err := o.conn.run(ctx, "systemctl", "show", "--property=Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload", containerdUnit, kubeletUnit, balancerUnit)
	o.facts.units = parseUnits(out)
	return err
}

func (o *hostObserver) listening(ctx context.Context) error {
	out, err := o.conn.run(ctx, "ss", "-Hltn")
	o.facts.listening = parseListening(out)
	return err
}

// balancer finds whether the engine's program is installed.
func (o *hostObserver) balancer(ctx context.Context) error {
	path, _ := o.engine.needs()
	res, err := o.conn.exit(ctx, "test", "-e", path)
	o.facts.balancerInstalled = res.ExitCode == 0
	return err
}

func (o *hostObserver) generation(ctx context.Context) error {
	generation, err := o.engine.generation(ctx, o.conn)
	o.facts.generation = generation
	return err
}

// clock measures how far the host's clock is from ours, taking the middle of the question's time.
func (o *hostObserver) clock(ctx context.Context) error {
	before := time.Now()
	out, err := o.conn.run(ctx, "date", "-u", "+%s.%N")
	if err != nil {
		return err
	}
	after := time.Now()
	seconds, err := strconv.ParseFloat(strings.TrimSpace(out), 64)
	if err != nil {
		return fmt.Errorf("%s: read clock: %w", o.conn.name, err)
	}
	there := time.Unix(0, int64(seconds*float64(time.Second)))
	o.facts.skew = there.Sub(before.Add(after.Sub(before) / 2))
	return nil
}

// programs asks for versions and then for a kubeadm at work, in that order: the first starts one.
func (o *hostObserver) programs(ctx context.Context) error {
	var err error
	if o.facts.kubeadm, err = o.version(ctx, "kubeadm", "version", "-o", "short"); err != nil {
		return err
	}
	if o.facts.kubelet, err = o.version(ctx, "kubelet", "--version"); err != nil {
		return err
	}
	return o.running(ctx)
}

// version runs a program that prints its version; a program that is not there has none.
func (o *hostObserver) version(ctx context.Context, argv ...string) (string, error) {
	out, err := o.conn.run(ctx, argv...)
	if errors.Is(err, transport.ErrNotStarted) {
		return "", nil
	}
	return strings.TrimPrefix(strings.TrimSpace(out), "Kubernetes "), err
}

// running finds a kubeadm that is still at work: one that a run which was killed had started.
func (o *hostObserver) running(ctx context.Context) error {
	res, err := o.conn.exit(ctx, "pgrep", "-x", "kubeadm")
	o.facts.kubeadmRunning = res.ExitCode == 0
	return err
}

func (o *hostObserver) driver(ctx context.Context) error {
	out, err := o.conn.run(ctx, "containerd", "config", "dump")
	if errors.Is(err, transport.ErrNotStarted) {
		return nil
	}
	if err != nil {
		return err
	}
	o.facts.driver, err = containerdDriver(out)
	return err
}

func (o *hostObserver) login(ctx context.Context) error {
	user := o.facts.host.SSH.User
	if user == "" {
		user = "root"
	}
	res, err := o.conn.exit(ctx, "getent", "passwd", user)
	if err != nil {
		return err
	}
	o.facts.login = parsePasswd(string(res.Stdout))
	if o.facts.login.home == "" {
		return nil
	}
	path := o.facts.login.kubeconfigPath()
	data, ok, err := o.conn.read(ctx, path)
	if ok {
		o.facts.files[path] = string(data)
	}
	return err
}

// modules finds which kernel modules work: loaded, built in, or shown to work by what they provide
// (a kernel without loadable modules lists none).
func (o *hostObserver) modules(ctx context.Context) error {
	f := o.facts
	builtin, _, err := o.conn.read(ctx, "/lib/modules/"+f.kernel+"/modules.builtin")
	if err != nil {
		return err
	}
	parseModules(f.loaded, f.file(procModulesPath), string(builtin))
	for line := range strings.Lines(f.file(procFilesystemsPath)) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[len(fields)-1] == "overlay" {
			f.loaded["overlay"] = true
		}
	}
	if f.has(sysctlPath("net.bridge.bridge-nf-call-iptables")) {
		f.loaded["br_netfilter"] = true
	}
	return nil
}
