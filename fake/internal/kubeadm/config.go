package kubeadm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	proxyv1alpha1 "k8s.io/kube-proxy/config/v1alpha1"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// timeouts are kubeadm's, with their defaults.
type timeouts struct {
	controlPlane, kubelet, api, etcd, bootstrap, discovery time.Duration
}

func newTimeouts(t *kubeadmcfg.Timeouts) timeouts {
	out := timeouts{4 * time.Minute, 4 * time.Minute, time.Minute, 2 * time.Minute, 5 * time.Minute, 5 * time.Minute}
	if t == nil {
		return out
	}
	for _, f := range []struct {
		to   *time.Duration
		from *metav1.Duration
	}{{&out.controlPlane, t.ControlPlaneComponentHealthCheck}, {&out.kubelet, t.KubeletHealthCheck}, {&out.api, t.KubernetesAPICall}, {&out.etcd, t.EtcdAPICall}, {&out.bootstrap, t.TLSBootstrap}, {&out.discovery, t.Discovery}} {
		if f.from != nil {
			*f.to = f.from.Duration
		}
	}
	return out
}

// load reads and checks the file of --config.
func (r *run) load() error {
	file := r.flags["config"]
	if file == "" {
		r.Host.Unsupported(strings.Join(r.Argv, " ") + " without --config")
		return errors.New("the simulator needs --config")
	}
	data, err := r.Host.FS.Read(file)
	if err != nil {
		return fmt.Errorf("unable to read config from %q: %w", file, err)
	}
	apis, err := kubeadmcfg.APIVersions(data)
	if err != nil {
		return err
	}
	for _, api := range apis {
		if !r.version.Reads(api) {
			return fmt.Errorf("your configuration file uses an old API spec: %q (kubeadm %s does not read it)", api, r.version)
		}
		if newest, err := r.version.API(); err == nil && api != newest {
			r.Errorf("W your configuration file uses a deprecated API spec: %q. Please use 'kubeadm config migrate --old-config old-config-file --new-config new-config-file', which will write the new, similar spec using a newer API version.\n", api)
		}
	}
	if r.bundle, err = kubeadmcfg.Parse(data); err != nil {
		return err
	}
	if err := kubeadmcfg.Validate(r.bundle, r.version); err != nil {
		return validationError(err)
	}
	return nil
}

func (r *run) validate() error {
	if !r.version.HasConfigValidate() {
		return errors.New("unknown command \"validate\" for \"kubeadm config\"")
	}
	if err := r.Sleep(50 * time.Millisecond); err != nil {
		return err
	}
	if err := r.load(); err != nil {
		return err
	}
	r.Printf("ok\n")
	return nil
}

// defaults fills in what the configuration leaves open.
func (r *run) defaults(node kubeadmcfg.NodeRegistrationOptions, local kubeadmcfg.APIEndpoint) error {
	r.node, r.endpoint = node, local
	var hostname string
	if err := r.Do(func() { hostname = strings.ToLower(r.Host.Hostname()) }); err != nil {
		return err
	}
	set(&r.node.Name, hostname)
	set(&r.node.CRISocket, r.version.CRISocket(kubeadmcfg.Containerd))
	set(&r.endpoint.AdvertiseAddress, r.Host.Addr.String())
	if r.endpoint.BindPort == 0 {
		r.endpoint.BindPort = 6443
	}
	r.ignore = r.node.IgnorePreflightErrors
	return nil
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// clusterDefaults fills in the cluster's part.
func clusterDefaults(c *kubeadmcfg.ClusterConfiguration, v kubeadmcfg.Version) {
	set(&c.KubernetesVersion, v.String())
	set(&c.Networking.ServiceSubnet, "10.96.0.0/12")
	set(&c.Networking.DNSDomain, "cluster.local")
	set(&c.CertificatesDir, "/etc/kubernetes/pki")
	set(&c.ClusterName, "kubernetes")
	set(&c.ImageRepository, v.DefaultImageRepository())
	if c.Etcd.External == nil {
		if c.Etcd.Local == nil {
			c.Etcd.Local = &kubeadmcfg.LocalEtcd{}
		}
		set(&c.Etcd.Local.DataDir, "/var/lib/etcd")
	}
}

// controlPlaneServer is the URL that clients of the cluster use.
func (r *run) controlPlaneServer() string {
	e := r.cluster.ControlPlaneEndpoint
	if e == "" {
		return r.localServer()
	}
	if _, _, err := net.SplitHostPort(e); err != nil {
		e = net.JoinHostPort(e, fmt.Sprint(r.endpoint.BindPort))
	}
	return "https://" + e
}

// localServer is the URL of this host's own API server.
func (r *run) localServer() string {
	return "https://" + net.JoinHostPort(r.endpoint.AdvertiseAddress, fmt.Sprint(r.endpoint.BindPort))
}

// firstAddress is the nth address of a subnet.
func firstAddress(subnet string, n int) string {
	subnet, _, _ = strings.Cut(subnet, ",")
	p, err := netip.ParsePrefix(subnet)
	if err != nil {
		return ""
	}
	a := p.Masked().Addr()
	for range n {
		a = a.Next()
	}
	return a.String()
}

// kubeletConfig is the cluster's kubelet configuration with kubeadm's defaults.
func (r *run) kubeletConfig() kubeletv1beta1.KubeletConfiguration {
	var k kubeletv1beta1.KubeletConfiguration
	if r.bundle.Kubelet != nil {
		k = *r.bundle.Kubelet.DeepCopy()
	}
	set(&k.StaticPodPath, manifests)
	if len(k.ClusterDNS) == 0 {
		k.ClusterDNS = []string{firstAddress(r.cluster.Networking.ServiceSubnet, 10)}
	}
	set(&k.ClusterDomain, r.cluster.Networking.DNSDomain)
	set(&k.CgroupDriver, "systemd")
	set(&k.HealthzBindAddress, "127.0.0.1")
	set(&k.Authentication.X509.ClientCAFile, r.cluster.CertificatesDir+"/ca.crt")
	if k.Authentication.Anonymous.Enabled == nil {
		k.Authentication.Anonymous.Enabled = new(bool)
	}
	yes := true
	if k.Authentication.Webhook.Enabled == nil {
		k.Authentication.Webhook.Enabled = &yes
	}
	set((*string)(&k.Authorization.Mode), "Webhook")
	k.RotateCertificates = true
	if k.HealthzPort == nil {
		port := int32(10248)
		k.HealthzPort = &port
	}
	return k
}

// proxyConfig is the cluster's kube-proxy configuration with kubeadm's defaults.
func (r *run) proxyConfig() proxyv1alpha1.KubeProxyConfiguration {
	var p proxyv1alpha1.KubeProxyConfiguration
	if r.bundle.KubeProxy != nil {
		p = *r.bundle.KubeProxy.DeepCopy()
	}
	set(&p.BindAddress, "0.0.0.0")
	set(&p.ClientConnection.Kubeconfig, "/var/lib/kube-proxy/kubeconfig.conf")
	set(&p.ClusterCIDR, r.cluster.Networking.PodSubnet)
	if p.Mode == "" && r.version.AtLeast(37) {
		p.Mode = "iptables"
	}
	return p
}

// document is an API object of a configuration group as YAML.
func document(apiVersion, kind string, v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", err
	}
	m["apiVersion"], m["kind"] = apiVersion, kind
	out, err := yaml.Marshal(m)
	return string(out), err
}

// taints are those of this node: the configured ones, or the control plane's.
func (r *run) taints(controlPlane bool) []corev1.Taint {
	if r.node.Taints != nil {
		return r.node.Taints
	}
	if controlPlane {
		return r.version.ControlPlaneTaints()
	}
	return nil
}

func (r *run) images() []string {
	repo := r.cluster.ImageRepository
	v := r.cluster.KubernetesVersion
	etcd, dns, pause := "3.7.0-0", "v1.15.0", "3.10.2"
	if !r.version.AtLeast(37) {
		etcd, dns, pause = "3.6.5-0", "v1.12.1", "3.10.1"
	}
	out := []string{}
	for _, c := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"} {
		out = append(out, repo+"/"+c+":"+v)
	}
	return append(out, repo+"/coredns/coredns:"+dns, repo+"/pause:"+pause, repo+"/etcd:"+etcd)
}

func (r *run) image(name string) string {
	i := slices.IndexFunc(r.images(), func(s string) bool { return strings.Contains(s, "/"+name+":") })
	return r.images()[i]
}

func (r *run) listImages() error {
	if f := r.flags["config"]; f != "" {
		if err := r.load(); err != nil {
			return err
		}
		if r.bundle.Cluster != nil {
			r.cluster = *r.bundle.Cluster
		}
	}
	if v := r.flags["kubernetes-version"]; v != "" {
		r.cluster.KubernetesVersion = v
	}
	if repo := r.flags["image-repository"]; repo != "" {
		r.cluster.ImageRepository = repo
	}
	clusterDefaults(&r.cluster, r.version)
	for _, i := range r.images() {
		r.Printf("%s\n", i)
	}
	return r.Sleep(30 * time.Millisecond)
}
