package machine

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
)

// Daemon is what a program does while a unit runs it. Methods are called with the World's lock held.
type Daemon interface {
	// Start starts it with its command line. An error means that it ends at once with a failure.
	Start(h *Host, u *Unit, argv []string) error
	// Reload is the unit's ExecReload, or a signal to read its configuration again.
	Reload(h *Host, u *Unit, argv []string) error
	// Stop ends it. The machine may already be down.
	Stop(h *Host, u *Unit)
}

// Unit is a systemd unit that is loaded.
type Unit struct {
	Name string
	// State is the daemon's to use while the unit runs.
	State any

	load, active, sub string
	def               *definition
	daemon            Daemon
	restart           func() // cancels the next automatic start
	failedAt          uint64 // what the host was like when it last failed
}

// Active is the unit's state in systemctl's words: active, inactive, failed, activating.
func (u *Unit) Active() string { return u.active }

// Sub is the unit's SubState.
func (u *Unit) Sub() string { return u.sub }

// Load is the unit's LoadState.
func (u *Unit) Load() string { return u.load }

// UnitError is a systemctl verb that failed: what it prints and its exit code.
type UnitError struct {
	Code    int
	Message string
}

func (e *UnitError) Error() string { return e.Message }

// fullName adds .service to a name without a suffix.
func fullName(name string) string {
	for _, s := range []string{".service", ".swap", ".target", ".socket", ".mount", ".timer", ".slice", ".path"} {
		if strings.HasSuffix(name, s) {
			return name
		}
	}
	return name + ".service"
}

// unit returns the unit, loaded. A unit that does not run and that nothing wants is read anew each time.
func (h *Host) unit(name string) *Unit {
	name = fullName(name)
	u := h.units[name]
	if u == nil {
		u = &Unit{Name: name, active: "inactive", sub: "dead"}
		h.units[name] = u
	}
	if u.def == nil || (u.active == "inactive" && !h.enabledNow(name)) {
		u.def = h.readUnit(name)
	}
	u.setLoad()
	return u
}

func (u *Unit) setLoad() {
	switch {
	case u.def == nil:
		u.load = "not-found"
	case u.def.masked:
		u.load = "masked"
	default:
		u.load = "loaded"
	}
}

// Unit returns a unit's state. It is never nil.
func (h *Host) Unit(name string) *Unit { return h.unit(name) }

// DaemonReload reads every unit's files again.
func (h *Host) DaemonReload() {
	for name, u := range h.units {
		u.def = h.readUnit(name)
		u.setLoad()
	}
}

// NeedsReload says whether the unit's files changed since they were read.
func (h *Host) NeedsReload(u *Unit) bool {
	now := h.readUnit(u.Name)
	if now == nil || u.def == nil {
		return (now == nil) != (u.def == nil)
	}
	return now.text != u.def.text || now.masked != u.def.masked
}

// FileState is the unit's UnitFileState: enabled, disabled, static, masked, generated or empty.
func (h *Host) FileState(name string) string {
	d := h.readUnit(fullName(name))
	switch {
	case d == nil:
		return ""
	case d.masked:
		return "masked"
	case strings.HasSuffix(name, ".swap"):
		return "generated"
	case h.enabledNow(fullName(name)):
		return "enabled"
	case len(d.values["Install.WantedBy"])+len(d.values["Install.RequiredBy"]) == 0:
		return "static"
	}
	return "disabled"
}

func (h *Host) enabledNow(name string) bool {
	for _, e := range h.FS.List("/etc/systemd/system") {
		if dir := "/etc/systemd/system/" + e.Name; strings.HasSuffix(e.Name, ".wants") || strings.HasSuffix(e.Name, ".requires") {
			if _, err := h.FS.Lstat(dir + "/" + name); err == nil {
				return true
			}
		}
	}
	return false
}

// StartUnit starts a unit. It is no error when it runs already.
func (h *Host) StartUnit(name string) error {
	u := h.unit(name)
	switch {
	case u.load == "not-found":
		return &UnitError{5, fmt.Sprintf("Failed to start %s: Unit %s not found.", u.Name, u.Name)}
	case u.load == "masked":
		return &UnitError{1, fmt.Sprintf("Failed to start %s: Unit %s is masked.", u.Name, u.Name)}
	case u.active == "active":
		return nil
	case strings.HasSuffix(u.Name, ".target"):
		u.active, u.sub = "active", "active"
		return nil
	}
	u.cancelRestart()
	h.changes++
	err := h.launch(u)
	h.Changed()
	if err == nil {
		return nil
	}
	if u.def.last("Service.Type") == "" || u.def.last("Service.Type") == "simple" {
		return nil // a simple service is started once its process was forked
	}
	return &UnitError{1, fmt.Sprintf("Job for %s failed because the control process exited with error code.\nSee \"systemctl status %s\" and \"journalctl -xeu %s\" for details.", u.Name, u.Name, u.Name)}
}

// launch runs the unit's commands; a failing one leaves it failed, or waiting for its restart.
func (h *Host) launch(u *Unit) error {
	err := h.exec(u)
	if err == nil {
		u.active, u.sub = "active", "running"
		return nil
	}
	u.daemon = nil
	switch u.def.last("Service.Restart") {
	case "always", "on-failure", "on-abnormal":
		u.active, u.sub = "activating", "auto-restart"
		h.scheduleRestart(u)
	default:
		u.active, u.sub = "failed", "failed"
		h.removeRuntimeDirs(u)
	}
	return err
}

func (h *Host) scheduleRestart(u *Unit) {
	wait := 100 * time.Millisecond
	if s := u.def.last("Service.RestartSec"); s != "" {
		if d, err := time.ParseDuration(s); err == nil {
			wait = d
		} else if d, err := time.ParseDuration(s + "s"); err == nil {
			wait = d
		}
	}
	boots := h.Boots
	u.failedAt = h.stamp()
	u.restart = h.World.Later(wait, func() {
		if !h.Up || h.Boots != boots || u.sub != "auto-restart" {
			return
		}
		u.restart = nil
		if u.failedAt == h.stamp() { // it would fail in the same way
			h.scheduleRestart(u)
			return
		}
		_ = h.launch(u) // a failure schedules the next
		h.Changed()
	})
}

// stamp changes with everything on the host that a program's start depends on.
func (h *Host) stamp() uint64 { return h.FS.Changes() + h.changes<<24 + h.NIC.Sockets()<<48 }

// RetryUnitsIfInstant is RetryUnits outside a bubble, where waiting takes no time.
func (h *Host) RetryUnitsIfInstant() {
	if !h.World.Virtual() {
		h.RetryUnits()
	}
}

// RetryUnits starts units that wait for their automatic restart. Outside a bubble, where waiting
// takes no time, this is called when something changed on the host.
func (h *Host) RetryUnits() {
	for _, u := range h.units {
		if u.sub == "auto-restart" {
			u.cancelRestart()
			_ = h.launch(u) // a failure schedules the next
		}
	}
}

func (u *Unit) cancelRestart() {
	if u.restart != nil {
		u.restart()
		u.restart = nil
	}
}

func (h *Host) exec(u *Unit) error {
	env, err := h.environment(u.def)
	if err != nil {
		return err
	}
	for _, dir := range strings.Fields(u.def.last("Service.RuntimeDirectory")) {
		must(h.FS.MkdirAll("/run/"+dir, 0o755))
	}
	for _, dir := range strings.Fields(u.def.last("Service.LogsDirectory")) {
		must(h.FS.MkdirAll("/var/log/"+dir, 0o755))
	}
	for _, line := range u.def.values["Service.ExecStartPre"] {
		optional := strings.HasPrefix(line, "-")
		if err := h.helper(u, split(strings.TrimLeft(line, "-+!@"), env)); err != nil && !optional {
			return err
		}
	}
	starts := u.def.values["Service.ExecStart"]
	if len(starts) == 0 {
		return errors.New("no ExecStart")
	}
	argv := split(strings.TrimLeft(starts[len(starts)-1], "-+!@"), env)
	if len(argv) == 0 || !h.FS.Exists(argv[0]) {
		return fmt.Errorf("%s: no such program", starts[len(starts)-1])
	}
	d := h.Daemons[path.Base(argv[0])]
	if d == nil {
		h.Unsupported("unit " + u.Name + " runs " + argv[0])
		return fmt.Errorf("%s is not simulated", argv[0])
	}
	u.daemon = d
	return d.Start(h, u, argv)
}

// helper runs an ExecStartPre or ExecReload command.
func (h *Host) helper(u *Unit, argv []string) error {
	if len(argv) == 0 {
		return nil
	}
	switch name := path.Base(argv[0]); name {
	case "mkdir":
		for _, a := range argv[1:] {
			if !strings.HasPrefix(a, "-") {
				must(h.FS.MkdirAll(a, 0o755))
			}
		}
		return nil
	case "modprobe":
		for _, a := range argv[1:] {
			if !strings.HasPrefix(a, "-") && !h.LoadModule(a) {
				return fmt.Errorf("module %s not found", a)
			}
		}
		return nil
	case "rm":
		for _, a := range argv[1:] {
			if !strings.HasPrefix(a, "-") {
				_ = h.FS.Remove(a) // as rm -f: what is absent is gone
			}
		}
		return nil
	case "kill":
		if u.daemon != nil {
			return u.daemon.Reload(h, u, argv)
		}
		return nil
	default:
		if d := h.Daemons[name]; d != nil {
			return d.Reload(h, u, argv)
		}
		h.Unsupported("unit " + u.Name + " runs " + strings.Join(argv, " "))
		return fmt.Errorf("%s is not simulated", argv[0])
	}
}

// StopUnit stops a unit. It is no error when it does not run.
func (h *Host) StopUnit(name string) error {
	u := h.unit(name)
	if u.load == "not-found" && u.active == "inactive" {
		return &UnitError{5, fmt.Sprintf("Failed to stop %s: Unit %s not loaded.", u.Name, u.Name)}
	}
	u.cancelRestart()
	h.changes++
	if u.active == "active" && strings.HasSuffix(u.Name, ".swap") {
		what := u.def.last("Swap.What")
		for i, s := range h.swaps {
			if s.Device == what {
				h.swaps = append(h.swaps[:i:i], h.swaps[i+1:]...)
				break
			}
		}
	}
	if u.active == "active" && u.daemon != nil {
		u.daemon.Stop(h, u)
	}
	if u.active != "failed" {
		u.active, u.sub = "inactive", "dead"
	}
	u.daemon, u.State = nil, nil
	h.removeRuntimeDirs(u)
	h.Changed()
	return nil
}

func (h *Host) removeRuntimeDirs(u *Unit) {
	if u.def == nil || u.def.last("Service.RuntimeDirectoryPreserve") == "yes" {
		return
	}
	for _, dir := range strings.Fields(u.def.last("Service.RuntimeDirectory")) {
		_ = h.FS.RemoveAll("/run/" + dir) // it is below /run: removable
	}
}

// RestartUnit stops and starts a unit.
func (h *Host) RestartUnit(name string) error {
	if u := h.unit(name); u.load == "loaded" {
		if err := h.StopUnit(name); err != nil {
			return err
		}
	}
	err := h.StartUnit(name)
	if e := (*UnitError)(nil); errors.As(err, &e) && e.Code != 1 || err != nil && strings.Contains(err.Error(), "masked") {
		err = &UnitError{e.Code, strings.Replace(e.Message, "Failed to start", "Failed to restart", 1)}
	}
	return err
}

// ReloadUnit makes a unit read its configuration again.
func (h *Host) ReloadUnit(name string) error {
	u := h.unit(name)
	switch {
	case u.load == "not-found":
		return &UnitError{5, fmt.Sprintf("Failed to reload %s: Unit %s not found.", u.Name, u.Name)}
	case u.active != "active":
		return &UnitError{1, fmt.Sprintf("%s is not active, cannot reload.", u.Name)}
	case len(u.def.values["Service.ExecReload"]) == 0:
		return &UnitError{1, fmt.Sprintf("Failed to reload %s: Job type reload is not applicable for unit %s.", u.Name, u.Name)}
	}
	env, err := h.environment(u.def)
	for _, line := range u.def.values["Service.ExecReload"] {
		if err == nil {
			if e := h.helper(u, split(strings.TrimLeft(line, "-+!@"), env)); e != nil && !strings.HasPrefix(line, "-") {
				err = e
			}
		}
	}
	h.Changed()
	if err != nil {
		return &UnitError{1, fmt.Sprintf("Job for %s failed because the control process exited with error code.\nSee \"systemctl status %s\" and \"journalctl -xeu %s\" for details.", u.Name, u.Name, u.Name)}
	}
	return nil
}

// FailUnit makes a running unit's program end with a failure, as a crash of it would.
func (h *Host) FailUnit(name string) {
	u := h.unit(name)
	if u.active != "active" {
		return
	}
	if u.daemon != nil {
		u.daemon.Stop(h, u)
	}
	u.daemon, u.State = nil, nil
	defer func() { h.changes++ }() // so that its restart is tried
	if u.def != nil && (u.def.last("Service.Restart") == "always" || u.def.last("Service.Restart") == "on-failure") {
		u.active, u.sub = "activating", "auto-restart"
		h.scheduleRestart(u)
	} else {
		u.active, u.sub = "failed", "failed"
	}
	h.Changed()
}
