package kubeadmcfg

import (
	"maps"
	"slices"
)

// convert adds what is in o to b. Nothing of v1beta3 is lost.
func (o v1beta3Bundle) convert(b *Bundle) {
	if c := o.init; c != nil {
		b.Init = &InitConfiguration{
			BootstrapTokens:  c.BootstrapTokens,
			NodeRegistration: c.NodeRegistration.convert(),
			LocalAPIEndpoint: c.LocalAPIEndpoint,
			CertificateKey:   c.CertificateKey,
			SkipPhases:       c.SkipPhases,
			Patches:          c.Patches,
		}
	}
	if c := o.cluster; c != nil {
		b.Cluster = c.convert()
		if t := c.APIServer.TimeoutForControlPlane; t != nil {
			ensure(&ensure(&b.Init).Timeouts).ControlPlaneComponentHealthCheck = t
		}
	}
	if c := o.join; c != nil {
		b.Join = &JoinConfiguration{
			NodeRegistration: c.NodeRegistration.convert(),
			CACertPath:       c.CACertPath,
			Discovery: Discovery{
				BootstrapToken:    c.Discovery.BootstrapToken,
				File:              c.Discovery.File,
				TLSBootstrapToken: c.Discovery.TLSBootstrapToken,
			},
			ControlPlane: c.ControlPlane,
			SkipPhases:   c.SkipPhases,
			Patches:      c.Patches,
		}
		if t := c.Discovery.Timeout; t != nil {
			b.Join.Timeouts = &Timeouts{Discovery: t}
		}
	}
}

func (n nodeV1Beta3) convert() NodeRegistrationOptions {
	return NodeRegistrationOptions{
		Name: n.Name, CRISocket: n.CRISocket, Taints: n.Taints, KubeletExtraArgs: argList(n.KubeletExtraArgs),
		IgnorePreflightErrors: n.IgnorePreflightErrors, ImagePullPolicy: n.ImagePullPolicy,
	}
}

func (c clusterV1Beta3) convert() *ClusterConfiguration {
	out := &ClusterConfiguration{
		Networking:           c.Networking,
		KubernetesVersion:    c.KubernetesVersion,
		ControlPlaneEndpoint: c.ControlPlaneEndpoint,
		APIServer:            APIServer{ControlPlaneComponent: c.APIServer.componentV1Beta3.convert(), CertSANs: c.APIServer.CertSANs},
		ControllerManager:    c.ControllerManager.convert(),
		Scheduler:            c.Scheduler.convert(),
		DNS:                  DNS{ImageMeta: c.DNS},
		CertificatesDir:      c.CertificatesDir,
		ImageRepository:      c.ImageRepository,
		FeatureGates:         c.FeatureGates,
		ClusterName:          c.ClusterName,
	}
	if l := c.Etcd.Local; l != nil {
		out.Etcd.Local = &LocalEtcd{
			ImageMeta: l.ImageMeta, DataDir: l.DataDir, ExtraArgs: argList(l.ExtraArgs),
			ServerCertSANs: l.ServerCertSANs, PeerCertSANs: l.PeerCertSANs,
		}
	}
	if e := c.Etcd.External; e != nil {
		out.Etcd.External = &ExternalEtcd{Endpoints: e.Endpoints, CAFile: e.CAFile, CertFile: e.CertFile, KeyFile: e.KeyFile}
	}
	return out
}

func (c componentV1Beta3) convert() ControlPlaneComponent {
	return ControlPlaneComponent{ExtraArgs: argList(c.ExtraArgs), ExtraVolumes: c.ExtraVolumes}
}

// argList returns arguments sorted by name.
func argList(m map[string]string) []Arg {
	if m == nil {
		return nil
	}
	out := make([]Arg, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Arg{Name: name, Value: m[name]})
	}
	return out
}
