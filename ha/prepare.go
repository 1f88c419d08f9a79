package ha

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/quorate-dev/quorate/ipvs"
	"github.com/quorate-dev/quorate/transport"
)

// sysctl is one kernel setting that Kubernetes needs.
type sysctl struct{ name, value string }

// requiredSysctls are forwarding, which kubeadm's preflight asks for, and bridged traffic through netfilter, which
// kube-proxy and most network plugins count on (kubernetes.io, "Container Runtimes").
var requiredSysctls = []sysctl{
	{"net.bridge.bridge-nf-call-ip6tables", "1"},
	{"net.bridge.bridge-nf-call-iptables", "1"},
	{"net.ipv4.ip_forward", "1"},
}

// planPreparation returns the steps that make a host ready for kubeadm. They persist what they do: a
// reboot changes nothing.
func (b *planner) planPreparation(f *hostFacts) {
	b.planHostname(f)
	b.planHostsFile(f)
	if f.host.Role == RoleLoadBalancer {
		return
	}
	b.planSwap(f)
	b.planModules(f)
	b.planSysctls(f)
	b.planRuntime(f)
	b.planKubeletUnit(f)
}

// planHostname has the host bear its node's name, which kubeadm and the kubelet's certificate use.
func (b *planner) planHostname(f *hostFacts) {
	name := f.host.Name
	if f.host.Role == RoleLoadBalancer {
		return
	}
	right := func(static, running string) bool {
		return strings.TrimSpace(static) == name && strings.TrimSpace(running) == name
	}
	if right(f.file(hostnamePath), f.file(runningHostnamePath)) {
		return
	}
	b.add(step{
		Step: Step{ID: stepID(name, "hostname"), Host: name, Title: "the host is called " + name, Limit: limitShort,
			Changes: []Change{runChange("hostnamectl", "set-hostname", name)}},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			static, _, err := r.conn.read(ctx, hostnamePath)
			if err != nil {
				return false, err
			}
			running, _, err := r.conn.read(ctx, runningHostnamePath)
			return right(string(static), string(running)), err
		},
		do: func(ctx context.Context, r *stepRun) error {
			_, err := r.conn.run(ctx, "hostnamectl", "set-hostname", name)
			return err
		},
	})
}

// planSwap turns swap off, now and at the next boot: kubelets refuse to run with it unless told how to use it.
func (b *planner) planSwap(f *hostFacts) {
	if b.spec.Kubelet != nil && b.spec.Kubelet.FailSwapOn != nil && !*b.spec.Kubelet.FailSwapOn {
		return // the kubelet is told to live with swap
	}
	fstab := f.file(fstabPath)
	if len(f.swaps) == 0 && withoutSwap(fstab) == fstab {
		return
	}
	var changes []Change
	if without := withoutSwap(fstab); without != fstab {
		changes = append(changes, fileChange(fstabPath, fstab, without))
	}
	masks := swapUnits(f.swaps)
	for _, u := range masks {
		changes = append(changes, runChange("systemctl", "mask", u))
	}
	if len(f.swaps) > 0 {
		changes = append(changes, runChange("swapoff", "-a"))
	}
	b.add(step{
		Step: Step{ID: stepID(f.host.Name, "swap"), Host: f.host.Name, Title: "swap is off and stays off", Limit: limitShort, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			fstab, _, err := r.conn.read(ctx, fstabPath)
			if err != nil || withoutSwap(string(fstab)) != string(fstab) {
				return false, err
			}
			swaps, _, err := r.conn.read(ctx, swapsPath)
			return len(parseSwaps(string(swaps))) == 0, err
		},
		do: func(ctx context.Context, r *stepRun) error {
			fstab, ok, err := r.conn.read(ctx, fstabPath)
			if err != nil {
				return err
			}
			if without := withoutSwap(string(fstab)); ok && without != string(fstab) {
				if err := r.conn.write(ctx, transport.File{Path: fstabPath, Data: []byte(without)}); err != nil {
					return err
				}
			}
			for _, u := range masks {
				if err := r.stream(ctx, "systemctl", "mask", u); err != nil {
					return err
				}
			}
			return r.stream(ctx, "swapoff", "-a")
		},
	})
}

// swapUnits names the systemd units of active swaps. A masked unit is not started at boot, whoever
// would have made it: fstab, a GPT partition type, a zram generator.
func swapUnits(swaps []string) []string {
	units := make([]string, len(swaps))
	for i, s := range swaps {
		units[i] = unit.UnitNamePathEscape(s) + ".swap"
	}
	return units
}

// withoutSwap comments out the swap lines of an fstab(5).
func withoutSwap(fstab string) string {
	var b strings.Builder
	for line := range strings.Lines(fstab) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && fields[2] == "swap" && !strings.HasPrefix(fields[0], "#") {
			b.WriteString("# swap is off for Kubernetes (quorate): ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// requiredModules are the kernel modules for the runtime and the bridges, and kube-proxy's in ipvs mode.
func (s Spec) requiredModules(kernel string) []string {
	modules := []string{"overlay", "br_netfilter"}
	if s.KubeProxy != nil && s.KubeProxy.Mode == "ipvs" {
		modules = append(modules, ipvs.Modules(kernel, s.KubeProxy.IPVS.Scheduler)...)
	}
	return modules
}

func (b *planner) planModules(f *hostFacts) {
	modules := b.spec.requiredModules(f.kernel)
	file := managedFile{path: modulesFile, data: "# Written by quorate: loaded at boot by systemd-modules-load.\n" + strings.Join(modules, "\n") + "\n"}
	missing := slices.DeleteFunc(slices.Clone(modules), func(m string) bool { return f.loaded[m] })
	b.files(f.host.Name, file)
	if len(missing) == 0 && f.file(modulesFile) == file.data {
		return
	}
	changes := []Change{fileChange(file.path, f.file(file.path), file.data)}
	if len(missing) > 0 {
		changes = append(changes, Change{Command: append([]string{"modprobe", "-a"}, missing...)})
	}
	b.add(step{
		Step: Step{ID: stepID(f.host.Name, "modules"), Host: f.host.Name, Title: "kernel modules are loaded: " + strings.Join(modules, ", "), Limit: limitShort, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			if ok, err := filesCurrent(ctx, r.conn, file); !ok {
				return false, err
			}
			now := &hostFacts{loaded: map[string]bool{}, kernel: f.kernel}
			var err error
			if now.files, err = r.conn.readFiles(ctx, []string{procModulesPath, procFilesystemsPath, sysctlPath("net.bridge.bridge-nf-call-iptables")}); err != nil {
				return false, err
			}
			if err := (&hostObserver{conn: r.conn, facts: now}).modules(ctx); err != nil {
				return false, err
			}
			for _, m := range modules {
				if !now.loaded[m] {
					return false, nil
				}
			}
			return true, nil
		},
		do: func(ctx context.Context, r *stepRun) error {
			if err := writeFiles(ctx, r.conn, file); err != nil {
				return err
			}
			if len(missing) == 0 {
				return nil
			}
			return r.stream(ctx, append([]string{"modprobe", "-a"}, missing...)...)
		},
	})
}

// requiredSysctlPaths are where the kernel shows the settings that Kubernetes needs.
func requiredSysctlPaths() []string {
	paths := make([]string, len(requiredSysctls))
	for i, s := range requiredSysctls {
		paths[i] = sysctlPath(s.name)
	}
	return paths
}

func (b *planner) planSysctls(f *hostFacts) {
	var text strings.Builder
	text.WriteString("# Written by quorate: applied at boot by systemd-sysctl.\n")
	wrong := false
	for _, s := range requiredSysctls {
		fmt.Fprintf(&text, "%s = %s\n", s.name, s.value)
		wrong = wrong || strings.TrimSpace(f.file(sysctlPath(s.name))) != s.value
	}
	file := managedFile{path: sysctlFile, data: text.String()}
	b.files(f.host.Name, file)
	if !wrong && f.file(sysctlFile) == file.data {
		return
	}
	b.add(step{
		Step: Step{ID: stepID(f.host.Name, "sysctls"), Host: f.host.Name, Title: "packets are forwarded and bridged traffic is filtered",
			After: b.planned(f.host.Name, "modules"), Limit: limitShort,
			Changes: []Change{fileChange(file.path, f.file(file.path), file.data), runChange("sysctl", "-p", sysctlFile)}},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			if ok, err := filesCurrent(ctx, r.conn, file); !ok {
				return false, err
			}
			values, err := r.conn.readFiles(ctx, requiredSysctlPaths())
			if err != nil {
				return false, err
			}
			for _, s := range requiredSysctls {
				if strings.TrimSpace(values[sysctlPath(s.name)]) != s.value {
					return false, nil
				}
			}
			return true, nil
		},
		do: func(ctx context.Context, r *stepRun) error {
			if err := writeFiles(ctx, r.conn, file); err != nil {
				return err
			}
			return r.stream(ctx, "sysctl", "-p", sysctlFile)
		},
	})
}

// planKubeletUnit has the kubelet start at boot. kubeadm starts it; only warns when it is not enabled.
func (b *planner) planKubeletUnit(f *hostFacts) {
	if f.units[kubeletUnit].enabled() {
		return
	}
	b.add(step{
		Step: Step{ID: stepID(f.host.Name, "kubelet"), Host: f.host.Name, Title: "the kubelet starts at boot", Limit: limitShort,
			Changes: []Change{runChange("systemctl", "enable", kubeletUnit)}},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			u, err := r.unit(ctx, kubeletUnit)
			return u.enabled(), err
		},
		do: func(ctx context.Context, r *stepRun) error { return r.stream(ctx, "systemctl", "enable", kubeletUnit) },
	})
}

// unit asks for the state of a systemd unit.
func (r *stepRun) unit(ctx context.Context, name string) (unitFacts, error) {
	out, err := r.conn.run(ctx, "systemctl", "show", "--property=Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload", name)
	return parseUnits(out)[name], err
}

func fileMode(mode uint32) fs.FileMode {
	if mode == 0 {
		return 0o644
	}
	return fs.FileMode(mode)
}
