package machine

import (
	"fmt"
	"slices"
	"strings"
)

// EnableUnit makes the links that start a unit at boot, and returns what systemctl says about each.
func (h *Host) EnableUnit(name string) (messages []string, err error) {
	name = fullName(name)
	d := h.readUnit(name)
	switch {
	case d == nil:
		return nil, &UnitError{1, fmt.Sprintf("Failed to enable unit: Unit file %s does not exist.", name)}
	case d.masked:
		return nil, &UnitError{1, fmt.Sprintf("Failed to enable unit: Unit file /etc/systemd/system/%s is masked.", name)}
	}
	for kind, key := range map[string]string{"wants": "Install.WantedBy", "requires": "Install.RequiredBy"} {
		for _, target := range strings.Fields(strings.Join(d.values[key], " ")) {
			link := "/etc/systemd/system/" + target + "." + kind + "/" + name
			if _, err := h.FS.Lstat(link); err == nil {
				continue
			}
			must(h.FS.MkdirAll("/etc/systemd/system/"+target+"."+kind, 0o755))
			must(h.FS.Symlink(d.fragment, link))
			messages = append(messages, fmt.Sprintf("Created symlink %s → %s.", link, d.fragment))
		}
	}
	slices.Sort(messages)
	h.DaemonReload()
	return messages, nil
}

// DisableUnit removes the links that start a unit at boot.
func (h *Host) DisableUnit(name string) (messages []string, err error) {
	name = fullName(name)
	if h.readUnit(name) == nil {
		return nil, &UnitError{1, fmt.Sprintf("Failed to disable unit: Unit file %s does not exist.", name)}
	}
	for _, e := range h.FS.List("/etc/systemd/system") {
		if strings.HasSuffix(e.Name, ".wants") || strings.HasSuffix(e.Name, ".requires") {
			link := "/etc/systemd/system/" + e.Name + "/" + name
			if h.FS.Remove(link) == nil {
				messages = append(messages, fmt.Sprintf("Removed %q.", link))
			}
		}
	}
	h.DaemonReload()
	return messages, nil
}

// MaskUnit links a unit to /dev/null so that nothing starts it.
func (h *Host) MaskUnit(name string) (messages []string, err error) {
	name = fullName(name)
	link := "/etc/systemd/system/" + name
	if info, err := h.FS.Lstat(link); err == nil {
		if info.Target == "/dev/null" {
			return nil, nil
		}
		return nil, &UnitError{1, fmt.Sprintf("Failed to mask unit: File %s already exists.", link)}
	}
	must(h.FS.Symlink("/dev/null", link))
	h.DaemonReload()
	return []string{fmt.Sprintf("Created symlink %s → /dev/null.", link)}, nil
}

// ResetFailed makes a failed unit inactive.
func (h *Host) ResetFailed(name string) error {
	u := h.unit(name)
	if u.load == "not-found" && u.active == "inactive" {
		return &UnitError{1, fmt.Sprintf("Failed to reset failed state of unit %s: Unit %s not loaded.", u.Name, u.Name)}
	}
	if u.active == "failed" {
		u.active, u.sub = "inactive", "dead"
	}
	return nil
}
