package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// bootTimeout bounds how long a host may take to answer on its SSH port.
const bootTimeout = 2 * time.Minute

// HostConfig says how a host is made. The zero value is a host as the installer leaves it.
type HostConfig struct {
	// Hostname is what the host calls itself; "debian" by default, whatever its name in the lab is.
	Hostname string
	// MachineID replaces the random /etc/machine-id (32 hexadecimal digits), to make two that are the same.
	MachineID string
	// Files are written into the host before its first boot: path to content, mode 0644.
	Files map[string]string
}

// Host is a machine with a Debian of its own, seen from outside: power, network plug and console.
// Its methods may be called from several goroutines, but Boot, Kill, Shutdown and Reboot not at once.
type Host struct {
	// Name is the host's name in the lab; the host itself need not know it.
	Name string
	// Address is the host's address in the lab's subnet.
	Address netip.Addr
	// AdminPassword is what sudo asks the user admin for. (The user deploy is not asked.)
	AdminPassword string

	lab    *Lab
	port   int // of the switch
	dir    string
	cgroup string

	mu     sync.Mutex
	nspawn *exec.Cmd
	ended  chan struct{} // closed when nspawn ended
	leader int           // the process that is the host's init
}

// AddHost makes a host and boots it: it returns when SSH answers and containerd runs. Nothing on it
// is prepared for Kubernetes beyond what installing the packages does.
func (l *Lab) AddHost(ctx context.Context, name, address string, config HostConfig) (*Host, error) {
	h, err := l.register(name, address)
	if err != nil {
		return nil, fmt.Errorf("lab: add host %s: %w", name, err)
	}
	return h, h.create(ctx, config)
}

// AddHosts makes hosts as they come from the installer and boots them all at once. They get the
// subnet's addresses from .11 on, in their order, after those that are taken.
func (l *Lab) AddHosts(ctx context.Context, names ...string) error {
	var hosts []*Host
	address := l.network.driver
	for range 9 {
		address = address.Next()
	}
	for _, name := range names {
		for address = address.Next(); l.taken(address); {
			address = address.Next()
		}
		h, err := l.register(name, address.String())
		if err != nil {
			return fmt.Errorf("lab: add host %s: %w", name, err)
		}
		hosts = append(hosts, h)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, h := range hosts {
		group.Go(func() error { return h.create(ctx, HostConfig{}) })
	}
	return group.Wait()
}

// taken says whether a host has an address.
func (l *Lab) taken(address netip.Addr) bool {
	return slices.ContainsFunc(l.Hosts(), func(h *Host) bool { return h.Address == address })
}

// register takes a name, an address and a port of the switch for a host.
func (l *Lab) register(name, address string) (*Host, error) {
	ip, err := netip.ParseAddr(address)
	if err != nil || !l.network.subnet.Contains(ip) || ip == l.network.driver {
		return nil, fmt.Errorf("%q is no address for a host in %s", address, l.network.subnet)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range l.hosts {
		if other.Name == name || other.Address == ip {
			return nil, fmt.Errorf("the name or the address is taken by %s", other.Name)
		}
	}
	h := &Host{Name: name, Address: ip, lab: l, dir: filepath.Join(l.dir, "host-"+name), cgroup: l.prefix + "/" + name, port: len(l.hosts) + 1}
	l.hosts = append(l.hosts, h)
	return h, nil
}

// create installs a host and boots it.
func (h *Host) create(ctx context.Context, config HostConfig) error {
	if err := h.install(config); err != nil {
		return fmt.Errorf("lab: add host %s: %w", h.Name, err)
	}
	if err := h.Boot(ctx); err != nil {
		return err
	}
	if _, err := h.run(ctx, strings.NewReader("admin:"+h.AdminPassword+"\n"), "chpasswd"); err != nil {
		return fmt.Errorf("lab: add host %s: %w", h.Name, err)
	}
	return nil
}

// install makes the host's disk.
func (h *Host) install(config HostConfig) error {
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return err
	}
	if err := mountOverlay(h.dir, h.lab.artifacts.Node, h.lab.artifacts.Debian); err != nil {
		return err
	}
	// Where a runtime, a kubelet and etcd write is no overlay: none can lie on another.
	for _, name := range []string{"kubelet", "etcd"} {
		if err := os.MkdirAll(filepath.Join(h.dir, name), 0o700); err != nil {
			return err
		}
	}
	if err := linkTree(h.lab.artifacts.State, filepath.Join(h.dir, "containerd")); err != nil {
		return err
	}
	private, public, err := newKey("root@" + h.Name)
	if err != nil {
		return err
	}
	if h.AdminPassword, err = randomHex(8); err != nil {
		return err
	}
	if config.MachineID == "" {
		if config.MachineID, err = randomHex(16); err != nil {
			return err
		}
	}
	if config.Hostname == "" {
		config.Hostname = "debian"
	}
	files := map[string]string{
		"etc/machine-id":                   config.MachineID + "\n",
		"etc/hostname":                     config.Hostname + "\n",
		"etc/hosts":                        strings.ReplaceAll(etcHosts, "debian", config.Hostname),
		"etc/resolv.conf":                  "nameserver " + h.lab.network.driver.String() + "\n",
		"etc/ssh/ssh_host_ed25519_key.pub": public,
	}
	for name, text := range config.Files {
		files[strings.TrimPrefix(name, "/")] = text
	}
	root := filepath.Join(h.dir, "root")
	if err := writeTree(root, files, 0o644); err != nil {
		return err
	}
	if err := writeTree(root, map[string]string{"etc/ssh/ssh_host_ed25519_key": private}, 0o600); err != nil {
		return err
	}
	for _, home := range []string{"root", "home/deploy", "home/admin"} {
		if err := h.letIn(filepath.Join(root, home)); err != nil {
			return err
		}
	}
	return h.lab.keys.trust(h, public)
}

// letIn makes the lab's key one that logs in to an account.
func (h *Host) letIn(home string) error {
	info, err := os.Stat(home)
	if err != nil {
		return err
	}
	dir := filepath.Join(home, ".ssh")
	file := filepath.Join(dir, "authorized_keys")
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if err := os.WriteFile(file, []byte(h.lab.keys.authorized), 0o600); err != nil {
		return err
	}
	return errors.Join(chownLike(dir, info), chownLike(file, info))
}

// Boot turns a host on that is off, with a network of its own as a new kernel has it: no address,
// route, rule or setting of the time before is left, but what the host's files say.
// It returns when SSH answers and containerd runs.
func (h *Host) Boot(ctx context.Context) error {
	if h.running() {
		return fmt.Errorf("lab: boot %s: it is on", h.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	h.lab.progress(fmt.Sprintf("booting %s (%s)", h.Name, h.Address))
	if err := h.start(ctx); err != nil {
		return fmt.Errorf("lab: boot %s: %w", h.Name, err)
	}
	if err := h.awaitReady(ctx); err != nil {
		return fmt.Errorf("lab: boot %s: %w; its console: %s", h.Name, err, tail(h.Console()))
	}
	return nil
}

// start runs systemd-nspawn in the host's cgroups and network namespace.
func (h *Host) start(ctx context.Context) error {
	namespace := h.lab.network.host(h.Name)
	if err := ip(ctx, h.lab.network.plugIn(h.port, namespace, h.Address)); err != nil {
		return err
	}
	// A new namespace inherits the machine's setting, and a new host forwards nothing.
	err := inNamespace(namespace, func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("0"), 0o644)
	})
	if err != nil {
		return err
	}
	groups, err := makeCgroups(h.cgroup)
	if err != nil {
		return err
	}
	console, err := os.OpenFile(h.consoleFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer console.Close()
	// The shell moves itself into the groups and becomes nspawn, so that nothing of the host is ever outside.
	const enter = `while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"`
	argv := append([]string{"-c", enter, "sh"}, append(groups, append([]string{"--"}, h.nspawnArgv(namespace)...)...)...)
	cmd := exec.Command("sh", argv...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SYSTEMD_NSPAWN_API_VFS_WRITABLE=1", "SYSTEMD_NSPAWN_LOCK=0", "LANG=C.UTF-8"}
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is on the console
		close(ended)
	}()
	h.mu.Lock()
	h.nspawn, h.ended, h.leader = cmd, ended, 0
	h.mu.Unlock()
	return nil
}

// nspawnArgv is the command line of the host's container.
func (h *Host) nspawnArgv(namespace string) []string {
	argv := []string{
		"systemd-nspawn", "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off", "--link-journal=no",
		"--console=pipe", "--directory=" + filepath.Join(h.dir, "root"), "--machine=" + h.lab.prefix + "-" + h.Name,
		"--hostname=" + h.hostname(), "--network-namespace-path=" + namespacePath(namespace),
		"--capability=all", "--system-call-filter=@keyring bpf perf_event_open @mount @raw-io",
		"--bind=/dev/kmsg",
	}
	for _, name := range []string{"containerd", "kubelet", "etcd"} {
		argv = append(argv, fmt.Sprintf("--bind=%s:/var/lib/%s", filepath.Join(h.dir, name), name))
	}
	if _, err := os.Stat("/lib/modules"); err == nil {
		argv = append(argv, "--bind-ro=/lib/modules")
	}
	return append(argv, "--boot")
}

// hostname is what the host's disk says that it is called.
func (h *Host) hostname() string {
	text, err := os.ReadFile(filepath.Join(h.dir, "root/etc/hostname"))
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		return name
	}
	return "localhost"
}

// awaitReady waits until SSH answers and containerd serves.
func (h *Host) awaitReady(ctx context.Context) error {
	err := poll(ctx, func() (bool, error) {
		if !h.running() {
			return false, errors.New("it ended")
		}
		return h.findLeader() && h.sshAnswers(ctx), nil
	})
	if err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) {
		out, err := h.Run(ctx, "systemctl", "show", "--property=ActiveState", "--value", "containerd.service", "nginx.service")
		if err != nil {
			return false, ctx.Err() // systemd does not answer yet
		}
		return strings.Join(strings.Fields(out), " ") == "active active", nil
	})
}

// sshAnswers says whether the host's SSH server greets.
func (h *Host) sshAnswers(ctx context.Context) bool {
	conn, err := h.lab.Dial(ctx, "tcp", h.Address.String()+":22")
	if err != nil {
		return false
	}
	defer conn.Close()
	greeting := make([]byte, 4)
	if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	_, err = conn.Read(greeting)
	return err == nil && bytes.Equal(greeting, []byte("SSH-"))
}

// running says whether the host is on.
func (h *Host) running() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended == nil {
		return false
	}
	select {
	case <-h.ended:
		return false
	default:
		return true
	}
}

// forget marks a host as off whose processes somebody else ended.
func (h *Host) forget() {
	h.mu.Lock()
	ended := h.ended
	h.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

func (h *Host) consoleFile() string { return filepath.Join(h.dir, "console.log") }

// Console is all that the host has written to its console.
func (h *Host) Console() string {
	text, err := os.ReadFile(h.consoleFile())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// randomHex returns n random bytes as hexadecimal digits.
func randomHex(n int) (string, error) {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}
