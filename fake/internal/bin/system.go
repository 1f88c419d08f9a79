package bin

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/quorate-dev/quorate/fake/internal/balancer"
	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/proc"
)

func exactly(p *proc.Proc, forms ...string) (string, bool) {
	got := strings.Join(p.Argv[1:], " ")
	if slices.Contains(forms, got) {
		return got, true
	}
	p.Unsupported("%s", strings.Join(p.Argv, " "))
	return "", false
}

func id(p *proc.Proc) int {
	form, ok := exactly(p, "-u", "-g", "-un", "-gn", "-u -n")
	switch {
	case !ok:
		return unsupported
	case strings.Contains(form, "n"):
		p.Printf("root\n")
	default:
		p.Printf("0\n")
	}
	return 0
}

func whoami(p *proc.Proc) int { p.Printf("root\n"); return 0 }

func uname(p *proc.Proc) int {
	form, ok := exactly(p, "", "-m", "-r", "-s", "-n")
	if !ok {
		return unsupported
	}
	switch form {
	case "-m":
		p.Printf("x86_64\n")
	case "-r":
		_ = p.Do(func() { v, _ := p.Host.Sysctl("kernel.osrelease"); p.Printf("%s\n", v) }) // a killed command prints nothing
	case "-n":
		_ = p.Do(func() { p.Printf("%s\n", p.Host.Hostname()) }) // as above
	default:
		p.Printf("Linux\n")
	}
	return 0
}

func nproc(p *proc.Proc) int {
	if _, ok := exactly(p, "", "--all"); !ok {
		return unsupported
	}
	p.Printf("%d\n", p.Host.CPUs)
	return 0
}

// date knows -u and formats of %s, %N, %Y-%m-%d and the like.
func date(p *proc.Proc) int {
	flags, args, ok := options(p, "-u")
	if !ok {
		return unsupported
	}
	if len(args) != 1 || !strings.HasPrefix(args[0], "+") || flags["-u"] == "" {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	var now = p.Host.World.Now()
	_ = p.Do(func() { now = p.Host.Clock().UTC() }) // a killed command's output is read by nobody
	var b strings.Builder
	f := args[0][1:]
	for i := 0; i < len(f); i++ {
		if f[i] != '%' || i+1 == len(f) {
			b.WriteByte(f[i])
			continue
		}
		i++
		layout := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'F': "2006-01-02", 'T': "15:04:05", 'Z': "UTC", 'z': "+0000"}[f[i]]
		switch {
		case f[i] == 's':
			b.WriteString(strconv.FormatInt(now.Unix(), 10))
		case f[i] == 'N':
			n := strconv.Itoa(now.Nanosecond())
			b.WriteString(strings.Repeat("0", 9-len(n)) + n)
		case layout != "":
			b.WriteString(now.Format(layout))
		default:
			return p.Unsupported("date %%%c", f[i])
		}
	}
	p.Printf("%s\n", b.String())
	return 0
}

func getent(p *proc.Proc) int {
	if len(p.Argv) != 3 {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	key := p.Argv[2]
	switch p.Argv[1] {
	case "passwd", "group":
		b, err := p.Host.FS.Read("/etc/" + p.Argv[1])
		if err != nil {
			return 2
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Split(line, ":"); len(f) > 2 && (f[0] == key || f[2] == key) {
				p.Printf("%s\n", strings.TrimRight(line, "\n"))
				return 0
			}
		}
		return 2
	case "ahosts", "hosts", "ahostsv4":
		addrs, err := p.Host.Resolve(key)
		if err != nil {
			return 2
		}
		if p.Argv[1] == "ahostsv4" {
			addrs = slices.DeleteFunc(addrs, func(a netip.Addr) bool { return !a.Is4() })
		}
		for _, a := range addrs {
			if p.Argv[1] == "hosts" {
				p.Printf("%-15s %s\n", a, key)
				continue
			}
			p.Printf("%-15s STREAM %s\n%-15s DGRAM  \n%-15s RAW    \n", a, key, a, a)
		}
		return 0
	}
	return p.Unsupported("%s", strings.Join(p.Argv, " "))
}

func pgrep(p *proc.Proc) int {
	flags, args, ok := options(p, "-x", "-f")
	if !ok {
		return unsupported
	}
	if len(args) != 1 || flags["-f"] != "" && flags["-x"] != "" {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	var pids []int
	_ = p.Do(func() {
		for _, q := range p.Host.Processes() {
			name := path.Base(q.Argv[0])
			match := name == args[0] || flags["-x"] == "" && strings.Contains(name, args[0])
			if flags["-f"] != "" {
				match = strings.Contains(strings.Join(q.Argv, " "), args[0])
			}
			if match && name != "pgrep" {
				pids = append(pids, q.PID)
			}
		}
	}) // a killed command finds nothing
	slices.Sort(pids)
	for _, pid := range pids {
		p.Printf("%d\n", pid)
	}
	if len(pids) == 0 {
		return 1
	}
	return 0
}

func kill(p *proc.Proc) int {
	p.Changing = true
	flags, args, ok := options(p, "-0", "-9", "-15", "-TERM", "-KILL")
	if !ok {
		return unsupported
	}
	rc := 0
	for _, a := range args {
		found := false
		_ = p.Do(func() {
			for _, q := range p.Host.Processes() {
				if strconv.Itoa(q.PID) == a {
					found = true
					if flags["-0"] == "" {
						q.Kill()
					}
				}
			}
		}) // a killed command kills nothing
		if !found {
			p.Errorf("kill: (%s) - No such process\n", a)
			rc = 1
		}
	}
	if flags["-0"] != "" {
		p.Changing = false
	}
	return rc
}

func hostname(p *proc.Proc) int {
	if _, ok := exactly(p, "", "-s"); !ok {
		return unsupported
	}
	_ = p.Do(func() { p.Printf("%s\n", p.Host.Hostname()) }) // a killed command prints nothing
	return 0
}

func hostnamectl(p *proc.Proc) int {
	if len(p.Argv) != 3 || p.Argv[1] != "set-hostname" && p.Argv[1] != "hostname" {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	p.Changing = true
	var err error
	if kerr := p.Do(func() { err = p.Host.SetHostname(p.Argv[2]) }); kerr != nil {
		return proc.Killed
	}
	return code(err)
}

func swapoff(p *proc.Proc) int {
	if _, ok := exactly(p, "-a", "--all"); !ok {
		return unsupported
	}
	p.Changing = true
	if p.Do(p.Host.SwapOffAll) != nil {
		return proc.Killed
	}
	return 0
}

func modprobe(p *proc.Proc) int {
	p.Changing = true
	flags, args, ok := options(p, "-a", "--all", "-q")
	if !ok {
		return unsupported
	}
	if flags["-a"]+flags["--all"] == "" && len(args) > 1 {
		return p.Unsupported("modprobe with module parameters")
	}
	rc := 0
	if p.Do(func() {
		for _, m := range args {
			if !p.Host.LoadModule(m) {
				if flags["-q"] == "" {
					release, _ := p.Host.Sysctl("kernel.osrelease")
					p.Errorf("modprobe: FATAL: Module %s not found in directory /lib/modules/%s\n", m, release)
				}
				rc = 1
			}
		}
	}) != nil {
		return proc.Killed
	}
	return rc
}

func sysctl(p *proc.Proc) int {
	flags, args, ok := options(p, "-p=", "-n", "-w")
	if !ok {
		return unsupported
	}
	rc := 0
	missing := func(key string) {
		p.Errorf("sysctl: cannot stat /proc/sys/%s: No such file or directory\n", strings.ReplaceAll(key, ".", "/"))
		rc = 1
	}
	file := flags["-p"]
	switch {
	case file != "":
		p.Changing = true
		data, err := p.Host.FS.Read(file)
		if err != nil {
			p.Errorf("sysctl: cannot open \"%s\": %s\n", file, reason(err))
			return 1
		}
		if p.Do(func() { p.Host.ApplySysctl(string(data), func(k, v string) { p.Printf("%s = %s\n", k, v) }, missing) }) != nil {
			return proc.Killed
		}
	case flags["-w"] != "":
		p.Changing = true
		if p.Do(func() {
			for _, a := range args {
				p.Host.ApplySysctl(a, func(k, v string) { p.Printf("%s = %s\n", k, v) }, missing)
			}
		}) != nil {
			return proc.Killed
		}
	default:
		_ = p.Do(func() {
			for _, a := range args {
				v, ok := p.Host.Sysctl(a)
				switch {
				case !ok:
					missing(a)
				case flags["-n"] != "":
					p.Printf("%s\n", v)
				default:
					p.Printf("%s = %s\n", a, v)
				}
			}
		}) // a killed command prints nothing
	}
	return rc
}

func kubeletVersion(p *proc.Proc) int {
	if _, ok := exactly(p, "--version"); !ok {
		return unsupported
	}
	p.Printf("Kubernetes %s\n", p.Host.KubernetesVersion)
	return 0
}

func containerd(p *proc.Proc) int {
	form, ok := exactly(p, "config dump", "config default", "--version")
	if !ok {
		return unsupported
	}
	raw := machine.ContainerdDefaults()
	switch form {
	case "--version":
		p.Printf("containerd github.com/containerd/containerd/v2 v2.2.0 \n")
		return 0
	case "config dump":
		cfg, err := machine.ReadContainerd(p.Host)
		if err != nil {
			p.Errorf("%v\n", err)
			return 1
		}
		raw = cfg.Raw
	}
	out, err := toml.Marshal(raw)
	if err != nil {
		p.Errorf("%v\n", err)
		return 1
	}
	_, err = p.Stdout.Write(out)
	return code(err)
}

// NginxVersion is Debian 12's.
const NginxVersion = "1.22.1"

func nginx(p *proc.Proc) int {
	flags, args, ok := options(p, "-v", "-t", "-q", "-c=", "-s=")
	if !ok {
		return unsupported
	}
	file := flags["-c"]
	if file == "" {
		file = balancer.DefaultConfig
	}
	switch {
	case len(args) > 0:
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	case flags["-v"] != "":
		p.Errorf("nginx version: nginx/%s\n", NginxVersion)
		return 0
	case flags["-t"] != "":
		if _, err := balancer.Load(p.Host, file); err != nil && file != balancer.DefaultConfig {
			p.Errorf("nginx: [emerg] %v\nnginx: configuration file %s test failed\n", err, file)
			return 1
		}
		if flags["-q"] == "" {
			p.Errorf("nginx: the configuration file %s syntax is ok\nnginx: configuration file %s test is successful\n", file, file)
		}
		return 0
	}
	return p.Unsupported("%s", strings.Join(p.Argv, " "))
}

// haproxy knows -c, which judges a file.
func haproxy(p *proc.Proc) int {
	flags, args, ok := options(p, "-v", "-c", "-q", "-f=")
	if !ok {
		return unsupported
	}
	switch {
	case len(args) > 0:
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	case flags["-v"] != "":
		p.Printf("HAProxy version %s - https://haproxy.org/\n", balancer.HAProxyVersion)
		return 0
	case flags["-c"] == "" || flags["-f"] == "":
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	var err error
	if p.Do(func() { _, err = balancer.LoadHAProxy(p.Host, flags["-f"]) }) != nil {
		return proc.Killed
	}
	if err != nil {
		p.Errorf("[ALERT]    (1) : %v\n[ALERT]    (1) : config : Fatal errors found in configuration.\n", err)
		return 1
	}
	if flags["-q"] == "" {
		p.Printf("Configuration file is valid\n")
	}
	return 0
}

// ss lists listening TCP sockets.
func ss(p *proc.Proc) int {
	if _, ok := exactly(p, "-Hltn", "-Hlnt", "-H -l -t -n"); !ok {
		return unsupported
	}
	for _, l := range p.Host.NIC.Listening() {
		p.Printf("LISTEN 0      4096   %16s      0.0.0.0:*\n", l)
	}
	return 0
}

// ip knows link delete NAME and link show NAME.
func ip(p *proc.Proc) int {
	a := p.Argv[1:]
	if len(a) != 3 || a[0] != "link" || a[1] != "delete" && a[1] != "del" && a[1] != "show" {
		return p.Unsupported("%s", strings.Join(p.Argv, " "))
	}
	p.Changing = a[1] != "show"
	found := false
	if p.Do(func() {
		if p.Changing {
			found = p.Host.DelLink(a[2])
		} else {
			found = slices.Contains(p.Host.Links(), a[2])
		}
	}) != nil {
		return proc.Killed
	}
	if !found {
		if p.Changing {
			p.Errorf("Cannot find device \"%s\"\n", a[2])
		} else {
			p.Errorf("Device \"%s\" does not exist.\n", a[2])
		}
		return 1
	}
	return 0
}
