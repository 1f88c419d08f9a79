package kubeadmcfg

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// downgrade collects what v1beta3 has no place for.
type downgrade struct{ losses []Loss }

// lost notes a field that is set and has no place.
func (d *downgrade) lost(set bool, path, hint string) {
	if set {
		d.losses = append(d.losses, Loss{Path: path, Reason: "needs v1beta4 (Kubernetes 1.31)", Hint: hint})
	}
}

// v1beta3Documents returns the kubeadm documents of b as v1beta3, and all that cannot be said there.
func v1beta3Documents(b Bundle) ([]document, []Loss) {
	var d downgrade
	var docs []document
	var health *metav1.Duration
	if b.Init != nil {
		docs = append(docs, document{string(V1Beta3), kindInit, d.init(b.Init)})
		health = d.timeouts(b.Init.Timeouts, kindInit).ControlPlaneComponentHealthCheck
		d.lost(b.Init.Timeouts != nil && b.Init.Timeouts.Discovery != nil, kindInit+".timeouts.discovery", "")
	}
	switch {
	case b.Cluster != nil:
		c := d.cluster(b.Cluster)
		c.APIServer.TimeoutForControlPlane = health
		docs = append(docs, document{string(V1Beta3), kindCluster, c})
	case health != nil:
		d.losses = append(d.losses, Loss{
			Path:   kindInit + ".timeouts.controlPlaneComponentHealthCheck",
			Reason: "is a field of ClusterConfiguration in v1beta3", Hint: "add a ClusterConfiguration",
		})
	}
	if b.Join != nil {
		docs = append(docs, document{string(V1Beta3), kindJoin, d.join(b.Join)})
	}
	d.lost(b.Reset != nil, kindReset, "use the flags of kubeadm reset")
	d.lost(b.Upgrade != nil, kindUpgrade, "use the flags of kubeadm upgrade")
	return docs, d.losses
}

// timeouts returns t, never nil, and notes those that neither init nor join have in v1beta3.
func (d *downgrade) timeouts(t *Timeouts, kind string) *Timeouts {
	if t == nil {
		return &Timeouts{}
	}
	path := kind + ".timeouts."
	d.lost(t.KubeletHealthCheck != nil, path+"kubeletHealthCheck", "")
	d.lost(t.KubernetesAPICall != nil, path+"kubernetesAPICall", "")
	d.lost(t.EtcdAPICall != nil, path+"etcdAPICall", "")
	d.lost(t.TLSBootstrap != nil, path+"tlsBootstrap", "")
	d.lost(t.UpgradeManifests != nil, path+"upgradeManifests", "")
	return t
}

func (d *downgrade) init(c *InitConfiguration) *initV1Beta3 {
	d.lost(c.DryRun, kindInit+".dryRun", "use the flag --dry-run")
	return &initV1Beta3{
		BootstrapTokens:  c.BootstrapTokens,
		NodeRegistration: d.node(c.NodeRegistration, kindInit+".nodeRegistration"),
		LocalAPIEndpoint: c.LocalAPIEndpoint,
		CertificateKey:   c.CertificateKey,
		SkipPhases:       c.SkipPhases,
		Patches:          c.Patches,
	}
}

func (d *downgrade) node(n NodeRegistrationOptions, path string) nodeV1Beta3 {
	d.lost(n.ImagePullSerial != nil, path+".imagePullSerial", "")
	return nodeV1Beta3{
		Name: n.Name, CRISocket: n.CRISocket, Taints: n.Taints, KubeletExtraArgs: d.args(n.KubeletExtraArgs, path+".kubeletExtraArgs"),
		IgnorePreflightErrors: n.IgnorePreflightErrors, ImagePullPolicy: n.ImagePullPolicy,
	}
}

func (d *downgrade) cluster(c *ClusterConfiguration) *clusterV1Beta3 {
	const k = kindCluster
	out := &clusterV1Beta3{
		Networking:           c.Networking,
		KubernetesVersion:    c.KubernetesVersion,
		ControlPlaneEndpoint: c.ControlPlaneEndpoint,
		APIServer:            apiServerV1Beta3{componentV1Beta3: d.component(c.APIServer.ControlPlaneComponent, k+".apiServer"), CertSANs: c.APIServer.CertSANs},
		ControllerManager:    d.component(c.ControllerManager, k+".controllerManager"),
		Scheduler:            d.component(c.Scheduler, k+".scheduler"),
		DNS:                  c.DNS.ImageMeta,
		CertificatesDir:      c.CertificatesDir,
		ImageRepository:      c.ImageRepository,
		FeatureGates:         c.FeatureGates,
		ClusterName:          c.ClusterName,
	}
	if l := c.Etcd.Local; l != nil {
		d.lost(l.ExtraEnvs != nil, k+".etcd.local.extraEnvs", "")
		out.Etcd.Local = &localEtcdV1Beta3{
			ImageMeta: l.ImageMeta, DataDir: l.DataDir, ExtraArgs: d.args(l.ExtraArgs, k+".etcd.local.extraArgs"),
			ServerCertSANs: l.ServerCertSANs, PeerCertSANs: l.PeerCertSANs,
		}
	}
	if e := c.Etcd.External; e != nil {
		d.lost(e.HTTPEndpoints != nil, k+".etcd.external.httpEndpoints", "")
		out.Etcd.External = &externalEtcdV1Beta3{Endpoints: e.Endpoints, CAFile: e.CAFile, CertFile: e.CertFile, KeyFile: e.KeyFile}
	}
	d.lost(c.DNS.Disabled, k+".dns.disabled", "skip the phase addon/coredns")
	d.lost(c.Proxy.Disabled, k+".proxy.disabled", "skip the phase addon/kube-proxy")
	hint := ""
	if c.EncryptionAlgorithm == EncryptionECDSAP256 {
		hint = "set the feature gate PublicKeysECDSA"
	}
	d.lost(c.EncryptionAlgorithm != "", k+".encryptionAlgorithm", hint)
	d.lost(c.CertificateValidityPeriod != nil, k+".certificateValidityPeriod", "")
	d.lost(c.CACertificateValidityPeriod != nil, k+".caCertificateValidityPeriod", "")
	return out
}

func (d *downgrade) component(c ControlPlaneComponent, path string) componentV1Beta3 {
	d.lost(c.ExtraEnvs != nil, path+".extraEnvs", "")
	return componentV1Beta3{ExtraArgs: d.args(c.ExtraArgs, path+".extraArgs"), ExtraVolumes: c.ExtraVolumes}
}

func (d *downgrade) join(c *JoinConfiguration) *joinV1Beta3 {
	t := d.timeouts(c.Timeouts, kindJoin)
	d.lost(t.ControlPlaneComponentHealthCheck != nil, kindJoin+".timeouts.controlPlaneComponentHealthCheck", "joins take the cluster's")
	d.lost(c.DryRun, kindJoin+".dryRun", "use the flag --dry-run")
	return &joinV1Beta3{
		NodeRegistration: d.node(c.NodeRegistration, kindJoin+".nodeRegistration"),
		CACertPath:       c.CACertPath,
		Discovery: discoveryV1Beta3{
			BootstrapToken: c.Discovery.BootstrapToken, File: c.Discovery.File,
			TLSBootstrapToken: c.Discovery.TLSBootstrapToken, Timeout: t.Discovery,
		},
		ControlPlane: c.ControlPlane,
		SkipPhases:   c.SkipPhases,
		Patches:      c.Patches,
	}
}

// args returns arguments as a map, in which a name has one value, as in v1beta3: the last.
func (d *downgrade) args(list []Arg, path string) map[string]string {
	if list == nil {
		return nil
	}
	out := map[string]string{}
	for i, a := range list {
		again := slices.ContainsFunc(list[i+1:], func(b Arg) bool { return b.Name == a.Name })
		d.lost(again, fmt.Sprintf("%s[%d]", path, i), fmt.Sprintf("give %s once", a.Name))
		out[a.Name] = a.Value
	}
	return out
}
