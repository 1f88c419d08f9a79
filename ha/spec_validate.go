package ha

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// Validate returns a *SpecError with everything that is wrong with s, or nil. It looks at the Spec
// alone: nothing is read from disk and no host is asked.
func (s Spec) Validate() error {
	if problems := s.withDefaults().problems(); len(problems) > 0 {
		return &SpecError{Problems: problems}
	}
	return nil
}

// problemList collects problems.
type problemList []Problem

func (l *problemList) add(code, path, format string, args ...any) {
	*l = append(*l, Problem{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
}

// problems checks a Spec whose defaults are filled in.
func (s Spec) problems() []Problem {
	var l problemList
	if msgs := validation.IsDNS1123Label(s.Name); len(msgs) > 0 {
		l.add("Name", "name", "%q is not an RFC 1123 label", s.Name)
	}
	version := s.checkVersion(&l)
	s.checkHosts(&l)
	s.checkEndpoint(&l)
	s.checkNetworking(&l)
	s.checkBalancer(&l)
	s.checkKubeadm(&l)
	if s.Runtime.Kind != containerd {
		l.add("Runtime", "runtime.kind", "%q is not supported; containerd is", s.Runtime.Kind)
	}
	if s.Packages.Manage {
		l.add("PackagesManage", "packages.manage", "installing packages is not supported yet: install kubeadm, kubelet, nginx and containerd on the hosts and say false")
	}
	for i, r := range s.Acknowledge {
		if r != EvenControlPlanes && r != EndpointOnControlPlane {
			l.add("Acknowledge", fmt.Sprintf("acknowledge[%d]", i), "%q is not a risk; %s and %s are", r, EvenControlPlanes, EndpointOnControlPlane)
		}
	}
	if version != nil && len(l) == 0 {
		s.checkRendering(&l, *version)
	}
	if version != nil && s.KubeProxy != nil {
		if p, ok := proxyModeProblem(string(s.KubeProxy.Mode), *version); !ok {
			l = append(l, p)
		}
	}
	return l
}

// checkVersion reports a version outside what the library knows, and returns it where it can be read.
func (s Spec) checkVersion(l *problemList) *kubeadmcfg.Version {
	v, err := kubeadmcfg.ParseVersion(s.KubernetesVersion)
	if err != nil {
		l.add("Version", "kubernetesVersion", "%q is not a version such as v1.37.2", s.KubernetesVersion)
		return nil
	}
	if err := v.Supported(); err != nil {
		l.add("Version", "kubernetesVersion", "%v", err)
	}
	return &v
}

func (s Spec) checkHosts(l *problemList) {
	names, addresses := map[string]int{}, map[netip.Addr]int{}
	for i, h := range s.Hosts {
		at := func(field string) string { return fmt.Sprintf("hosts[%d].%s", i, field) }
		if msgs := validation.IsDNS1123Label(h.Name); len(msgs) > 0 {
			l.add("HostName", at("name"), "%q is not an RFC 1123 label", h.Name)
		} else if first, ok := names[h.Name]; ok {
			l.add("DuplicateName", at("name"), "%s is the name of hosts[%d] as well", h.Name, first)
		} else {
			names[h.Name] = i
		}
		addr, err := netip.ParseAddr(h.Address)
		switch {
		case err != nil:
			l.add("HostAddress", at("address"), "%q is not an IP address", h.Address)
		case addr.IsLoopback() || addr.IsUnspecified() || addr.IsMulticast():
			l.add("HostAddress", at("address"), "%s is not an address at which other hosts reach this one", addr)
		default:
			if first, ok := addresses[addr.Unmap()]; ok {
				l.add("DuplicateAddress", at("address"), "%s is the address of %s (hosts[%d]) as well", addr, s.Hosts[first].Name, first)
			} else {
				addresses[addr.Unmap()] = i
			}
		}
		switch h.Role {
		case RoleControlPlane, RoleWorker, RoleLoadBalancer:
		default:
			l.add("Role", at("role"), "%q is not a role; ControlPlane, Worker and LoadBalancer are", h.Role)
		}
		if h.SSH.Port < 0 || h.SSH.Port > 65535 {
			l.add("Port", at("ssh.port"), "%d is not a port", h.SSH.Port)
		}
	}
	if s.SSHDefaults.Address != "" {
		l.add("SSHAddress", "sshDefaults.address", "an address is one host's own: say it in that host's ssh")
	}
	switch n := len(s.byRole(RoleControlPlane)); {
	case n == 0:
		l.add("NoControlPlane", "hosts", "no host has the role ControlPlane")
	case n%2 == 0 && !s.acknowledges(EvenControlPlanes):
		l.add("EvenControlPlanes", "hosts", "%d control planes tolerate no more failures than %d would, and one more host can fail: make it %d or %d, or acknowledge %s", n, n-1, n-1, n+1, EvenControlPlanes)
	}
}

func (s Spec) checkEndpoint(l *problemList) {
	e := s.Endpoint
	if e.Host == "" {
		l.add("Endpoint", "endpoint.host", "missing: a DNS name under which every host finds the API, such as api.%s.internal", s.Name)
		return
	}
	if e.Port < 1 || e.Port > 65535 {
		l.add("Port", "endpoint.port", "%d is not a port", e.Port)
	}
	addr, err := netip.ParseAddr(e.Host)
	if err != nil && len(validation.IsDNS1123Subdomain(e.Host)) > 0 {
		l.add("Endpoint", "endpoint.host", "%q is neither a DNS name nor an address", e.Host)
	}
	for _, h := range s.byRole(RoleControlPlane) {
		if (e.Host == h.Name || (err == nil && sameAddress(addr, h.Address))) && !s.acknowledges(EndpointOnControlPlane) {
			l.add("EndpointOnControlPlane", "endpoint.host", "%s is the control plane %s: without it nothing reaches the API, although the others serve it. Use a name that every host resolves to its own balancer, or acknowledge %s", e.Host, h.Name, EndpointOnControlPlane)
		}
	}
	if err == nil && s.LoadBalancer.Placement == PlacementLocal && !s.acknowledges(EndpointOnControlPlane) && !addr.IsLoopback() && !s.endpointIsControlPlane(addr) {
		l.add("Endpoint", "endpoint.host", "%s is an address: with placement Local the endpoint is a name, which each host resolves to its own balancer", addr)
	}
	if e.Port == s.apiServerPort() && s.LoadBalancer.Placement == PlacementLocal {
		l.add("PortClash", "endpoint.port", "%d is the apiservers' own port, which kube-apiserver takes on every address of a control plane: use another, such as %d", e.Port, defaultEndpointPort)
	}
}

func (s Spec) endpointIsControlPlane(addr netip.Addr) bool {
	for _, h := range s.byRole(RoleControlPlane) {
		if sameAddress(addr, h.Address) {
			return true
		}
	}
	return false
}

// apiServerPort is the port that every kube-apiserver binds.
func (s Spec) apiServerPort() int { return apiServerPort }

func sameAddress(a netip.Addr, text string) bool {
	b, err := netip.ParseAddr(text)
	return err == nil && a.Unmap() == b.Unmap()
}

func (s Spec) checkNetworking(l *problemList) {
	type named struct {
		path   string
		prefix netip.Prefix
	}
	var ranges []named
	for _, r := range []struct{ path, text string }{
		{"networking.podSubnet", s.Networking.PodSubnet},
		{"networking.serviceSubnet", s.Networking.ServiceSubnet},
	} {
		for _, text := range strings.Split(r.text, ",") {
			p, err := netip.ParsePrefix(strings.TrimSpace(text))
			if err != nil {
				l.add("Subnet", r.path, "%q is not a range such as 10.244.0.0/16", text)
				continue
			}
			if p != p.Masked() {
				l.add("Subnet", r.path, "%s has bits outside its mask; %s is the range", p, p.Masked())
				continue
			}
			for _, other := range ranges {
				if p.Overlaps(other.prefix) {
					l.add("Overlap", r.path, "%s overlaps %s %s", p, other.path, other.prefix)
				}
			}
			ranges = append(ranges, named{r.path, p})
		}
	}
	for i, h := range s.Hosts {
		addr, err := netip.ParseAddr(h.Address)
		if err != nil {
			continue
		}
		for _, r := range ranges {
			if r.prefix.Contains(addr.Unmap()) {
				l.add("Overlap", fmt.Sprintf("hosts[%d].address", i), "%s of %s lies in %s %s", addr, h.Name, r.path, r.prefix)
			}
		}
	}
	if len(validation.IsDNS1123Subdomain(s.Networking.DNSDomain)) > 0 {
		l.add("DNSDomain", "networking.dnsDomain", "%q is not a DNS domain", s.Networking.DNSDomain)
	}
}

func (s Spec) checkBalancer(l *problemList) {
	switch s.LoadBalancer.Placement {
	case PlacementLocal, PlacementDedicated, PlacementExternal:
	default:
		l.add("Placement", "loadBalancer.placement", "%q is not a placement; Local, Dedicated and External are", s.LoadBalancer.Placement)
	}
	switch s.LoadBalancer.Engine {
	case EngineNginx:
	case EngineHAProxy:
		if slices.Contains(s.Kubeadm.APIServer.ExtraArgs, kubeadmcfg.Arg{Name: "anonymous-auth", Value: "false"}) {
			l.add("AnonymousAuth", "kubeadm.apiServer.extraArgs", "with --anonymous-auth=false /readyz answers 401, and haproxy's checks see no apiserver ready: use nginx, or let anonymous have /readyz (kube-apiserver --authentication-config)")
		}
	default:
		l.add("Engine", "loadBalancer.engine", "%q is not an engine; nginx and haproxy are", s.LoadBalancer.Engine)
	}
	balancers := len(s.byRole(RoleLoadBalancer))
	switch {
	case s.LoadBalancer.Placement == PlacementDedicated && balancers == 0:
		l.add("NoBalancer", "loadBalancer.placement", "Dedicated, but no host has the role LoadBalancer")
	case s.LoadBalancer.Placement != PlacementDedicated && balancers > 0:
		l.add("Placement", "loadBalancer.placement", "%s, but there are hosts with the role LoadBalancer", s.LoadBalancer.Placement)
	}
}

func (s Spec) checkKubeadm(l *problemList) {
	owned := []struct {
		field string
		set   bool
		where string
	}{
		{"kubernetesVersion", s.Kubeadm.KubernetesVersion != "", "kubernetesVersion"},
		{"controlPlaneEndpoint", s.Kubeadm.ControlPlaneEndpoint != "", "endpoint"},
		{"clusterName", s.Kubeadm.ClusterName != "", "name"},
		{"imageRepository", s.Kubeadm.ImageRepository != "", "imageRepository"},
		{"networking", s.Kubeadm.Networking != (kubeadmcfg.Networking{}), "networking"},
	}
	for _, o := range owned {
		if o.set {
			l.add("Owned", "kubeadm."+o.field, "say it in the cluster file's own %s", o.where)
		}
	}
	if s.Kubeadm.Etcd.External != nil {
		l.add("ExternalEtcd", "kubeadm.etcd.external", "external etcd is not supported: control planes carry stacked members")
	}
}

// checkRendering reports what kubeadm of that version would not understand, or not accept.
func (s Spec) checkRendering(l *problemList, v kubeadmcfg.Version) {
	bundle := s.initBundle(s.byRole(RoleControlPlane)[0], sampleToken, sampleCertificateKey)
	_, err := kubeadmcfg.Render(bundle, v)
	var losses *kubeadmcfg.LossError
	if errors.As(err, &losses) {
		for _, loss := range losses.Losses {
			l.add("Kubeadm", "kubeadm", "%s", loss)
		}
		return
	}
	if err != nil {
		l.add("Kubeadm", "kubeadm", "%v", err)
		return
	}
	var invalid *kubeadmcfg.ValidationError
	if err := kubeadmcfg.Validate(bundle, v); errors.As(err, &invalid) {
		for _, p := range invalid.Problems {
			l.add("Kubeadm", "kubeadm", "%s: %s", p.Path, p.Message)
		}
	}
}

// Secrets of the right form, to check a configuration with before there are real ones.
const (
	sampleToken          = kubeadmcfg.Secret("aaaaaa.aaaaaaaaaaaaaaaa")
	sampleCertificateKey = kubeadmcfg.Secret("00000000000000000000000000000000000000000000000000000000000000aa")
)

// proxyModeProblem checks kube-proxy's mode against what the version still has.
func proxyModeProblem(mode string, v kubeadmcfg.Version) (Problem, bool) {
	if mode != "ipvs" {
		return Problem{}, true
	}
	if !v.IPVS().Available {
		return Problem{Code: "IPVSRemoved", Path: "kubeProxy.mode", Message: fmt.Sprintf("kube-proxy %s has no ipvs mode any more (removed in 1.43): use nftables", v)}, false
	}
	return Problem{}, true
}
