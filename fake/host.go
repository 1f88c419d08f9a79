package fake

import (
	"bytes"
	"context"
	"io/fs"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/vfs"
	"github.com/quorate-dev/quorate/transport"
)

// Host is one simulated host, seen by the test: state may be read and broken here without a Transport.
type Host struct {
	c *Cluster
	m *machine.Host

	mu      sync.Mutex
	history []Action
}

// Action is something that was done to a host through a Transport.
type Action struct {
	// Argv is the command; for a file that was written, "write" and its path.
	Argv []string
	// Changing says that it may change the host or the cluster: a second run of an idempotent tool
	// has none. Tests of a configuration and reads are not.
	Changing bool
	// Start is when it began, Took how long it ran.
	Start time.Time
	Took  time.Duration
	// ExitCode of the command; -1 while it runs or when it had none.
	ExitCode int
	// Phases that kubeadm began.
	Phases []string
	// Stderr is what a command wrote there.
	Stderr string
}

// Name is the host's name in the simulation.
func (h *Host) Name() string { return h.m.Name }

// Address is the host's IPv4 address.
func (h *Host) Address() string { return h.m.Addr.String() }

// locked runs f with the simulation's lock held.
func locked[T any](h *Host, f func() T) T {
	h.c.world.Lock()
	defer h.c.world.Unlock()
	return f()
}

// Up says whether the host runs.
func (h *Host) Up() bool { return locked(h, func() bool { return h.m.Up }) }

// ReadFile reads a file, also of a host that is off. /proc and /sys are there while it is on.
func (h *Host) ReadFile(name string) ([]byte, error) {
	b, err := h.m.FS.Read(name)
	return slices.Clone(b), err
}

// WriteFile puts a file of root's on the host.
func (h *Host) WriteFile(name string, data []byte, mode fs.FileMode) error {
	err := h.m.FS.Replace(name, data, mode, vfs.Owner{})
	h.c.world.Do(h.m.Changed)
	return err
}

// RemoveAll deletes a file or directory and everything below it.
func (h *Host) RemoveAll(name string) error {
	err := h.m.FS.RemoveAll(name)
	h.c.world.Do(h.m.Changed)
	return err
}

// Stat describes a file.
func (h *Host) Stat(name string) (mode fs.FileMode, owner string, err error) {
	info, err := h.m.FS.Stat(name)
	return info.Mode, h.ownerName(info.Owner), err
}

// Exists says whether there is a file of that name.
func (h *Host) Exists(name string) bool { return h.m.FS.Exists(name) }

// Files lists the files below a directory, directories left out, sorted.
func (h *Host) Files(dir string) []string {
	var out []string
	h.m.FS.Walk(dir, func(name string, info vfs.Info) {
		if !info.Mode.IsDir() {
			out = append(out, name)
		}
	})
	return out
}

// Unit is the state of a systemd unit, in systemd's words.
type Unit struct {
	Load, Active, Sub, File string
	NeedsReload             bool
}

// Unit returns the state of a unit.
func (h *Host) Unit(name string) Unit {
	return locked(h, func() Unit {
		u := h.m.Unit(name)
		return Unit{Load: u.Load(), Active: u.Active(), Sub: u.Sub(), File: h.m.FileState(u.Name), NeedsReload: h.m.NeedsReload(u)}
	})
}

// KillUnit makes a running unit's program end as if it crashed. systemd restarts it when its unit says so.
func (h *Host) KillUnit(name string) { h.c.world.Do(func() { h.m.FailUnit(name) }) }

// StopUnit stops a unit, as somebody at its console would.
func (h *Host) StopUnit(name string) error {
	return locked(h, func() error { return h.m.StopUnit(name) })
}

// StartUnit starts a unit, as somebody at its console would.
func (h *Host) StartUnit(name string) error {
	return locked(h, func() error { return h.m.StartUnit(name) })
}

// Component says whether a static pod's program (kube-apiserver, etcd, …) runs on the host.
func (h *Host) Component(name string) bool {
	return locked(h, func() bool { return h.c.control.Node(h.m).Component(name) })
}

// Failure says why a static pod's program does not run; empty when it does or nobody knows.
func (h *Host) Failure(name string) string {
	return locked(h, func() string { return h.c.control.Node(h.m).Failure(name) })
}

// Sysctl returns a kernel setting; empty when there is none of that name.
func (h *Host) Sysctl(key string) string {
	return locked(h, func() string { v, _ := h.m.Sysctl(key); return v })
}

// Modules lists the loaded kernel modules.
func (h *Host) Modules() []string { return locked(h, h.m.Modules) }

// Swap says whether a swap area is in use.
func (h *Host) Swap() bool { return locked(h, func() bool { return len(h.m.Swaps()) > 0 }) }

// Hostname is what the host calls itself now.
func (h *Host) Hostname() string { return locked(h, h.m.Hostname) }

// Listening lists the TCP addresses that are listened on.
func (h *Host) Listening() []string { return h.m.NIC.Listening() }

// SetClockSkew makes the host's clock differ from everybody else's.
func (h *Host) SetClockSkew(d time.Duration) { h.c.world.Do(func() { h.m.Skew = d }) }

// Crash cuts the power: everything in memory is gone, and nobody is told.
func (h *Host) Crash() { h.c.world.Do(h.m.Crash) }

// Boot switches the host on. It does nothing to one that runs.
func (h *Host) Boot() { h.c.world.Do(h.m.Boot) }

// Reboot is Crash and Boot.
func (h *Host) Reboot() {
	h.c.world.Do(func() {
		h.m.Crash()
		h.m.Boot()
	})
}

// History returns what was done to the host through Transports, in the order it began.
func (h *Host) History() []Action {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.history)
}

// ClearHistory forgets what was done so far.
func (h *Host) ClearHistory() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history = nil
}

// Changes lists the changing actions of the History, each as one line.
func (h *Host) Changes() []string {
	var out []string
	for _, a := range h.History() {
		if a.Changing {
			var b bytes.Buffer
			for i, s := range a.Argv {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(s)
			}
			out = append(out, b.String())
		}
	}
	return out
}

// Exec runs a command on the host as a Transport would.
func (h *Host) Exec(ctx context.Context, argv ...string) (transport.Result, error) {
	t, err := h.c.Dial(ctx, h.Name())
	if err != nil {
		return transport.Result{}, err
	}
	defer t.Close() //nolint:errcheck // it holds nothing
	return t.Run(ctx, transport.Command{Argv: argv})
}

// Listen lets the test serve on a port ("tcp") or a path ("unix") of the host.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	return h.m.NIC.Listen(network, address, nil)
}
