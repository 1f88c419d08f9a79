package ha

import "path"

// The files that the library writes on hosts. Everything of its own lies in /etc/quorate; the rest are drop-in
// files that bear its name, so that what is not ours is never rewritten.
const (
	configDir     = "/etc/quorate"
	nginxConfig   = configDir + "/nginx.conf"
	haproxyConfig = configDir + "/haproxy.cfg"
	// balancerCACopy is the cluster's CA certificate on a balancer that is no node.
	balancerCACopy  = configDir + "/ca.crt"
	initConfigPath  = configDir + "/kubeadm-init.yaml"
	joinConfigPath  = configDir + "/kubeadm-join.yaml"
	certsConfigPath = configDir + "/kubeadm-upload-certs.yaml"
	balancerUnit    = "quorate-lb.service"
	balancerService = "/etc/systemd/system/" + balancerUnit
	// balancerRotation keeps the balancer's logs from filling the disk.
	balancerRotation = "/etc/logrotate.d/quorate"
	balancerRunDir   = "/run/quorate-lb"
	nginxSocket      = balancerRunDir + "/generation.sock"
	nginxPID         = balancerRunDir + "/nginx.pid"
	haproxySocket    = balancerRunDir + "/haproxy.sock"
	haproxyPID       = balancerRunDir + "/haproxy.pid"
	haproxyState     = balancerRunDir + "/haproxy.state"
	balancerLogDir   = "/var/log/quorate"
	modulesFile      = "/etc/modules-load.d/quorate.conf"
	sysctlFile       = "/etc/sysctl.d/99-quorate.conf"
)

// The files of others that the library reads or edits.
const (
	osReleasePath        = "/etc/os-release"
	hostsPath            = "/etc/hosts"
	fstabPath            = "/etc/fstab"
	hostnamePath         = "/etc/hostname"
	machineIDPath        = "/etc/machine-id"
	swapsPath            = "/proc/swaps"
	runningHostnamePath  = "/proc/sys/kernel/hostname"
	kernelReleasePath    = "/proc/sys/kernel/osrelease"
	procModulesPath      = "/proc/modules"
	procFilesystemsPath  = "/proc/filesystems"
	cgroupRootPath       = "/sys/fs/cgroup/cgroup.controllers"
	containerdConfigPath = "/etc/containerd/config.toml"

	kubernetesDir       = "/etc/kubernetes"
	adminKubeconfigPath = kubernetesDir + "/admin.conf"
	kubeletConfPath     = kubernetesDir + "/kubelet.conf"
	apiServerManifest   = kubernetesDir + "/manifests/kube-apiserver.yaml"
	apiServerCertPath   = kubernetesDir + "/pki/apiserver.crt"
	caPath              = kubernetesDir + "/pki/ca.crt"
	etcdCAPath          = kubernetesDir + "/pki/etcd/ca.crt"
	etcdClientCertPath  = kubernetesDir + "/pki/apiserver-etcd-client.crt"
	etcdClientKeyPath   = kubernetesDir + "/pki/apiserver-etcd-client.key"
)

const (
	containerdUnit = "containerd.service"
	kubeletUnit    = "kubelet.service"
)

// haproxyProgram is where Debian's haproxy is.
const haproxyProgram = "/usr/sbin/haproxy"

// nginxStreamModule is where Debian's libnginx-mod-stream puts the module.
const nginxStreamModule = "/usr/lib/nginx/modules/ngx_stream_module.so"

// sysctlPath is where the kernel shows a setting: net.ipv4.ip_forward is /proc/sys/net/ipv4/ip_forward.
func sysctlPath(name string) string {
	b := []byte(name)
	for i := range b {
		if b[i] == '.' {
			b[i] = '/'
		}
	}
	return path.Join("/proc/sys", string(b))
}
