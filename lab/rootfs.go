package lab

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// rootFiles are the units and settings that go into the hosts' root tree.
//
//go:embed rootfs
var rootFiles embed.FS

// Debian release and packages of a host. Nothing here is there for quorate's sake: it is what a
// server has on which somebody followed the instructions for containerd and kubeadm, and the balancers.
const (
	debianSuite = "bookworm"
)

// aptSources are where this machine gets its packages from; the hosts' packages come from there too.
var aptSources = []string{"/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"}

// sources returns the first of aptSources that is there.
func sources() (string, error) {
	for _, name := range aptSources {
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("lab: none of %s is there: the hosts' packages come from where this machine's do", strings.Join(aptSources, ", "))
}

var debianPackages = []string{
	"systemd", "systemd-sysv", "libpam-systemd", "dbus", "openssh-server", "sudo", "ca-certificates", "openssl",
	"iproute2", "iptables", "nftables", "ipset", "ipvsadm", "conntrack", "socat", "ethtool", "procps", "kmod", "curl", "iputils-ping",
	"nginx", "libnginx-mod-stream", "haproxy", "keepalived", "runc", "containernetworking-plugins",
}

// quietUnits do nothing on a host that lives for minutes without a network to the outside, but
// make its boot longer.
var quietUnits = []string{
	"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service",
	"fstrim.timer", "systemd-timesyncd.service", "getty.target", "console-getty.service", "systemd-firstboot.service",
	"systemd-networkd-wait-online.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
}

// etcHosts is what Debian's installer writes.
const etcHosts = "127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n\n# The following lines are desirable for IPv6 capable hosts\n" +
	"::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"

// rootFile is the text of a file of rootfs/.
func rootFile(name string) string {
	text, err := rootFiles.ReadFile("rootfs/" + name)
	if err != nil {
		return "" // not reached: the names are constants, and TestRootFiles reads them all
	}
	return string(text)
}

// debianTree returns the root tree of a Debian host: systemd, OpenSSH, nginx, runc, the network
// plugins and the tools that kubeadm asks for.
func (c cache) debianTree(ctx context.Context, progress func(string)) (string, error) {
	recipe := append([]string{"4", debianSuite}, append(debianPackages, quietUnits...)...)
	dir, err := c.entry(ctx, "debian-"+debianSuite, recipe, func(ctx context.Context, dir string) error {
		progress("installing a Debian root tree")
		root := filepath.Join(dir, "root")
		from, err := sources()
		if err != nil {
			return err
		}
		argv := []string{
			"mmdebstrap", "--quiet", "--variant=apt", "--mode=root", "--skip=check/qemu",
			"--aptopt=Acquire::Retries \"3\"",
			"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
			"--include=" + strings.Join(debianPackages, ","), debianSuite, root, from,
		}
		if _, err := run(ctx, argv...); err != nil {
			return err
		}
		return settleDebian(ctx, root)
	})
	return filepath.Join(dir, "root"), err
}

// settleDebian takes out of a fresh tree what must differ between hosts, and adds the two people
// who may use sudo: deploy without a password, admin with one (set when a host is made).
func settleDebian(ctx context.Context, root string) error {
	keys, err := filepath.Glob(filepath.Join(root, "etc/ssh/ssh_host_*"))
	if err != nil {
		return err
	}
	for _, name := range append(keys, filepath.Join(root, "etc/resolv.conf"), filepath.Join(root, "var/lib/dbus/machine-id")) {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	for _, unit := range quietUnits {
		if err := symlink("/dev/null", filepath.Join(root, "etc/systemd/system", unit)); err != nil {
			return err
		}
	}
	for _, user := range []string{"deploy", "admin"} {
		if _, err := run(ctx, "chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", user); err != nil {
			return err
		}
	}
	return writeTree(root, map[string]string{
		"etc/machine-id":       "",
		"etc/sudoers.d/deploy": "deploy ALL=(ALL:ALL) NOPASSWD: ALL\n",
		"etc/hosts":            etcHosts,
		"etc/hostname":         "debian\n",
		"etc/fstab":            "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n",
		"etc/default/locale":   "LANG=C.UTF-8\n",
	}, 0o644)
}

// nodeTree returns the layer that lies over a Debian tree: containerd and Kubernetes, laid out as
// their Debian packages do.
func (c cache) nodeTree(ctx context.Context, kube, runtime string) (string, error) {
	recipe := []string{"4", kube, runtime}
	entries, err := fs.ReadDir(rootFiles, "rootfs")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		recipe = append(recipe, e.Name(), rootFile(e.Name()))
	}
	return c.entry(ctx, "node", recipe, func(_ context.Context, dir string) error {
		if err := linkFile(filepath.Join(kube, "kube"), filepath.Join(dir, "usr/lib/quorate-lab/kube")); err != nil {
			return err
		}
		for _, name := range []string{"kubeadm", "kubelet", "kubectl"} {
			if err := symlink("../lib/quorate-lab/kube", filepath.Join(dir, "usr/bin", name)); err != nil {
				return err
			}
		}
		for _, name := range []string{"containerd", "containerd-shim-runc-v2", "ctr"} {
			if err := linkFile(filepath.Join(runtime, name), filepath.Join(dir, "usr/bin", name)); err != nil {
				return err
			}
		}
		for _, plugin := range []string{"bridge", "host-local", "loopback", "portmap", "ptp"} {
			if err := symlink("/usr/lib/cni/"+plugin, filepath.Join(dir, "opt/cni/bin", plugin)); err != nil {
				return err
			}
		}
		wanted := map[string]string{
			"etc/systemd/system/multi-user.target.wants/containerd.service": "/usr/lib/systemd/system/containerd.service",
			"etc/systemd/system/sysinit.target.wants/lab-cgroups.service":   "/usr/lib/systemd/system/lab-cgroups.service",
		}
		for link, target := range wanted {
			if err := symlink(target, filepath.Join(dir, link)); err != nil {
				return err
			}
		}
		// Empty, as the kubelet package leaves it: kubeadm refuses one that holds anything.
		if err := os.MkdirAll(filepath.Join(dir, "etc/kubernetes/manifests"), 0o755); err != nil {
			return err
		}
		if err := writeTree(dir, map[string]string{"usr/lib/quorate-lab/cgroups": rootFile("cgroups.sh")}, 0o755); err != nil {
			return err
		}
		return writeTree(dir, map[string]string{
			"usr/lib/systemd/system/kubelet.service":                   rootFile("kubelet.service"),
			"usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": rootFile("10-kubeadm.conf"),
			"usr/lib/systemd/system/containerd.service":                rootFile("containerd.service"),
			"usr/lib/systemd/system/lab-cgroups.service":               rootFile("lab-cgroups.service"),
			"etc/containerd/config.toml":                               rootFile("containerd.toml"),
		}, 0o644)
	})
}

// writeTree writes files, given by their path below root, making directories as needed.
func writeTree(root string, files map[string]string, mode fs.FileMode) error {
	for _, name := range sortedKeys(files) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(files[name]), mode); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
	}
	return nil
}

// symlink makes the symbolic link path to target, replacing what is there.
func symlink(target, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(target, path)
}

// linkFile makes path another name of the file from.
func linkFile(from, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.Link(from, path)
}
