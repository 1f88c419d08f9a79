package kubeadm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
)

// problem is what a preflight check found.
type problem struct{ id, text string }

// checks collects problems.
type checks struct {
	r        *run
	errors   []problem
	warnings []problem
}

func (c *checks) fail(id, format string, a ...any) {
	c.errors = append(c.errors, problem{id, fmt.Sprintf(format, a...)})
}

func (c *checks) warn(id, format string, a ...any) {
	c.warnings = append(c.warnings, problem{id, fmt.Sprintf(format, a...)})
}

func (c *checks) port(port int) {
	for _, l := range c.r.Host.NIC.Listening() {
		if strings.HasSuffix(l, fmt.Sprintf(":%d", port)) {
			c.fail(fmt.Sprintf("Port-%d", port), "Port %d is in use", port)
			return
		}
	}
}

func id(prefix, path string) string { return prefix + strings.ReplaceAll(path, "/", "-") }

func (c *checks) absent(path string) {
	if c.r.Host.FS.Exists(path) {
		c.fail(id("FileAvailable-", path), "%s already exists", path)
	}
}

func (c *checks) emptyDir(path string) {
	if len(c.r.Host.FS.List(path)) > 0 {
		c.fail(id("DirAvailable-", path), "%s is not empty", path)
	}
}

// content checks a setting of the kernel; the lock is held.
func (c *checks) content(path, want string) {
	b, ok := c.r.Host.Proc(path)
	label := id("FileContent-", path)
	switch {
	case !ok:
		c.fail(label, "%s does not exist", path)
	case strings.TrimSpace(string(b)) != want:
		c.fail(label, "%s contents are not set to %s", path, want)
	}
}

// common are the checks of every init and join; the lock is held.
func (c *checks) common() {
	h := c.r.Host
	runtime := h.Unit("containerd.service")
	if state, ok := runtime.State.(machine.Containerd); runtime.Active() != "active" || !ok || state.Disabled {
		c.fail("CRI", "could not connect to the container runtime: failed to create new CRI runtime service: validate service connection: validate CRI v1 runtime API for endpoint %q: rpc error: code = Unavailable", c.r.node.CRISocket)
	}
	if n := len(h.Swaps()); n > 0 {
		text := "swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap. Please refer to https://kubernetes.io/docs/concepts/architecture/nodes/#swap-memory, or disable swap on the node"
		if c.r.version.AtLeast(28) {
			c.warn("Swap", "%s", text)
		} else {
			c.fail("Swap", "running with swap on is not supported. Please disable swap")
		}
	}
	if !c.r.version.AtLeast(34) { // the bridge check went with 1.30's last users; ip_forward stayed
		if _, ok := h.Proc("/proc/sys/net/bridge/bridge-nf-call-iptables"); !c.r.version.AtLeast(30) {
			if !ok {
				c.fail("FileContent--proc-sys-net-bridge-bridge-nf-call-iptables", "/proc/sys/net/bridge/bridge-nf-call-iptables does not exist")
			} else {
				c.content("/proc/sys/net/bridge/bridge-nf-call-iptables", "1")
			}
		}
	}
	c.content("/proc/sys/net/ipv4/ip_forward", "1")
	if _, err := h.Resolve(c.r.node.Name); err != nil {
		c.warn("Hostname", "hostname %q could not be reached", c.r.node.Name)
		c.warn("Hostname", "hostname %q: %v", c.r.node.Name, err)
	}
	if state := h.FileState("kubelet.service"); state == "" {
		c.fail("FileExisting-kubelet", "kubelet not found in system path")
	} else if state != "enabled" {
		c.warn("Service-Kubelet", "kubelet service is not enabled, please run 'systemctl enable kubelet.service'")
	}
	if c.r.version.NeedsConntrack() && !h.FS.Exists("/usr/sbin/conntrack") {
		c.fail("FileExisting-conntrack", "conntrack not found in system path")
	}
	c.port(10250)
}

// controlPlane are the checks of a host that becomes a control plane.
func (c *checks) controlPlane() {
	h := c.r.Host
	if h.CPUs < 2 {
		c.fail("NumCPU", "the number of available CPUs %d is less than the required 2", h.CPUs)
	}
	if h.MemoryMB < 1700 {
		c.fail("Mem", "the system RAM (%d MB) is less than the minimum 1700 MB", h.MemoryMB)
	}
	c.port(int(c.r.endpoint.BindPort))
	c.port(10259)
	c.port(10257)
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"} {
		c.absent(manifests + "/" + name + ".yaml")
	}
	c.port(2379)
	c.port(2380)
	dir := "/var/lib/etcd"
	if l := c.r.cluster.Etcd.Local; l != nil && l.DataDir != "" {
		dir = l.DataDir
	}
	c.emptyDir(dir)
}

// report prints what was found and fails for errors that are not ignored.
func (c *checks) report() error {
	ignored := func(id string) bool {
		return slices.ContainsFunc(c.r.ignore, func(s string) bool { return strings.EqualFold(s, id) || strings.EqualFold(s, "all") })
	}
	var b strings.Builder
	for _, e := range c.errors {
		if ignored(e.id) {
			c.warnings = append(c.warnings, e)
			continue
		}
		fmt.Fprintf(&b, "\t[ERROR %s]: %s\n", e.id, e.text)
	}
	for _, w := range c.warnings {
		c.r.Errorf("\t[WARNING %s]: %s\n", w.id, w.text)
	}
	if b.Len() == 0 {
		return nil
	}
	return preflightError(fmt.Errorf("[preflight] Some fatal errors occurred:\n%s[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`", b.String()))
}

// preflight runs checks with the lock held.
func (r *run) preflight(run func(*checks)) error {
	r.Printf("[preflight] Running pre-flight checks\n")
	c := &checks{r: r}
	if err := r.Do(func() { run(c) }); err != nil {
		return err
	}
	return c.report()
}

// pullImages takes the time of pulling; the simulated registry has every image.
func (r *run) pullImages() error {
	r.Printf("[preflight] Pulling images required for setting up a Kubernetes cluster\n[preflight] This might take a minute or two, depending on the speed of your internet connection\n")
	return r.Sleep(4 * time.Second)
}
