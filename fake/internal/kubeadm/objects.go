package kubeadm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/fake/internal/pki"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

const tokenGroup = "system:bootstrappers:kubeadm:default-node-token"

func rule(verbs, resources []string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{Verbs: verbs, APIGroups: []string{""}, Resources: resources, ResourceNames: names}
}

func groups(names ...string) (out []rbacv1.Subject) {
	for _, n := range names {
		kind := "Group"
		if !strings.HasPrefix(n, "system:") && !strings.HasPrefix(n, "kubeadm:") {
			kind = "User"
		}
		out = append(out, rbacv1.Subject{Kind: kind, APIGroup: rbacv1.GroupName, Name: n})
	}
	return out
}

// allow makes a Role and its binding to groups in a namespace.
func allow(ctx context.Context, c *connection, ns, name string, r rbacv1.PolicyRule, to ...string) error {
	roles, bindings := c.RbacV1().Roles(ns), c.RbacV1().RoleBindings(ns)
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, Rules: []rbacv1.PolicyRule{r}}
	if err := ensure(ctx, func(ctx context.Context) (*rbacv1.Role, error) {
		return roles.Create(ctx, role, metav1.CreateOptions{})
	}, func(ctx context.Context) (*rbacv1.Role, error) {
		return roles.Update(ctx, role, metav1.UpdateOptions{})
	}); err != nil {
		return err
	}
	b := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}, Subjects: groups(to...)}
	return ensure(ctx, func(ctx context.Context) (*rbacv1.RoleBinding, error) {
		return bindings.Create(ctx, b, metav1.CreateOptions{})
	}, func(ctx context.Context) (*rbacv1.RoleBinding, error) {
		return bindings.Update(ctx, b, metav1.UpdateOptions{})
	})
}

// bind makes a ClusterRoleBinding to groups.
func bind(ctx context.Context, c *connection, name, role string, to ...string) error {
	bindings := c.RbacV1().ClusterRoleBindings()
	b := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}, Subjects: groups(to...)}
	return ensure(ctx, func(ctx context.Context) (*rbacv1.ClusterRoleBinding, error) {
		return bindings.Create(ctx, b, metav1.CreateOptions{})
	}, func(ctx context.Context) (*rbacv1.ClusterRoleBinding, error) {
		return bindings.Update(ctx, b, metav1.UpdateOptions{})
	})
}

// putConfigMap creates or updates a ConfigMap.
func putConfigMap(ctx context.Context, c *connection, ns, name string, data map[string]string) error {
	maps := c.CoreV1().ConfigMaps(ns)
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ns}, Data: data}
	return ensure(ctx, func(ctx context.Context) (*corev1.ConfigMap, error) {
		return maps.Create(ctx, cm, metav1.CreateOptions{})
	}, func(ctx context.Context) (*corev1.ConfigMap, error) {
		return maps.Update(ctx, cm, metav1.UpdateOptions{})
	})
}

// uploadConfig stores the configuration that joins read.
func (r *run) uploadConfig(c *connection) error {
	r.Printf("[upload-config] Storing the configuration used in ConfigMap \"kubeadm-config\" in the \"kube-system\" Namespace\n")
	cluster, err := kubeadmcfg.Render(kubeadmcfg.Bundle{Cluster: &r.cluster}, r.version)
	if err != nil {
		return err
	}
	kubelet, err := document("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", r.kubeletConfig())
	if err != nil {
		return err
	}
	kubeletMap := "kubelet-config"
	if !r.version.AtLeast(24) {
		kubeletMap = fmt.Sprintf("kubelet-config-%d.%d", r.version.Major, r.version.Minor)
	}
	return r.retry(func(ctx context.Context) error {
		if err := putConfigMap(ctx, c, "kube-system", "kubeadm-config", map[string]string{"ClusterConfiguration": string(cluster)}); err != nil {
			return err
		}
		if err := allow(ctx, c, "kube-system", "kubeadm:nodes-kubeadm-config", rule([]string{"get"}, []string{"configmaps"}, "kubeadm-config"), tokenGroup, "system:nodes"); err != nil {
			return err
		}
		r.Printf("[kubelet] Creating a ConfigMap %q in namespace kube-system with the configuration for the kubelets in the cluster\n", kubeletMap)
		if err := putConfigMap(ctx, c, "kube-system", kubeletMap, map[string]string{"kubelet": kubelet}); err != nil {
			return err
		}
		return allow(ctx, c, "kube-system", "kubeadm:kubelet-config", rule([]string{"get"}, []string{"configmaps"}, kubeletMap), tokenGroup, "system:nodes")
	})
}

// markControlPlane labels and taints this node.
func (r *run) markControlPlane(c *connection) error {
	r.Printf("[mark-control-plane] Marking the node %s as control-plane by adding the labels: %v\n", r.node.Name, r.version.ControlPlaneLabels())
	taints := r.taints(true)
	return r.retry(func(ctx context.Context) error {
		node, err := c.CoreV1().Nodes().Get(ctx, r.node.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return errors.New(err.Error()) // the kubelet registers it soon
		}
		if err != nil {
			return err
		}
		if node.Labels == nil {
			node.Labels = map[string]string{}
		}
		for _, l := range append(r.version.ControlPlaneLabels(), "node.kubernetes.io/exclude-from-external-load-balancers") {
			node.Labels[l] = ""
		}
		for _, t := range taints {
			found := false
			for _, have := range node.Spec.Taints {
				found = found || have.Key == t.Key && have.Effect == t.Effect
			}
			if !found {
				node.Spec.Taints = append(node.Spec.Taints, t)
			}
		}
		_, err = c.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
		return conflictIsTemporary(err)
	})
}

// createToken stores a bootstrap token.
func (r *run) createToken(c *connection, t kubeadmcfg.BootstrapToken) error {
	id, ok := kubeadmcfg.TokenID(t.Token)
	if !ok {
		return fmt.Errorf("the bootstrap token is not of the form abcdef.0123456789abcdef")
	}
	data := map[string][]byte{"token-id": []byte(id), "token-secret": []byte(t.Token.Reveal()[len(id)+1:])}
	if t.Description != "" {
		data["description"] = []byte(t.Description)
	}
	ttl := tokenTTL
	if t.TTL != nil {
		ttl = t.TTL.Duration
	}
	switch {
	case t.Expires != nil:
		data["expiration"] = []byte(t.Expires.UTC().Format(time.RFC3339))
	case ttl > 0:
		data["expiration"] = []byte(r.Now().Add(ttl).UTC().Format(time.RFC3339))
	}
	for _, u := range t.Usages {
		data["usage-bootstrap-"+u] = []byte("true")
	}
	if len(t.Groups) > 0 {
		data["auth-extra-groups"] = []byte(strings.Join(t.Groups, ","))
	}
	secrets := c.CoreV1().Secrets("kube-system")
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "bootstrap-token-" + id, Namespace: "kube-system"}, Type: "bootstrap.kubernetes.io/token", Data: data}
	return r.retry(func(ctx context.Context) error {
		return ensure(ctx, func(ctx context.Context) (*corev1.Secret, error) {
			return secrets.Create(ctx, s, metav1.CreateOptions{})
		}, func(ctx context.Context) (*corev1.Secret, error) {
			return secrets.Update(ctx, s, metav1.UpdateOptions{})
		})
	})
}

// bootstrapTokens stores the tokens of the configuration, what they may do, and cluster-info.
func (r *run) bootstrapTokens(c *connection) error {
	r.Printf("[bootstrap-token] Configuring bootstrap tokens, cluster-info ConfigMap, RBAC Roles\n")
	for _, t := range r.bundle.Init.BootstrapTokens {
		if t.Usages == nil {
			t.Usages = []string{"signing", "authentication"}
		}
		if t.Groups == nil {
			t.Groups = []string{tokenGroup}
		}
		if err := r.createToken(c, t); err != nil {
			return err
		}
	}
	ca, err := r.Host.FS.Read(r.pki("ca.crt"))
	if err != nil {
		return err
	}
	info, err := clusterInfoKubeconfig(r.controlPlaneServer(), ca)
	if err != nil {
		return err
	}
	return r.retry(func(ctx context.Context) error {
		roles := c.RbacV1().ClusterRoles()
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "kubeadm:get-nodes"}, Rules: []rbacv1.PolicyRule{rule([]string{"get"}, []string{"nodes"})}}
		if err := ensure(ctx, func(ctx context.Context) (*rbacv1.ClusterRole, error) {
			return roles.Create(ctx, role, metav1.CreateOptions{})
		}, func(ctx context.Context) (*rbacv1.ClusterRole, error) {
			return roles.Update(ctx, role, metav1.UpdateOptions{})
		}); err != nil {
			return err
		}
		for name, to := range map[string][2]string{
			"kubeadm:get-nodes": {"kubeadm:get-nodes", tokenGroup}, "kubeadm:kubelet-bootstrap": {"system:node-bootstrapper", tokenGroup},
			"kubeadm:node-autoapprove-bootstrap":            {"system:certificates.k8s.io:certificatesigningrequests:nodeclient", tokenGroup},
			"kubeadm:node-autoapprove-certificate-rotation": {"system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", "system:nodes"},
		} {
			if err := bind(ctx, c, name, to[0], to[1]); err != nil {
				return err
			}
		}
		old, err := c.CoreV1().ConfigMaps("kube-public").Get(ctx, "cluster-info", metav1.GetOptions{})
		data := map[string]string{}
		if err == nil {
			data = old.Data // the signatures of tokens are kept
		}
		data["kubeconfig"] = string(info)
		if err := putConfigMap(ctx, c, "kube-public", "cluster-info", data); err != nil {
			return err
		}
		return allow(ctx, c, "kube-public", "kubeadm:bootstrap-signer-clusterinfo", rule([]string{"get"}, []string{"configmaps"}, "cluster-info"), "system:unauthenticated")
	})
}

func clusterInfoKubeconfig(server string, ca []byte) ([]byte, error) {
	out, err := pki.Kubeconfig("", server, "", ca, nil, nil, "")
	if err != nil {
		return nil, err
	}
	return []byte(strings.Replace(string(out), "current-context: '@'", `current-context: ""`, 1)), nil
}

// addons stores CoreDNS and kube-proxy.
func (r *run) addons(c *connection) error {
	proxy, err := document("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", r.proxyConfig())
	if err != nil {
		return err
	}
	kubeconfig := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt\n    server: %s\n  name: default\ncontexts:\n- context:\n    cluster: default\n    namespace: default\n    user: default\n  name: default\ncurrent-context: default\nusers:\n- name: default\n  user:\n    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token\n", r.controlPlaneServer())
	return r.retry(func(ctx context.Context) error {
		if !r.cluster.DNS.Disabled {
			if err := r.coreDNS(ctx, c); err != nil {
				return err
			}
			r.Printf("[addons] Applied essential addon: CoreDNS\n")
		}
		if r.cluster.Proxy.Disabled {
			return nil
		}
		if err := putConfigMap(ctx, c, "kube-system", "kube-proxy", map[string]string{"config.conf": proxy, "kubeconfig.conf": kubeconfig}); err != nil {
			return err
		}
		if err := bind(ctx, c, "kubeadm:node-proxier", "system:node-proxier", "system:serviceaccounts"); err != nil {
			return err
		}
		if err := allow(ctx, c, "kube-system", "kube-proxy", rule([]string{"get"}, []string{"configmaps"}, "kube-proxy"), tokenGroup); err != nil {
			return err
		}
		sets := c.AppsV1().DaemonSets("kube-system")
		ds := r.kubeProxy()
		if err := ensure(ctx, func(ctx context.Context) (*appsv1.DaemonSet, error) {
			return sets.Create(ctx, ds, metav1.CreateOptions{})
		}, func(ctx context.Context) (*appsv1.DaemonSet, error) {
			return sets.Update(ctx, ds, metav1.UpdateOptions{})
		}); err != nil {
			return err
		}
		r.Printf("[addons] Applied essential addon: kube-proxy\n")
		return nil
	})
}

func (r *run) kubeProxy() *appsv1.DaemonSet {
	labels := map[string]string{"k8s-app": "kube-proxy"}
	return &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "kube-proxy", Namespace: "kube-system", Labels: labels}, Spec: appsv1.DaemonSetSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
			HostNetwork: true, ServiceAccountName: "kube-proxy", PriorityClassName: "system-node-critical", NodeSelector: map[string]string{"kubernetes.io/os": "linux"}, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{Name: "kube-proxy", Image: r.image("kube-proxy"), Command: []string{"/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=$(NODE_NAME)"}}},
		}},
	}}
}

func (r *run) coreDNS(ctx context.Context, c *connection) error {
	corefile := ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    ready\n    kubernetes " + r.cluster.Networking.DNSDomain + " in-addr.arpa ip6.arpa {\n       pods insecure\n       fallthrough in-addr.arpa ip6.arpa\n       ttl 30\n    }\n    forward . /etc/resolv.conf\n    cache 30\n    loop\n    reload\n    loadbalance\n}\n"
	if err := putConfigMap(ctx, c, "kube-system", "coredns", map[string]string{"Corefile": corefile}); err != nil {
		return err
	}
	two := int32(2)
	labels := map[string]string{"k8s-app": "kube-dns"}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "coredns", Namespace: "kube-system", Labels: labels}, Spec: appsv1.DeploymentSpec{
		Replicas: &two, Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
			ServiceAccountName: "coredns", PriorityClassName: "system-cluster-critical", NodeSelector: map[string]string{"kubernetes.io/os": "linux"},
			Tolerations: []corev1.Toleration{{Key: "CriticalAddonsOnly", Operator: corev1.TolerationOpExists}, {Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}, {Key: "node-role.kubernetes.io/master", Effect: corev1.TaintEffectNoSchedule}},
			Containers:  []corev1.Container{{Name: "coredns", Image: r.image("coredns"), Args: []string{"-conf", "/etc/coredns/Corefile"}}},
		}},
	}}
	sets := c.AppsV1().Deployments("kube-system")
	if err := ensure(ctx, func(ctx context.Context) (*appsv1.Deployment, error) {
		return sets.Create(ctx, d, metav1.CreateOptions{})
	}, func(ctx context.Context) (*appsv1.Deployment, error) {
		return sets.Update(ctx, d, metav1.UpdateOptions{})
	}); err != nil {
		return err
	}
	svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kube-dns", Namespace: "kube-system", Labels: labels}, Spec: corev1.ServiceSpec{Selector: labels, ClusterIP: firstAddress(r.cluster.Networking.ServiceSubnet, 10), Ports: []corev1.ServicePort{{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}, {Name: "dns-tcp", Port: 53, Protocol: corev1.ProtocolTCP}}}}
	services := c.CoreV1().Services("kube-system")
	return ensure(ctx, func(ctx context.Context) (*corev1.Service, error) {
		return services.Create(ctx, svc, metav1.CreateOptions{})
	}, func(ctx context.Context) (*corev1.Service, error) {
		return services.Update(ctx, svc, metav1.UpdateOptions{})
	})
}
