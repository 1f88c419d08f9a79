package ha

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/quorate-dev/quorate/transport"
)

const (
	driverSystemd  = "systemd"
	driverCgroupfs = "cgroupfs"
)

// The tables that hold runc's options, by version of containerd's configuration
// (containerd docs/cri/config.md): 3 from containerd 2.0, 2 before.
var runcTables = map[int64][]string{
	3: {"plugins", "io.containerd.cri.v1.runtime", "containerd", "runtimes", "runc"},
	2: {"plugins", "io.containerd.grpc.v1.cri", "containerd", "runtimes", "runc"},
}

// containerdDriver reads the cgroup driver out of `containerd config dump`.
func containerdDriver(dump string) (string, error) {
	systemd, _, err := systemdCgroup(dump)
	if err != nil {
		return "", fmt.Errorf("containerd config dump: %w", err)
	}
	if systemd {
		return driverSystemd, nil
	}
	return driverCgroupfs, nil
}

// systemdCgroup reads SystemdCgroup of runc out of a containerd configuration, and the configuration's version.
func systemdCgroup(text string) (value bool, version int64, err error) {
	var doc map[string]any
	if err := toml.Unmarshal([]byte(text), &doc); err != nil {
		return false, 0, err
	}
	version, _ = doc["version"].(int64)
	table := any(doc)
	for _, key := range append(append([]string{}, runcTables[version]...), "options") {
		m, ok := table.(map[string]any)
		if !ok {
			return false, version, nil
		}
		table = m[key]
	}
	options, _ := table.(map[string]any)
	value, _ = options["SystemdCgroup"].(bool)
	return value, version, nil
}

// withSystemdCgroup returns a containerd configuration whose runc uses the systemd cgroup driver, or
// does not. Everything else, comments included, stays. defaults is `containerd config dump`.
func withSystemdCgroup(config, defaults string, systemd bool) (string, error) {
	_, version, err := systemdCgroup(config)
	if err != nil {
		return "", fmt.Errorf("%s: %w", containerdConfigPath, err)
	}
	if strings.TrimSpace(config) == "" {
		if _, version, err = systemdCgroup(defaults); err != nil {
			return "", fmt.Errorf("containerd config dump: %w", err)
		}
		config = fmt.Sprintf("version = %d\n", version)
	}
	path, ok := runcTables[version]
	if !ok {
		return "", fmt.Errorf("%s: version %d of the configuration is not supported; 2 and 3 are", containerdConfigPath, version)
	}
	setting := fmt.Sprintf("SystemdCgroup = %t", systemd)
	edited := setInTable(config, append(append([]string{}, path...), "options"), "SystemdCgroup", setting)
	if !hasTable(edited, path) {
		// A runtime that the file names without its type loses the default one.
		edited = setInTable(edited, path, "runtime_type", `runtime_type = "io.containerd.runc.v2"`)
	}
	if got, _, err := systemdCgroup(edited); err != nil || got != systemd {
		return "", errors.Join(fmt.Errorf("%s: its form is not understood: set SystemdCgroup to %t by hand", containerdConfigPath, systemd), err)
	}
	return edited, nil
}

// setInTable sets one line in a TOML table, which is appended where the text has none.
func setInTable(text string, path []string, key, setting string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if !isTable(line, path) {
			continue
		}
		for j := i + 1; j < len(lines); j++ {
			trimmed := strings.TrimSpace(lines[j])
			if strings.HasPrefix(trimmed, "[") {
				break
			}
			if name, _, ok := strings.Cut(trimmed, "="); ok && strings.TrimSpace(name) == key {
				indent := lines[j][:strings.Index(lines[j], trimmed)]
				lines[j] = indent + setting + trailingComment(trimmed) + "\n"
				return strings.Join(lines, "")
			}
		}
		lines[i] = strings.TrimRight(line, "\n") + "\n  " + setting + "\n"
		return strings.Join(lines, "")
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	quoted := make([]string, len(path))
	for i, p := range path {
		quoted[i] = p
		if strings.Contains(p, ".") {
			quoted[i] = `"` + p + `"`
		}
	}
	return text + "\n[" + strings.Join(quoted, ".") + "]\n  " + setting + "\n"
}

// trailingComment returns the comment at the end of a line, with the blanks before it. A # inside quotes begins none.
func trailingComment(line string) string {
	quote := rune(0)
	for i, r := range line {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '#':
			return line[len(strings.TrimRight(line[:i], " \t")):]
		}
	}
	return ""
}

func hasTable(text string, path []string) bool {
	for line := range strings.Lines(text) {
		if isTable(line, path) {
			return true
		}
	}
	return false
}

// isTable says whether a line is the heading of the TOML table at path, however its keys are quoted.
func isTable(line string, path []string) bool {
	heading := strings.TrimSpace(line)
	heading = strings.TrimSpace(strings.TrimSuffix(heading, strings.TrimSpace(trailingComment(heading))))
	if !strings.HasPrefix(heading, "[") || !strings.HasSuffix(heading, "]") {
		return false
	}
	heading = strings.NewReplacer(`"`, "", `'`, "", " ", "").Replace(heading[1 : len(heading)-1])
	return heading == strings.Join(path, ".")
}

// wantedDriver is the cgroup driver that the kubelets will use: kubeadm sets systemd since 1.22 where
// the KubeletConfiguration does not say (kubernetes cmd/kubeadm/app/componentconfigs/kubelet.go).
func (s Spec) wantedDriver() string {
	if s.Kubelet != nil && s.Kubelet.CgroupDriver != "" {
		return s.Kubelet.CgroupDriver
	}
	return driverSystemd
}

// planRuntime has containerd run, start at boot, and use the kubelet's cgroup driver: where the two differ, pods
// are accounted for twice and nodes fall over under load.
func (b *planner) planRuntime(f *hostFacts) {
	want := b.spec.wantedDriver()
	u := f.units[containerdUnit]
	agree := f.driver == want
	if agree && u.running() && u.enabled() {
		return
	}
	var changes []Change
	if !agree {
		old := f.file(containerdConfigPath)
		edited, err := withSystemdCgroup(old, b.defaultsOf(old), want == driverSystemd)
		changes = append(changes, runChange("systemctl", "stop", containerdUnit))
		if err == nil {
			changes = append(changes, fileChange(containerdConfigPath, old, edited))
		}
	}
	if !agree || !u.enabled() || !u.running() {
		changes = append(changes, runChange("systemctl", "enable", "--now", containerdUnit))
	}
	b.add(step{
		Step: Step{ID: stepID(f.host.Name, "runtime"), Host: f.host.Name, Title: "containerd runs with the " + want + " cgroup driver, as the kubelet will", Limit: limitShort, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			u, err := r.unit(ctx, containerdUnit)
			if err != nil || !u.running() || !u.enabled() {
				return false, err
			}
			dump, err := r.conn.run(ctx, "containerd", "config", "dump")
			if err != nil {
				return false, err
			}
			driver, err := containerdDriver(dump)
			return driver == want, err
		},
		do: func(ctx context.Context, r *stepRun) error {
			if !agree {
				if err := r.alignDriver(ctx, want); err != nil {
					return err
				}
			}
			return r.stream(ctx, "systemctl", "enable", "--now", containerdUnit)
		},
	})
}

// defaultsOf stands in for the host's `containerd config dump` in a Plan's preview.
func (b *planner) defaultsOf(config string) string {
	if strings.TrimSpace(config) == "" {
		return "version = 3\n"
	}
	return config
}

// alignDriver edits the configuration of a stopped containerd: cut short anywhere, the unit is down or the
// driver is still the old one, and the next run sees it.
func (r *stepRun) alignDriver(ctx context.Context, want string) error {
	config, _, err := r.conn.read(ctx, containerdConfigPath)
	if err != nil {
		return err
	}
	dump, err := r.conn.run(ctx, "containerd", "config", "dump")
	if err != nil {
		return err
	}
	edited, err := withSystemdCgroup(string(config), dump, want == driverSystemd)
	if err != nil {
		return err
	}
	if err := r.stream(ctx, "systemctl", "stop", containerdUnit); err != nil {
		return err
	}
	return r.conn.write(ctx, transport.File{Path: containerdConfigPath, Data: []byte(edited)})
}
