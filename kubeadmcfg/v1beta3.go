package kubeadmcfg

func v1beta3Documents(_ Bundle, _ Version) ([]document, []Loss) {
	return nil, []Loss{{Path: "kubeadm.k8s.io/v1beta3", Reason: "is not written yet"}}
}
