package bin

import (
	"errors"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/proc"
)

// systemctl knows show --property, is-active, is-enabled and the verbs that change units.
func systemctl(p *proc.Proc) int {
	flags, args, ok := options(p, "--property=", "-p=", "--now", "--quiet", "-q", "--no-pager", "--value")
	if !ok {
		return unsupported
	}
	if len(args) == 0 {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	verb, units := args[0], args[1:]
	switch verb {
	case "show":
		return show(p, flags["--property"]+flags["-p"], flags["--value"] != "", units)
	case "is-active", "is-enabled":
		return is(p, verb, flags["--quiet"]+flags["-q"] != "", units)
	case "daemon-reload", "enable", "disable", "start", "stop", "restart", "reload", "try-restart", "reset-failed", "mask":
		p.Changing = true
	default:
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	if err := p.Sleep(20 * time.Millisecond); err != nil {
		return proc.Killed
	}
	rc := 0
	if verb == "daemon-reload" {
		if p.Do(func() { p.Host.DaemonReload(); p.Host.Changed() }) != nil {
			return proc.Killed
		}
		return 0
	}
	if len(units) == 0 {
		p.Errorf("Too few arguments.\n")
		return 1
	}
	for _, u := range units {
		var err error
		if p.Do(func() { err = change(p, verb, u, flags["--now"] != "") }) != nil {
			return proc.Killed
		}
		if err != nil {
			p.Errorf("%v\n", err)
			rc = 1
			var ue *machine.UnitError
			if errors.As(err, &ue) {
				rc = ue.Code
			}
		}
	}
	return rc
}

// change does one verb to one unit; the lock is held.
func change(p *proc.Proc, verb, name string, now bool) error {
	h := p.Host
	said := func(messages []string, err error) error {
		for _, m := range messages {
			p.Errorf("%s\n", m)
		}
		return err
	}
	u := h.Unit(name)
	if verb != "enable" && verb != "disable" && verb != "mask" && u.Load() == "loaded" && h.NeedsReload(u) {
		p.Errorf("Warning: The unit file, source configuration file or drop-ins of %s changed on disk. Run 'systemctl daemon-reload' to reload units.\n", u.Name)
	}
	switch verb {
	case "enable":
		if err := said(h.EnableUnit(name)); err != nil {
			return err
		}
		if now {
			return h.StartUnit(name)
		}
		return nil
	case "disable":
		if err := said(h.DisableUnit(name)); err != nil {
			return err
		}
		if now {
			return h.StopUnit(name)
		}
		return nil
	case "mask":
		return said(h.MaskUnit(name))
	case "start":
		return h.StartUnit(name)
	case "stop":
		return h.StopUnit(name)
	case "restart":
		return h.RestartUnit(name)
	case "try-restart":
		if u.Active() != "active" {
			return nil
		}
		return h.RestartUnit(name)
	case "reload":
		return h.ReloadUnit(name)
	}
	return h.ResetFailed(name)
}

func is(p *proc.Proc, verb string, quiet bool, units []string) int {
	rc := 0
	_ = p.Do(func() {
		for _, name := range units {
			u := p.Host.Unit(name)
			state, ok := u.Active(), u.Active() == "active"
			if verb == "is-enabled" {
				state = p.Host.FileState(name)
				ok = state == "enabled" || state == "static" || state == "generated"
				if state == "" {
					state = "not-found"
				}
			}
			if !quiet {
				p.Printf("%s\n", state)
			}
			if !ok {
				rc = map[string]int{"is-active": 3, "is-enabled": 1}[verb]
			}
		}
	}) // a killed command prints nothing
	return rc
}

// show prints properties, in systemd's own order, units separated by an empty line.
func show(p *proc.Proc, properties string, value bool, units []string) int {
	if properties == "" || len(units) == 0 {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	want := map[string]bool{}
	for _, name := range strings.Split(properties, ",") {
		want[name] = true
	}
	rc := 0
	_ = p.Do(func() {
		for i, name := range units {
			if i > 0 {
				p.Printf("\n")
			}
			u := p.Host.Unit(name)
			all := [][2]string{{"Id", u.Name}, {"LoadState", u.Load()}, {"ActiveState", u.Active()}, {"SubState", u.Sub()}, {"UnitFileState", p.Host.FileState(name)}, {"NeedDaemonReload", map[bool]string{true: "yes", false: "no"}[p.Host.NeedsReload(u)]}}
			known := 0
			for _, kv := range all {
				if !want[kv[0]] {
					continue
				}
				known++
				if value {
					p.Printf("%s\n", kv[1])
				} else {
					p.Printf("%s=%s\n", kv[0], kv[1])
				}
			}
			if known != len(want) {
				rc = p.Unsupported("systemctl show --property=%s", properties)
				return
			}
		}
	}) // a killed command prints nothing
	return rc
}
