package kubeadm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// command is a component's command line: the defaults sorted by name, overridden or extended by the user's.
func command(name string, defaults []kubeadmcfg.Arg, extra []kubeadmcfg.Arg) []string {
	args := slices.DeleteFunc(slices.Clone(defaults), func(a kubeadmcfg.Arg) bool {
		return slices.ContainsFunc(extra, func(e kubeadmcfg.Arg) bool { return e.Name == a.Name })
	})
	args = append(args, extra...)
	slices.SortStableFunc(args, func(a, b kubeadmcfg.Arg) int { return strings.Compare(a.Name, b.Name) })
	out := []string{name}
	for _, a := range args {
		out = append(out, "--"+a.Name+"="+a.Value)
	}
	return out
}

func (r *run) apiServerCommand() []string {
	return command("kube-apiserver", []kubeadmcfg.Arg{
		{Name: "advertise-address", Value: r.endpoint.AdvertiseAddress}, {Name: "allow-privileged", Value: "true"}, {Name: "authorization-mode", Value: "Node,RBAC"},
		{Name: "client-ca-file", Value: r.pki("ca.crt")}, {Name: "enable-admission-plugins", Value: "NodeRestriction"}, {Name: "enable-bootstrap-token-auth", Value: "true"},
		{Name: "etcd-cafile", Value: r.pki("etcd/ca.crt")}, {Name: "etcd-certfile", Value: r.pki("apiserver-etcd-client.crt")}, {Name: "etcd-keyfile", Value: r.pki("apiserver-etcd-client.key")}, {Name: "etcd-servers", Value: "https://127.0.0.1:2379"},
		{Name: "kubelet-client-certificate", Value: r.pki("apiserver-kubelet-client.crt")}, {Name: "kubelet-client-key", Value: r.pki("apiserver-kubelet-client.key")}, {Name: "kubelet-preferred-address-types", Value: "InternalIP,ExternalIP,Hostname"},
		{Name: "proxy-client-cert-file", Value: r.pki("front-proxy-client.crt")}, {Name: "proxy-client-key-file", Value: r.pki("front-proxy-client.key")},
		{Name: "requestheader-allowed-names", Value: "front-proxy-client"}, {Name: "requestheader-client-ca-file", Value: r.pki("front-proxy-ca.crt")},
		{Name: "requestheader-extra-headers-prefix", Value: "X-Remote-Extra-"}, {Name: "requestheader-group-headers", Value: "X-Remote-Group"}, {Name: "requestheader-username-headers", Value: "X-Remote-User"},
		{Name: "secure-port", Value: strconv.Itoa(int(r.endpoint.BindPort))}, {Name: "service-account-issuer", Value: "https://kubernetes.default.svc." + r.cluster.Networking.DNSDomain},
		{Name: "service-account-key-file", Value: r.pki("sa.pub")}, {Name: "service-account-signing-key-file", Value: r.pki("sa.key")}, {Name: "service-cluster-ip-range", Value: r.cluster.Networking.ServiceSubnet},
		{Name: "tls-cert-file", Value: r.pki("apiserver.crt")}, {Name: "tls-private-key-file", Value: r.pki("apiserver.key")},
	}, r.cluster.APIServer.ExtraArgs)
}

func (r *run) managerCommand() []string {
	conf := kubernetesDir + "/controller-manager.conf"
	args := []kubeadmcfg.Arg{
		{Name: "authentication-kubeconfig", Value: conf}, {Name: "authorization-kubeconfig", Value: conf}, {Name: "bind-address", Value: "127.0.0.1"}, {Name: "client-ca-file", Value: r.pki("ca.crt")},
		{Name: "cluster-name", Value: r.cluster.ClusterName}, {Name: "cluster-signing-cert-file", Value: r.pki("ca.crt")}, {Name: "cluster-signing-key-file", Value: r.pki("ca.key")}, {Name: "controllers", Value: "*,bootstrapsigner,tokencleaner"},
		{Name: "kubeconfig", Value: conf}, {Name: "leader-elect", Value: "true"}, {Name: "requestheader-client-ca-file", Value: r.pki("front-proxy-ca.crt")}, {Name: "root-ca-file", Value: r.pki("ca.crt")},
		{Name: "service-account-private-key-file", Value: r.pki("sa.key")}, {Name: "use-service-account-credentials", Value: "true"},
	}
	if n := r.cluster.Networking; n.PodSubnet != "" {
		args = append(args, kubeadmcfg.Arg{Name: "allocate-node-cidrs", Value: "true"}, kubeadmcfg.Arg{Name: "cluster-cidr", Value: n.PodSubnet}, kubeadmcfg.Arg{Name: "service-cluster-ip-range", Value: n.ServiceSubnet})
	}
	return command("kube-controller-manager", args, r.cluster.ControllerManager.ExtraArgs)
}

func (r *run) schedulerCommand() []string {
	conf := kubernetesDir + "/scheduler.conf"
	return command("kube-scheduler", []kubeadmcfg.Arg{{Name: "authentication-kubeconfig", Value: conf}, {Name: "authorization-kubeconfig", Value: conf}, {Name: "bind-address", Value: "127.0.0.1"}, {Name: "kubeconfig", Value: conf}, {Name: "leader-elect", Value: "true"}}, r.cluster.Scheduler.ExtraArgs)
}

func (r *run) clientURL() string { return "https://" + r.endpoint.AdvertiseAddress + ":2379" }
func (r *run) peerURL() string   { return "https://" + r.endpoint.AdvertiseAddress + ":2380" }

// etcdCommand starts etcd; initial holds NAME=URL of every member for one that joins.
func (r *run) etcdCommand(initial []string) []string {
	args := []kubeadmcfg.Arg{
		{Name: "advertise-client-urls", Value: r.clientURL()}, {Name: "cert-file", Value: r.pki("etcd/server.crt")}, {Name: "client-cert-auth", Value: "true"}, {Name: "data-dir", Value: r.cluster.Etcd.Local.DataDir},
		{Name: "initial-advertise-peer-urls", Value: r.peerURL()}, {Name: "key-file", Value: r.pki("etcd/server.key")}, {Name: "listen-client-urls", Value: "https://127.0.0.1:2379," + r.clientURL()},
		{Name: "listen-metrics-urls", Value: "http://127.0.0.1:2381"}, {Name: "listen-peer-urls", Value: r.peerURL()}, {Name: "name", Value: r.node.Name}, {Name: "peer-cert-file", Value: r.pki("etcd/peer.crt")},
		{Name: "peer-client-cert-auth", Value: "true"}, {Name: "peer-key-file", Value: r.pki("etcd/peer.key")}, {Name: "peer-trusted-ca-file", Value: r.pki("etcd/ca.crt")}, {Name: "snapshot-count", Value: "10000"},
		{Name: "trusted-ca-file", Value: r.pki("etcd/ca.crt")}, {Name: "watch-progress-notify-interval", Value: "5s"},
	}
	if initial == nil {
		args = append(args, kubeadmcfg.Arg{Name: "initial-cluster", Value: r.node.Name + "=" + r.peerURL()})
	} else {
		args = append(args, kubeadmcfg.Arg{Name: "initial-cluster", Value: strings.Join(initial, ",")}, kubeadmcfg.Arg{Name: "initial-cluster-state", Value: "existing"})
	}
	return command("etcd", args, r.cluster.Etcd.Local.ExtraArgs)
}

// writePod writes a component's static pod.
func (r *run) writePod(name, image string, argv []string, annotations map[string]string, probe int, paths ...string) error {
	dir := corev1.HostPathDirectoryOrCreate
	c := corev1.Container{Name: name, Image: image, ImagePullPolicy: corev1.PullIfNotPresent, Command: argv, Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}}
	host := "127.0.0.1"
	scheme := corev1.URISchemeHTTPS
	if name == "kube-apiserver" {
		host = r.endpoint.AdvertiseAddress
	}
	if name == "etcd" {
		scheme = corev1.URISchemeHTTP
	}
	c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Host: host, Path: "/livez", Port: intstr.FromInt32(int32(probe)), Scheme: scheme}}, InitialDelaySeconds: 10, TimeoutSeconds: 15, PeriodSeconds: 10, FailureThreshold: 8}
	pod := corev1.Pod{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "kube-system", Labels: map[string]string{"component": name, "tier": "control-plane"}, Annotations: annotations},
		Spec: corev1.PodSpec{HostNetwork: true, PriorityClassName: "system-node-critical", SecurityContext: &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}}}
	for i, p := range paths {
		volume := fmt.Sprintf("v%d", i)
		if p == r.cluster.Etcd.Local.DataDir {
			volume = "etcd-data"
		}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: p, Type: &dir}}})
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: p, ReadOnly: volume != "etcd-data"})
	}
	pod.Spec.Containers = []corev1.Container{c}
	out, err := yaml.Marshal(pod)
	if err != nil {
		return err
	}
	return r.write(manifests+"/"+name+".yaml", out, 0o600)
}

func (r *run) controlPlaneManifests() error {
	r.Printf("[control-plane] Using manifest folder %q\n", manifests)
	certs := r.cluster.CertificatesDir
	r.Printf("[control-plane] Creating static Pod manifest for \"kube-apiserver\"\n")
	endpoint := fmt.Sprintf("%s:%d", r.endpoint.AdvertiseAddress, r.endpoint.BindPort)
	if err := r.writePod("kube-apiserver", r.image("kube-apiserver"), r.apiServerCommand(), map[string]string{"kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": endpoint}, int(r.endpoint.BindPort), certs, "/etc/ssl/certs"); err != nil {
		return err
	}
	r.Printf("[control-plane] Creating static Pod manifest for \"kube-controller-manager\"\n")
	if err := r.writePod("kube-controller-manager", r.image("kube-controller-manager"), r.managerCommand(), nil, 10257, certs, "/etc/ssl/certs"); err != nil {
		return err
	}
	r.Printf("[control-plane] Creating static Pod manifest for \"kube-scheduler\"\n")
	return r.writePod("kube-scheduler", r.image("kube-scheduler"), r.schedulerCommand(), nil, 10259)
}

func (r *run) etcdManifest(initial []string) error {
	if err := r.Host.FS.MkdirAll(r.cluster.Etcd.Local.DataDir, 0o700); err != nil {
		return err
	}
	return r.writePod("etcd", r.image("etcd"), r.etcdCommand(initial), map[string]string{"kubeadm.kubernetes.io/etcd.advertise-client-urls": r.clientURL()}, 2381, r.cluster.Etcd.Local.DataDir, r.pki("etcd"))
}
