package kubeadm

import (
	"strings"

	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// startKubelet writes the kubelet's configuration and starts it. taints says whether it registers
// its taints itself, as joining nodes do.
func (r *run) startKubelet(config func() kubeletv1beta1.KubeletConfiguration, taints bool) error {
	if err := r.Do(func() { _ = r.Host.StopUnit("kubelet.service") }); err != nil { // it is no error when it does not run
		return err
	}
	var flags []kubeadmcfg.Arg
	socket := r.node.CRISocket
	if !strings.Contains(socket, "://") {
		socket = "unix://" + socket
	}
	text, err := document("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", config())
	if err != nil {
		return err
	}
	if r.version.AtLeast(34) { // NodeLocalCRISocket: the socket is the node's own part of the configuration
		k := config()
		k.ContainerRuntimeEndpoint = socket
		if text, err = document("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", k); err != nil {
			return err
		}
		if err := r.write(kubeletDir+"/instance-config.yaml", []byte("apiVersion: kubelet.config.k8s.io/v1beta1\ncontainerRuntimeEndpoint: "+socket+"\nkind: KubeletConfiguration\n"), 0o644); err != nil {
			return err
		}
	} else {
		flags = append(flags, kubeadmcfg.Arg{Name: "container-runtime-endpoint", Value: socket})
	}
	if taints {
		var list []string
		for _, t := range r.taints(r.join != nil && r.join.ControlPlane != nil) {
			list = append(list, t.ToString())
		}
		if len(list) > 0 {
			flags = append(flags, kubeadmcfg.Arg{Name: "register-with-taints", Value: strings.Join(list, ",")})
		}
	}
	var hostname string
	if err := r.Do(func() { hostname = strings.ToLower(r.Host.Hostname()) }); err != nil {
		return err
	}
	if r.node.Name != hostname {
		flags = append(flags, kubeadmcfg.Arg{Name: "hostname-override", Value: r.node.Name})
	}
	line := command("", flags, r.node.KubeletExtraArgs)[1:]
	r.Printf("[kubelet-start] Writing kubelet environment file with flags to file \"/var/lib/kubelet/kubeadm-flags.env\"\n")
	if err := r.Host.FS.MkdirAll(kubeletDir, 0o700); err != nil {
		return err
	}
	if err := r.write(kubeletDir+"/kubeadm-flags.env", []byte("KUBELET_KUBEADM_ARGS=\""+strings.Join(line, " ")+"\"\n"), 0o644); err != nil {
		return err
	}
	r.Printf("[kubelet-start] Writing kubelet configuration to file \"/var/lib/kubelet/config.yaml\"\n")
	if err := r.write(kubeletDir+"/config.yaml", []byte(text), 0o644); err != nil {
		return err
	}
	r.Printf("[kubelet-start] Starting the kubelet\n")
	return r.Do(func() { _ = r.Host.RestartUnit("kubelet.service") }) // kubeadm warns and goes on; a kubelet that does not run is found by its check
}
