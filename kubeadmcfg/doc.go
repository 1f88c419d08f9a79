// Package kubeadmcfg is kubeadm's, the kubelet's and kube-proxy's configuration as Go data: typed,
// rendered without noise for one Kubernetes version, parsed back strictly, and validated.
//
//	v, err := kubeadmcfg.ParseVersion("v1.37.2")
//	b := kubeadmcfg.Bundle{
//		Init: &kubeadmcfg.InitConfiguration{NodeRegistration: kubeadmcfg.NodeRegistrationOptions{Name: "cp1"}},
//		Cluster: &kubeadmcfg.ClusterConfiguration{KubernetesVersion: v.String(), ControlPlaneEndpoint: "api.prod.internal:16443"},
//	}
//	if err := kubeadmcfg.Validate(b, v); err != nil {
//		return err // every problem at once, each with path and code
//	}
//	file, err := kubeadmcfg.Render(b, v) // v1beta4 here; v1beta3 for a version below 1.31
//	back, err := kubeadmcfg.Parse(file)  // back equals b
//
// # Types
//
// The kubeadm kinds are this package's own types in the v1beta4 shape; v1beta3 is a wire format
// that Render and Parse convert to and from. KubeletConfiguration and KubeProxyConfiguration are
// the upstream types of k8s.io/kubelet and k8s.io/kube-proxy. In all of them the zero value means
// "not set" and is left out by Render; a nil pointer, slice or map is not set, and one that is
// there is rendered even when it is empty. What is not set, kubeadm defaults.
//
// # Versions
//
// What a Kubernetes version writes, reads, defaults and dropped is data in one file, versions.go,
// and is asked through methods of Version. The range is 1.22 to 1.37.
//
// # Lint
//
// Validate is kubeadm's verdict. Lint is what nobody checks: whether the documents fit each other,
// the balancer, the hosts and the next versions. Its codes are in docs/lint.md. LintCommands reads
// the commands of a how-to.
//
// # Other readings and writings
//
// ParseLenient keeps what the types do not have, RenderWith writes another API version or lists
// what it had to leave out, and Convert rewrites a file from v1beta3 to v1beta4 or back.
//
// # Guarantees
//
// The package does no I/O, reads no clock and no environment. The same input gives the same bytes.
// All functions may be called concurrently; values are plain data and not synchronised.
// Tokens and certificate keys are of type Secret, which prints as [redacted] everywhere but in
// Render.
//
// # Non-goals
//
// No defaulting: that is kubeadm's, and differs by version. No running of kubeadm. No templates.
package kubeadmcfg
