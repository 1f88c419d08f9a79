package kubeadmcfg

import "fmt"

// v1beta4Documents returns the kubeadm documents of b as v1beta4, and what v's kubeadm has not got
// yet: it would ignore such fields with a warning.
func v1beta4Documents(b Bundle, v Version) ([]document, []Loss) {
	var docs []document
	var losses []Loss
	if b.Init != nil {
		docs = append(docs, document{string(V1Beta4), kindInit, b.Init})
	}
	if b.Cluster != nil {
		docs = append(docs, document{string(V1Beta4), kindCluster, b.Cluster})
		losses = append(losses, spanLosses(b.Cluster, kindCluster, v)...)
		if b.Cluster.EncryptionAlgorithm == EncryptionECDSAP384 && !v.AtLeast(ecdsaP384Minor) {
			losses = append(losses, since(kindCluster+".encryptionAlgorithm", ecdsaP384Minor))
		}
	}
	if b.Join != nil {
		docs = append(docs, document{string(V1Beta4), kindJoin, b.Join})
	}
	if b.Reset != nil {
		docs = append(docs, document{string(V1Beta4), kindReset, b.Reset})
	}
	if b.Upgrade != nil {
		docs = append(docs, document{string(V1Beta4), kindUpgrade, b.Upgrade})
		losses = append(losses, spanLosses(b.Upgrade, kindUpgrade, v)...)
	}
	return docs, losses
}

// since is the Loss of a field that a later minor has.
func since(path string, minor uint) Loss {
	return Loss{Path: path, Reason: fmt.Sprintf("needs Kubernetes 1.%d", minor)}
}
