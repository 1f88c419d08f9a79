package ctrl

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
	"github.com/quorate-dev/quorate/fake/internal/pki"
)

// ClientCert is where the kubelet keeps the certificate that it got.
const ClientCert = "/var/lib/kubelet/pki/kubelet-client-current.pem"

// sync is one round of the kubelet: static pods, registration, pods, status.
func (n *Node) sync() {
	st := n.kubelet()
	if st == nil || n.Host.Unit("containerd.service").Active() != "active" {
		if n.Host.Up {
			n.Host.RetryUnitsIfInstant()
		}
		n.heard = false
		return
	}
	n.syncStatic(st)
	kubeconfig := st.flags["kubeconfig"]
	if !n.Host.FS.Exists(kubeconfig) || !n.Host.FS.Exists(ClientCert) && n.Host.FS.Exists(st.flags["bootstrap-kubeconfig"]) {
		if err := n.bootstrap(st); err != nil {
			n.heard = false
			n.later()
			return
		}
	}
	store, err := n.reach(kubeconfig)
	if err != nil {
		n.heard = false
		n.later()
		return
	}
	n.heard, n.store, n.nodeName = true, store, n.name(st)
	n.register(store, st)
	if _, err := store.Get(store.Core("nodes"), "", n.name(st)); err != nil {
		return // without its Node the kubelet neither shows its static pods nor is given others
	}
	n.syncPods(store, st)
	n.report(store, st)
}

// later looks again when something outside may have changed without a kick.
func (n *Node) later() {
	if now := n.c.World.NowLocked(); n.c.World.Virtual() && !now.Before(n.retryAt) {
		n.retryAt = now.Add(5 * time.Second)
		n.c.World.Later(5*time.Second, n.kick)
	}
}

// name is the node's name: --hostname-override, or the host's name in lower case.
func (n *Node) name(st *kubeletState) string {
	if o := st.flags["hostname-override"]; o != "" {
		return o
	}
	return strings.ToLower(n.Host.Hostname())
}

// bootstrap gets a client certificate with the bootstrap token: a signing request, approved and signed.
func (n *Node) bootstrap(st *kubeletState) error {
	file := st.flags["bootstrap-kubeconfig"]
	data, err := n.Host.FS.Read(file)
	if err != nil {
		return err
	}
	cfg, err := clientcmd.Load(data)
	if err != nil {
		return err
	}
	ctx := cfg.Contexts[cfg.CurrentContext]
	cluster := cfg.Clusters[ctx.Cluster]
	out, err := NodeKubeconfig(cluster.Server, cluster.CertificateAuthorityData)
	if err != nil {
		return err
	}
	// The kubeconfig comes first, and names a certificate that is not there yet (writeKubeconfigFromBootstrapping in
	// pkg/kubelet/certificate/bootstrap).
	if err := n.Host.FS.Replace(st.flags["kubeconfig"], out, 0o600, n.Host.RootOwner()); err != nil {
		return err
	}
	store, err := n.reach(file)
	if err != nil {
		return err
	}
	token := cfg.AuthInfos[ctx.AuthInfo].Token
	who, err := store.TokenUser(token)
	if err != nil {
		return err
	}
	m := n.c.manager(store)
	if m == nil {
		return errors.New("no controller manager signs")
	}
	ca, err := m.clusterCA()
	if err != nil {
		return err
	}
	key, keyPEM, err := pki.NewKey()
	if err != nil {
		return err
	}
	name := n.name(st)
	cert, err := ca.SignKey(pki.Leaf{CommonName: "system:node:" + name, Organization: []string{"system:nodes"}, Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, Validity: 365 * 24 * time.Hour}, key.Public(), n.c.World.NowLocked())
	if err != nil {
		return err
	}
	if err := recordCSR(store, who, name, cert); err != nil {
		return err
	}
	return n.Host.FS.Replace(ClientCert, append(slices.Clone(cert), keyPEM...), 0o600, n.Host.RootOwner())
}

// NodeKubeconfig is a kubelet.conf whose credentials are the kubelet's own certificate file.
func NodeKubeconfig(server string, ca []byte) ([]byte, error) {
	out, err := pki.Kubeconfig("default-cluster", server, "default-auth", ca, nil, nil, "")
	if err != nil {
		return nil, err
	}
	cfg, err := clientcmd.Load(out)
	if err != nil {
		return nil, err
	}
	cfg.AuthInfos["default-auth"].ClientCertificate = ClientCert
	cfg.AuthInfos["default-auth"].ClientKey = ClientCert
	return clientcmd.Write(*cfg)
}

// recordCSR leaves the request as the signing controllers leave it.
func recordCSR(s *kapi.Store, who, name string, cert []byte) error {
	res := s.Core("certificatesigningrequests")
	u := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"generateName": "node-csr-"},
		"spec":     map[string]any{"signerName": "kubernetes.io/kube-apiserver-client-kubelet", "username": who, "usages": []any{"digital signature", "client auth"}, "request": ""},
	}}
	o, err := s.Create(res, "", u)
	if err != nil {
		return err
	}
	_, err = s.Update(res, "", o.Name, "status", func(u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		u.Object["status"] = map[string]any{"certificate": string64(cert), "conditions": []any{map[string]any{"type": "Approved", "status": "True", "reason": "AutoApproved", "message": "Auto approving kubelet client certificate after SubjectAccessReview."}}}
		return u, nil
	})
	return err
}

// register makes the Node object where there is none, once in a kubelet's life: a Node that is deleted later stays
// away until the kubelet is started again (pkg/kubelet/kubelet_node_status.go, registerWithAPIServer).
func (n *Node) register(s *kapi.Store, st *kubeletState) {
	if st.registered {
		return
	}
	st.registered = true
	res, name := s.Core("nodes"), n.name(st)
	if _, err := s.Get(res, "", name); err == nil {
		return
	}
	labels := map[string]string{"kubernetes.io/hostname": strings.ToLower(n.Host.Hostname()), "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64"}
	for _, l := range strings.Split(st.flags["node-labels"], ",") {
		if k, v, ok := strings.Cut(l, "="); ok {
			labels[k] = v
		}
	}
	node := corev1.Node{TypeMeta: metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: map[string]string{"volumes.kubernetes.io/controller-managed-attach-detach": "true"}}}
	node.Spec.Taints = append(node.Spec.Taints, st.config.RegisterWithTaints...)
	for _, t := range strings.Split(st.flags["register-with-taints"], ",") {
		if t == "" {
			continue
		}
		kv, effect, _ := strings.Cut(t, ":")
		k, v, _ := strings.Cut(kv, "=")
		node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: k, Value: v, Effect: corev1.TaintEffect(effect)})
	}
	node.Status = n.nodeStatus(s, st, nil)
	_, _ = s.Put(res, "", name, "", &node)                                                              // another kubelet of that name may be quicker: then there is a Node
	_, _ = s.Put(s.Core("leases"), "kube-node-lease", name, "", map2lease(name, n.c.World.NowLocked())) // as above
}

// nodeStatus is what the kubelet reports; old is the status before.
func (n *Node) nodeStatus(s *kapi.Store, st *kubeletState, old *corev1.NodeStatus) corev1.NodeStatus {
	h := n.Host
	mem := resource.MustParse(fmt.Sprintf("%dMi", h.MemoryMB))
	list := corev1.ResourceList{corev1.ResourceCPU: *resource.NewQuantity(int64(h.CPUs), resource.DecimalSI), corev1.ResourceMemory: mem, corev1.ResourcePods: resource.MustParse("110")}
	address := h.Addr.String()
	if ip := st.flags["node-ip"]; ip != "" {
		address = ip
	}
	out := corev1.NodeStatus{
		Capacity: list, Allocatable: list,
		Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}, {Type: corev1.NodeHostName, Address: h.Hostname()}},
		NodeInfo: corev1.NodeSystemInfo{MachineID: n.read("/etc/machine-id"), SystemUUID: n.read("/sys/class/dmi/id/product_uuid"), BootID: fmt.Sprintf("%s-%d", h.Name, h.Boots), KernelVersion: "6.1.0-38-amd64",
			OSImage: "Debian GNU/Linux 12 (bookworm)", ContainerRuntimeVersion: "containerd://2.2.0", KubeletVersion: h.KubernetesVersion, OperatingSystem: "linux", Architecture: "amd64"},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: 10250}},
	}
	now := metav1.NewTime(n.c.World.NowLocked().Truncate(time.Second))
	condition := func(t corev1.NodeConditionType, ok bool, status corev1.ConditionStatus, reason, message string) {
		c := corev1.NodeCondition{Type: t, Status: status, Reason: reason, Message: message, LastHeartbeatTime: now, LastTransitionTime: now}
		if old != nil {
			for _, o := range old.Conditions {
				if o.Type == t && o.Status == status && o.Reason == reason && o.Message == message {
					c.LastTransitionTime, c.LastHeartbeatTime = o.LastTransitionTime, o.LastHeartbeatTime
				}
			}
		}
		out.Conditions = append(out.Conditions, c)
	}
	condition(corev1.NodeMemoryPressure, false, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
	condition(corev1.NodeDiskPressure, false, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure")
	condition(corev1.NodePIDPressure, false, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available")
	if n.networkReady() {
		condition(corev1.NodeReady, true, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status")
	} else {
		condition(corev1.NodeReady, false, corev1.ConditionFalse, "KubeletNotReady", "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized")
	}
	return out
}

func (n *Node) read(name string) string {
	b, ok := n.Host.Proc(name)
	if !ok && !strings.HasPrefix(name, "/sys") {
		b, _ = n.Host.FS.Read(name) // an absent file is an empty fact, as the kubelet reports it
	}
	return strings.TrimSpace(string(b))
}

// networkReady says whether a CNI configuration is there.
func (n *Node) networkReady() bool {
	for _, e := range n.Host.FS.List("/etc/cni/net.d") {
		if strings.HasSuffix(e.Name, ".conflist") || strings.HasSuffix(e.Name, ".conf") {
			return true
		}
	}
	return false
}

// report brings the Node's status up to date.
func (n *Node) report(s *kapi.Store, st *kubeletState) {
	res := s.Core("nodes")
	o, err := s.Get(res, "", n.name(st))
	if err != nil {
		return
	}
	node := *kapi.Typed[corev1.Node](o)
	status := n.nodeStatus(s, st, &node.Status)
	if same(node.Status, status) {
		return
	}
	node.Status = status
	node.TypeMeta = metav1.TypeMeta{Kind: "Node", APIVersion: "v1"}
	_, _ = s.Put(res, "", node.Name, "status", &node) // it was read under this lock
}

// same compares API types as the API does: times by the second they name, nothing and empty alike.
func same(a, b any) bool { return equality.Semantic.DeepEqual(a, b) }
