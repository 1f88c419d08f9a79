package bin

import (
	"path"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/ctrl"
	"github.com/quorate-dev/quorate/fake/internal/kubeadm"
	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/proc"
)

// Command runs to its exit code.
type Command func(p *proc.Proc) int

// Commands returns the commands by the base name of their program.
func Commands(c *ctrl.Control) map[string]Command {
	table := map[string]Command{
		"cat": cat, "chmod": chmod, "containerd": containerd, "date": date, "echo": echo, "false": func(*proc.Proc) int { return 1 },
		"getent": getent, "hostname": hostname, "hostnamectl": hostnamectl, "install": install, "find": find, "id": id, "ip": ip, "kill": kill,
		"kubeadm": func(p *proc.Proc) int { return kubeadm.Run(p, c) }, "kubelet": kubeletVersion, "ls": ls, "mkdir": mkdir, "modprobe": modprobe,
		"haproxy": haproxy, "nginx": nginx, "nproc": nproc, "pgrep": pgrep, "printenv": printenv, "printf": printf, "readlink": readlink, "rm": rm, "sh": sh, "sleep": sleep, "ss": ss,
		"stat": stat, "swapoff": swapoff, "sysctl": sysctl, "systemctl": systemctl, "tee": tee, "test": test, "touch": touch,
		"true": func(*proc.Proc) int { return 0 }, "uname": uname, "wc": wc, "whoami": whoami, "head": head, "tail": tail, "sha256sum": sha256sum,
	}
	table["env"] = env(func() map[string]Command { return table })
	return table
}

// searchPath is root's PATH.
var searchPath = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Find returns the program's path on the host; false when there is none that may be executed.
func Find(h *machine.Host, name string) (string, bool) {
	candidates := []string{name}
	if !strings.Contains(name, "/") {
		candidates = nil
		for _, dir := range searchPath {
			candidates = append(candidates, dir+"/"+name)
		}
	}
	for _, c := range candidates {
		if info, err := h.FS.Stat(c); err == nil && !info.Mode.IsDir() && info.Mode&0o111 != 0 {
			return path.Clean(c), true
		}
	}
	return "", false
}

// options splits short and long flags from arguments. Every flag must be among known, those that
// take a value written with a trailing "=". ok is false for one that is not.
func options(p *proc.Proc, known ...string) (flags map[string]string, args []string, ok bool) {
	flags = map[string]string{}
	argv := p.Argv[1:]
	for i := 0; i < len(argv); i++ {
		a := argv[i]
		if a == "--" {
			return flags, append(args, argv[i+1:]...), true
		}
		if len(a) < 2 || a[0] != '-' {
			args = append(args, a)
			continue
		}
		name, value, hasValue := strings.Cut(a, "=")
		switch {
		case slices.Contains(known, name) && !hasValue:
			flags[name] = "true"
		case slices.Contains(known, name+"=") && hasValue:
			flags[name] = value
		case slices.Contains(known, name+"=") && i+1 < len(argv):
			i++
			flags[name] = argv[i]
		case a[1] != '-' && len(a) > 2 && allShort(a[1:], known):
			for _, c := range a[1:] {
				flags["-"+string(c)] = "true"
			}
		default:
			p.Unsupported("%s: flag %s", strings.Join(p.Argv, " "), a)
			return nil, nil, false
		}
	}
	return flags, args, true
}

func allShort(s string, known []string) bool {
	for _, c := range s {
		if !slices.Contains(known, "-"+string(c)) {
			return false
		}
	}
	return true
}

const unsupported = 127
