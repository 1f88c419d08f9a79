package machine

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// kernel is the release of Debian 12's kernel.
const kernel = "6.1.0-38-amd64"

// Swap is a swap area in use.
type Swap struct {
	Device string
	SizeKB int
}

// loadable are the modules of the kernel that matter to Kubernetes hosts, by name.
var loadable = []string{
	"overlay", "br_netfilter", "bridge", "nf_conntrack", "ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "ip_vs_lc", "ip_vs_wlc", "nf_tables", "ip_tables", "ip6_tables",
	"vxlan", "xt_conntrack", "xt_set", "ip_set", "dummy", "nf_nat", "veth",
}

func moduleFiles() []string {
	var out []string
	for _, m := range loadable {
		out = append(out, "kernel/"+m+".ko")
	}
	return out
}

// implied are modules that loading one brings along.
var implied = map[string][]string{"br_netfilter": {"bridge"}, "ip_vs_rr": {"ip_vs"}, "ip_vs_wrr": {"ip_vs"}, "ip_vs_sh": {"ip_vs"}, "ip_vs": {"nf_conntrack"}}

// LoadModule loads a kernel module; false means that the kernel has none of that name.
func (h *Host) LoadModule(name string) bool {
	name = strings.ReplaceAll(name, "-", "_")
	if !slices.Contains(loadable, name) {
		return name == "ext4" || name == "ipv6" // built in
	}
	h.modules[name] = true
	for _, dep := range implied[name] {
		h.LoadModule(dep)
	}
	if name == "br_netfilter" { // its keys appear with it, set
		for _, key := range bridgeKeys {
			if _, set := h.sysctls[key]; !set {
				h.sysctls[key] = "1"
			}
		}
	}
	return true
}

var bridgeKeys = []string{"net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables", "net.bridge.bridge-nf-call-arptables"}

// Modules lists the loaded modules.
func (h *Host) Modules() []string { return slices.Sorted(maps.Keys(h.modules)) }

// Sysctl returns a kernel setting; false means that there is none of that name (now).
func (h *Host) Sysctl(key string) (string, bool) {
	key = strings.ReplaceAll(key, "/", ".")
	switch key {
	case "kernel.hostname":
		return h.hostname, true
	case "kernel.osrelease":
		return kernel, true
	}
	if v, ok := h.sysctls[key]; ok {
		return v, true
	}
	v, ok := sysctlDefaults[key]
	return v, ok
}

// SetSysctl sets a kernel setting; false means that there is none of that name (now).
func (h *Host) SetSysctl(key, value string) bool {
	key = strings.ReplaceAll(key, "/", ".")
	if _, ok := h.Sysctl(key); !ok {
		return false
	}
	if key == "kernel.hostname" {
		h.hostname = value
		return true
	}
	h.sysctls[key] = value
	return true
}

// sysctlDefaults are the values after boot of the settings that exist without a module.
var sysctlDefaults = map[string]string{
	"net.ipv4.ip_forward": "0", "net.ipv4.conf.all.forwarding": "0", "net.ipv6.conf.all.forwarding": "0", "net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0",
	"vm.swappiness": "60", "vm.overcommit_memory": "0", "vm.max_map_count": "65530", "vm.panic_on_oom": "0", "kernel.panic": "0", "kernel.panic_on_oops": "0",
	"kernel.pid_max": "4194304", "fs.file-max": "9223372036854775807", "fs.inotify.max_user_instances": "128", "fs.inotify.max_user_watches": "65536",
	"net.netfilter.nf_conntrack_max": "65536", "net.core.somaxconn": "4096", "net.ipv4.ip_nonlocal_bind": "0", "net.ipv4.ip_local_port_range": "32768\t60999",
	"net.ipv4.ip_local_reserved_ports": "", "net.ipv4.tcp_syn_retries": "6",
}

// Swaps lists the swap areas in use.
func (h *Host) Swaps() []Swap { return slices.Clone(h.swaps) }

// SwapOffAll stops using every swap area, as swapoff -a does.
func (h *Host) SwapOffAll() {
	h.swaps = nil
	h.changes++
	for name, u := range h.units {
		if strings.HasSuffix(name, ".swap") {
			u.active, u.sub = "inactive", "dead"
		}
	}
}

// AddLink and DelLink are for network links that programs make.
func (h *Host) AddLink(name string) { h.links[name] = true }

// DelLink removes a link; false means that there is none of that name.
func (h *Host) DelLink(name string) bool {
	if !h.links[name] {
		return false
	}
	delete(h.links, name)
	return true
}

// Links lists the links that programs made.
func (h *Host) Links() []string { return slices.Sorted(maps.Keys(h.links)) }

// computed answers reads below /proc and /sys. It takes the World's lock.
func (h *Host) computed(name string) ([]byte, bool) {
	h.World.Lock()
	defer h.World.Unlock()
	return h.Proc(name)
}

// Proc is a read below /proc and /sys for holders of the lock.
func (h *Host) Proc(name string) ([]byte, bool) {
	if key, ok := strings.CutPrefix(name, "/proc/sys/"); ok {
		v, ok := h.Sysctl(key)
		return []byte(v + "\n"), ok
	}
	switch name {
	case "/proc/swaps":
		var b strings.Builder
		b.WriteString("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
		for i, s := range h.swaps {
			fmt.Fprintf(&b, "%-40sfile\t\t%d\t\t0\t\t%d\n", s.Device, s.SizeKB, -2-i)
		}
		return []byte(strings.Replace(b.String(), "file\t\t", "partition\t", 1)), true
	case "/proc/modules":
		var b strings.Builder
		for _, m := range h.Modules() {
			fmt.Fprintf(&b, "%s 16384 0 - Live 0x0000000000000000\n", m)
		}
		return []byte(b.String()), true
	case "/proc/filesystems":
		s := "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\n\text4\n"
		if h.modules["overlay"] {
			s += "nodev\toverlay\n"
		}
		return []byte(s), true
	case "/sys/fs/cgroup/cgroup.controllers":
		return []byte("cpuset cpu io memory hugetlb pids rdma misc\n"), true
	case "/proc/meminfo":
		return fmt.Appendf(nil, "MemTotal:       %8d kB\nMemFree:        %8d kB\nMemAvailable:   %8d kB\n", h.MemoryMB*1024, h.MemoryMB*512, h.MemoryMB*768), true
	case "/proc/uptime":
		up := h.World.NowLocked().Sub(h.bootTime).Seconds()
		return fmt.Appendf(nil, "%.2f %.2f\n", up, up), true
	case "/sys/class/dmi/id/product_uuid":
		id, _ := h.FS.Read("/etc/machine-id")
		s := strings.TrimSpace(string(id))
		if len(s) != 32 {
			return nil, false
		}
		return []byte(s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:] + "\n"), true
	}
	return nil, false
}

// applySysctlFile sets what a sysctl file says; lines that name no setting are reported to missing.
func (h *Host) applySysctlFile(data string, set func(key, value string), missing func(key string)) {
	for line := range strings.Lines(data) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		quiet := strings.HasPrefix(key, "-")
		key = strings.TrimPrefix(strings.TrimSpace(key), "-")
		if !ok {
			continue
		}
		value = strings.Join(strings.Fields(value), " ")
		if h.SetSysctl(key, value) {
			set(key, value)
		} else if !quiet {
			missing(key)
		}
	}
}

// ApplySysctl is sysctl -p for one file's content.
func (h *Host) ApplySysctl(data string, set func(key, value string), missing func(key string)) {
	h.applySysctlFile(data, set, missing)
}

// bootSysctls applies every sysctl.d file, later directories' names overriding, as systemd-sysctl does.
func (h *Host) bootSysctls() {
	files := map[string]string{}
	for _, dir := range []string{"/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"} {
		for _, e := range h.FS.List(dir) {
			if strings.HasSuffix(e.Name, ".conf") {
				files[e.Name] = dir + "/" + e.Name
			}
		}
	}
	names := slices.Collect(maps.Keys(files))
	sort.Strings(names)
	for _, n := range names {
		data, _ := h.FS.Read(files[n])
		h.applySysctlFile(string(data), func(string, string) {}, func(string) {})
	}
}

// bootModules loads what modules-load.d names.
func (h *Host) bootModules() {
	load := func(name string) {
		data, _ := h.FS.Read(name)
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			if line != "" && line[0] != '#' && line[0] != ';' {
				h.LoadModule(strings.Fields(line)[0])
			}
		}
	}
	load("/etc/modules")
	for _, dir := range []string{"/usr/lib/modules-load.d", "/etc/modules-load.d"} {
		for _, e := range h.FS.List(dir) {
			if strings.HasSuffix(e.Name, ".conf") {
				load(dir + "/" + e.Name)
			}
		}
	}
}

// bootSwaps starts the swap units that fstab makes and nobody masked.
func (h *Host) bootSwaps() {
	for _, e := range h.fstabSwaps() {
		if u := h.unit(swapUnit(e)); u.load != "masked" {
			u.active, u.sub = "active", "active"
			h.swaps = append(h.swaps, Swap{Device: e, SizeKB: 998396})
		}
	}
}

func (h *Host) fstabSwaps() []string {
	var out []string
	data, _ := h.FS.Read("/etc/fstab")
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) >= 4 && !strings.HasPrefix(f[0], "#") && f[2] == "swap" && !slices.Contains(strings.Split(f[3], ","), "noauto") {
			out = append(out, f[0])
		}
	}
	return out
}

// swapUnit is the unit of a device, its path escaped as systemd does: dev-vda5.swap.
func swapUnit(device string) string {
	var b strings.Builder
	for _, c := range []byte(strings.Trim(device, "/")) {
		switch {
		case c == '/':
			b.WriteByte('-')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == ':':
			b.WriteByte(c)
		default:
			b.WriteString(`\x` + strconv.FormatUint(uint64(c), 16))
		}
	}
	return b.String() + ".swap"
}
