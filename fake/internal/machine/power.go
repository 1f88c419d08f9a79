package machine

import (
	"strings"
)

// Boot starts the machine: modules, sysctls, swap and units as the files on its disk say.
func (h *Host) Boot() {
	if h.Up {
		return
	}
	h.forget()
	for _, tmpfs := range []string{"/run", "/dev/shm"} {
		h.FS.Clear(tmpfs)
	}
	must(h.FS.MkdirAll("/run/systemd/system", 0o755))
	must(h.FS.MkdirAll("/run/lock", 0o755))
	h.Up, h.bootTime = true, h.World.NowLocked()
	h.Boots++
	h.NIC.Up()
	name, _ := h.FS.Read("/etc/hostname")
	h.hostname = strings.TrimSpace(string(name))
	if h.hostname == "" {
		h.hostname = "localhost"
	}
	h.bootModules()
	h.bootSysctls()
	h.DaemonReload()
	h.bootSwaps()
	for _, unit := range h.wanted() {
		_ = h.StartUnit(unit) // a unit that fails at boot is failed, and the boot goes on
	}
	h.Changed()
}

// Crash cuts the power: processes, connections and everything in memory are gone without a word.
func (h *Host) Crash() {
	if !h.Up {
		return
	}
	h.Up = false
	h.NIC.Down()
	for _, u := range h.units {
		if u.active == "active" && u.daemon != nil {
			u.daemon.Stop(h, u)
		}
	}
	for _, p := range h.procs {
		p.Kill()
	}
	h.forget()
	h.Halted()
	h.Changed()
}
