package ha

import (
	"strings"
	"time"
)

// hostFacts is what was found on one host: read once, before any step is planned.
type hostFacts struct {
	host    Host
	os      osRelease
	kernel  string
	skew    time.Duration // host's clock minus ours
	swaps   []string      // active swap devices and files
	loaded  map[string]bool
	files   map[string]string // the content of each file of interest that exists
	units   map[string]unitFacts
	kubeadm string // the version on the host, "" where there is no such program
	kubelet string
	// driver is the runtime's cgroup driver.
	driver string
	// balancerInstalled says whether the program that is to balance is there.
	balancerInstalled bool
	listening         map[int]bool
	// generation is what the running balancer says its configuration is; "" where none answers.
	generation string
	// login is the home and owner of the user who logs in.
	login loginUser
	// kubeadmRunning says that a kubeadm of an earlier run is still at work.
	kubeadmRunning bool
}

// file returns a file's content, "" where there is no such file.
func (f *hostFacts) file(path string) string { return f.files[path] }

// has says whether a file exists.
func (f *hostFacts) has(path string) bool {
	_, ok := f.files[path]
	return ok
}

// holds says whether the host's files are as they should be.
func (f *hostFacts) holds(files ...managedFile) bool {
	for _, m := range files {
		if f.file(m.path) != m.data {
			return false
		}
	}
	return true
}

// cgroupVersion is 2 where the root of the one hierarchy is there, 1 where it is not, and 0 for a host that was not asked.
func (f *hostFacts) cgroupVersion() int {
	switch {
	case f.has(cgroupRootPath):
		return 2
	case f.has(procFilesystemsPath):
		return 1
	default:
		return 0
	}
}

// osRelease is /etc/os-release (os-release(5)).
type osRelease struct{ id, like, version, pretty string }

func parseOSRelease(text string) osRelease {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[key] = strings.Trim(value, `"'`)
		}
	}
	return osRelease{id: values["ID"], like: values["ID_LIKE"], version: values["VERSION_ID"], pretty: values["PRETTY_NAME"]}
}

// debian says whether the host is of the Debian family.
func (o osRelease) debian() bool {
	for _, id := range append([]string{o.id}, strings.Fields(o.like)...) {
		if id == "debian" || id == "ubuntu" {
			return true
		}
	}
	return false
}

// unitFacts is the state of a systemd unit, in systemctl show's own words.
type unitFacts struct {
	load, active, file string
	outdated           bool // its file changed since systemd read it
}

func (u unitFacts) exists() bool  { return u.load == "loaded" }
func (u unitFacts) running() bool { return u.active == "active" || u.active == "reloading" }
func (u unitFacts) enabled() bool {
	return u.file == "enabled" || u.file == "static" || u.file == "enabled-runtime"
}

// parseUnits reads systemctl show's blocks of properties, one a unit.
func parseUnits(text string) map[string]unitFacts {
	units := map[string]unitFacts{}
	for block := range strings.SplitSeq(text, "\n\n") {
		var id string
		var u unitFacts
		for line := range strings.Lines(block) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch key {
			case "Id":
				id = value
			case "LoadState":
				u.load = value
			case "ActiveState":
				u.active = value
			case "UnitFileState":
				u.file = value
			case "NeedDaemonReload":
				u.outdated = value == "yes"
			}
		}
		if id != "" {
			units[id] = u
		}
	}
	return units
}

// parseSwaps reads /proc/swaps: the first column of every line but the heading.
func parseSwaps(text string) []string {
	var names []string
	for i, line := range strings.Split(text, "\n") {
		if fields := strings.Fields(line); i > 0 && len(fields) > 0 {
			names = append(names, fields[0])
		}
	}
	return names
}

// parseModules reads the names in /proc/modules (first column) or modules.builtin (paths).
func parseModules(into map[string]bool, procModules, builtin string) {
	for line := range strings.Lines(procModules) {
		if fields := strings.Fields(line); len(fields) > 0 {
			into[fields[0]] = true
		}
	}
	for line := range strings.Lines(builtin) {
		name := strings.TrimSpace(line)
		name = name[strings.LastIndexByte(name, '/')+1:]
		if name, ok := strings.CutSuffix(name, ".ko"); ok {
			into[strings.ReplaceAll(name, "-", "_")] = true
		}
	}
}

// parseListening reads the local ports of ss -Hltn.
func parseListening(text string) map[int]bool {
	ports := map[int]bool{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		local := fields[3]
		port := 0
		for _, r := range local[strings.LastIndexByte(local, ':')+1:] {
			if r < '0' || r > '9' {
				port = 0
				break
			}
			port = port*10 + int(r-'0')
		}
		if port > 0 {
			ports[port] = true
		}
	}
	return ports
}

// loginUser is the account that logs in to a host.
type loginUser struct{ name, uid, gid, home string }

// parsePasswd reads one line of passwd(5).
func parsePasswd(line string) loginUser {
	f := strings.Split(strings.TrimSpace(line), ":")
	if len(f) < 6 {
		return loginUser{}
	}
	return loginUser{name: f[0], uid: f[2], gid: f[3], home: f[5]}
}

// kubeconfigPath is where kubectl of that user looks.
func (u loginUser) kubeconfigPath() string { return u.home + "/.kube/config" }
