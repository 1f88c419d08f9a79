package machine

import (
	"net/netip"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/sim"
	"github.com/quorate-dev/quorate/fake/internal/vfs"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

// Config is how a host is made.
type Config struct {
	Name     string
	Addr     netip.Addr
	Hostname string // of the new installation
	CPUs     int
	MemoryMB int
	OS       string // value of ID and VERSION_ID in os-release: "debian12"
	// KubernetesVersion is that of the kubeadm, kubelet and kubectl that are installed: "v1.37.2".
	KubernetesVersion string
	// NoSwap makes a host without a swap partition.
	NoSwap bool
}

// Host is a simulated machine.
type Host struct {
	Config
	World *sim.World
	Net   *vnet.Net
	NIC   *vnet.Host
	FS    *vfs.FS

	// Up says whether the machine runs. Boots counts how often it was started.
	Up    bool
	Boots int
	// Skew is how much its clock is ahead.
	Skew time.Duration

	hostname string
	sysctls  map[string]string
	modules  map[string]bool
	swaps    []Swap
	links    map[string]bool // network links that programs made
	units    map[string]*Unit
	procs    map[int]*Process
	nextPID  int
	bootTime time.Time
	changes  uint64 // of what is not in files

	// Daemons are the programs that units can run, by base name.
	Daemons map[string]Daemon
	// Halted is called after the machine lost power, so that what lives above it forgets its volatile state.
	Halted func()
	// Changed is called when something happened on the host that the programs on it may react to.
	Changed func()
	// Unsupported is called with what the simulator was asked and does not simulate.
	Unsupported func(what string)
}

// Process is a command that runs on the host.
type Process struct {
	PID  int
	Argv []string
	Kill func()
}

// New makes a host with a fresh installation on its disk, switched off.
func New(w *sim.World, n *vnet.Net, c Config) *Host {
	h := &Host{Config: c, World: w, Net: n, FS: vfs.New(), Daemons: map[string]Daemon{}, Changed: func() {}, Halted: func() {}, Unsupported: func(string) {}}
	h.NIC = n.Host(c.Name, c.Addr)
	h.FS.Now = func() time.Time { return time.Time{} } // the file system has a lock of its own and may not take the World's
	if w.Virtual() {
		h.FS.Now = time.Now
	}
	h.install()
	h.FS.Computed = h.computed
	h.NIC.Down()
	h.forget()
	return h
}

// forget loses everything that lives in memory.
func (h *Host) forget() {
	h.sysctls, h.modules, h.swaps = map[string]string{}, map[string]bool{}, nil
	h.links, h.units, h.procs = map[string]bool{}, map[string]*Unit{}, map[int]*Process{}
	h.nextPID = 400
}

// Clock is the host's time of day.
func (h *Host) Clock() time.Time { return h.World.NowLocked().Add(h.Skew) }

// Hostname is what the kernel has as the host's name.
func (h *Host) Hostname() string { return h.hostname }

// SetHostname sets the kernel's and the persisted host name, as hostnamectl does.
func (h *Host) SetHostname(name string) error {
	h.hostname = name
	return h.FS.Replace("/etc/hostname", []byte(name+"\n"), 0o644, vfs.Owner{})
}

// StartProcess notes a command that starts and returns its process.
func (h *Host) StartProcess(argv []string, kill func()) *Process {
	h.nextPID++
	p := &Process{PID: h.nextPID, Argv: argv, Kill: kill}
	h.procs[p.PID] = p
	return p
}

// EndProcess notes that a command ended.
func (h *Host) EndProcess(p *Process) {
	if h.procs[p.PID] == p {
		delete(h.procs, p.PID)
	}
}

// Processes lists the commands that run.
func (h *Host) Processes() []*Process {
	var out []*Process
	for _, p := range h.procs {
		out = append(out, p)
	}
	return out
}
