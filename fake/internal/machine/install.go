package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// SwapDevice is the swap partition of a new host.
const SwapDevice = "/dev/vda5"

// install writes the disk of a new Debian 12 host with containerd, kubeadm, kubelet, kubectl and nginx.
func (h *Host) install() {
	sum := sha256.Sum256([]byte("machine-id " + h.Name))
	id := hex.EncodeToString(sum[:16])
	hostname := h.Config.Hostname
	if hostname == "" {
		hostname = "debian"
	}
	for _, d := range []string{
		"/bin", "/boot", "/dev", "/etc/apt", "/etc/systemd/system/multi-user.target.wants", "/etc/systemd/network", "/etc/modules-load.d", "/etc/sysctl.d",
		"/etc/nginx/modules-enabled", "/etc/cni", "/etc/ssl", "/home", "/lib", "/mnt", "/opt/cni/bin", "/proc", "/root", "/run/systemd/system", "/sys", "/tmp",
		"/usr/bin", "/usr/sbin", "/usr/lib/systemd/system/kubelet.service.d", "/usr/lib/nginx/modules", "/usr/local/bin", "/var/lib", "/var/log/nginx", "/var/tmp",
		"/usr/lib/modules/" + kernel,
	} {
		must(h.FS.MkdirAll(d, 0o755))
	}
	for _, l := range []string{"bin", "sbin", "lib"} {
		must(h.FS.RemoveAll("/" + l))
		must(h.FS.Symlink("usr/"+l, "/"+l))
	}
	must(h.FS.RemoveAll("/var/run"))
	must(h.FS.Symlink("/run", "/var/run"))
	must(h.FS.Chmod("/root", 0o700))
	must(h.FS.Chmod("/tmp", 0o777))
	for name, f := range h.diskFiles(id, hostname) {
		must(h.FS.Replace(name, []byte(f), 0o644, vfs.Owner{}))
	}
	for _, name := range []string{"/etc/shadow"} {
		must(h.FS.Chmod(name, 0o640))
	}
	for _, program := range programs {
		must(h.FS.Replace(program, []byte("\x7fELF"), 0o755, vfs.Owner{}))
	}
	for _, unit := range []string{"containerd.service", "nginx.service", "ssh.service", "kubelet.service"} {
		must(h.FS.Symlink("/lib/systemd/system/"+unit, "/etc/systemd/system/multi-user.target.wants/"+unit))
	}
}

// must is for writes to the fresh in-memory disk, which cannot fail.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("machine: new disk: %v", err))
	}
}

func (h *Host) diskFiles(id, hostname string) map[string]string {
	fstab := "# <file system> <mount point> <type> <options> <dump> <pass>\nUUID=6a1f-root / ext4 errors=remount-ro 0 1\n"
	if !h.NoSwap {
		fstab += "# swap was on " + SwapDevice + " during installation\n" + SwapDevice + " none swap sw 0 0\n"
	}
	return map[string]string{
		"/etc/os-release":     "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL=\"https://www.debian.org/\"\nSUPPORT_URL=\"https://www.debian.org/support\"\nBUG_REPORT_URL=\"https://bugs.debian.org/\"\n",
		"/etc/debian_version": "12.12\n",
		"/etc/hostname":       hostname + "\n",
		"/etc/hosts":          "127.0.0.1\tlocalhost\n127.0.1.1\t" + hostname + "\n\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n",
		"/etc/fstab":          fstab,
		"/etc/machine-id":     id + "\n",
		"/etc/passwd":         "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nhaproxy:x:104:110::/var/lib/haproxy:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nadmin:x:1000:1000:Admin:/home/admin:/bin/bash\n",
		"/etc/group":          "root:x:0:\ndaemon:x:1:\nadm:x:4:\nsudo:x:27:admin\nwww-data:x:33:\nhaproxy:x:110:\nnogroup:x:65534:\nadmin:x:1000:\n",
		"/etc/shadow":         "root:*:20000:0:99999:7:::\n",
		"/etc/resolv.conf":    "nameserver 10.0.0.2\n",
		"/etc/modules":        "# /etc/modules: kernel modules to load at boot time.\n",
		"/etc/sysctl.conf":    "# /etc/sysctl.conf - Configuration file for setting system variables\n",

		"/usr/lib/modules/" + kernel + "/modules.builtin": "kernel/fs/ext4/ext4.ko\nkernel/net/ipv6/ipv6.ko\n",
		"/usr/lib/modules/" + kernel + "/modules.dep":     strings.Join(moduleFiles(), ":\n") + ":\n",
		"/usr/lib/nginx/modules/ngx_stream_module.so":     "\x7fELF",
		"/etc/nginx/nginx.conf":                           "user www-data;\nworker_processes auto;\npid /run/nginx.pid;\ninclude /etc/nginx/modules-enabled/*.conf;\nevents { worker_connections 768; }\nhttp { server { listen 80; } }\n",
		"/etc/nginx/modules-enabled/50-mod-stream.conf":   "load_module modules/ngx_stream_module.so;\n",

		"/usr/lib/systemd/system/containerd.service": "[Unit]\nDescription=containerd container runtime\nAfter=network.target local-fs.target\n\n[Service]\nExecStart=/usr/bin/containerd\nType=notify\nDelegate=yes\nKillMode=process\nRestart=always\nRestartSec=5\n\n[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/system/kubelet.service":    "[Unit]\nDescription=kubelet: The Kubernetes Node Agent\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\nStartLimitInterval=0\nRestartSec=10\n\n[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": "[Service]\nEnvironment=\"KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf\"\n" +
			"Environment=\"KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml\"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n",
		"/usr/lib/systemd/system/nginx.service": "[Unit]\nDescription=A high performance web server and a reverse proxy server\nAfter=network-online.target\n\n[Service]\nType=forking\nPIDFile=/run/nginx.pid\nExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'\nExecReload=/usr/sbin/nginx -g 'daemon on; master_process on;' -s reload\n\n[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/system/ssh.service":   "[Unit]\nDescription=OpenBSD Secure Shell server\nAfter=network.target\n\n[Service]\nExecStart=/usr/sbin/sshd -D\nType=notify\nRestart=on-failure\n\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n",
	}
}

// programs are the files of the commands that the host has.
var programs = []string{
	"/usr/bin/bash", "/usr/bin/cat", "/usr/bin/chmod", "/usr/bin/chown", "/usr/bin/containerd", "/usr/bin/cp", "/usr/bin/date", "/usr/bin/echo", "/usr/bin/env",
	"/usr/bin/false", "/usr/bin/getent", "/usr/bin/hostname", "/usr/bin/hostnamectl", "/usr/bin/id", "/usr/bin/kill", "/usr/bin/kubeadm", "/usr/bin/kubectl", "/usr/bin/kubelet",
	"/usr/bin/ln", "/usr/bin/ls", "/usr/bin/find", "/usr/bin/install", "/usr/bin/mkdir", "/usr/bin/mktemp", "/usr/bin/mv", "/usr/bin/nproc", "/usr/bin/pgrep", "/usr/bin/printenv", "/usr/bin/printf", "/usr/bin/pwd",
	"/usr/bin/readlink", "/usr/bin/rm", "/usr/bin/sh", "/usr/bin/sha256sum", "/usr/bin/sleep", "/usr/bin/stat", "/usr/bin/systemctl", "/usr/bin/tee", "/usr/bin/test", "/usr/bin/touch", "/usr/bin/true",
	// These are there and not simulated: running one fails the test.
	"/usr/bin/apt-get", "/usr/bin/awk", "/usr/bin/crictl", "/usr/bin/ctr", "/usr/bin/curl", "/usr/bin/cut", "/usr/bin/grep", "/usr/bin/journalctl", "/usr/bin/mount", "/usr/bin/sed", "/usr/bin/sort", "/usr/bin/tail", "/usr/bin/timedatectl", "/usr/bin/umount", "/usr/sbin/reboot",
	"/usr/bin/head", "/usr/bin/tail", "/usr/bin/wc", "/usr/bin/uname", "/usr/bin/whoami", "/usr/bin/ss", "/usr/sbin/ip", "/usr/sbin/modprobe", "/usr/sbin/haproxy", "/usr/sbin/nginx", "/usr/sbin/sshd", "/usr/sbin/swapoff", "/usr/sbin/swapon", "/usr/sbin/sysctl",
}
