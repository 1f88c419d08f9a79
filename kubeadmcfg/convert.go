package kubeadmcfg

import "fmt"

// ConvertOptions is how Convert reads and writes. The zero value is strict.
type ConvertOptions struct {
	// Lenient reads as ParseLenient does: fields that are not known stay where they are.
	Lenient bool
	// AllowLosses leaves out what the other version has no place for and returns it, instead of refusing.
	AllowLosses bool
}

// Convert rewrites a configuration file from v1beta3 to v1beta4 or back; one that is in the wanted
// version already is written in the form of Render. The losses are what was left out.
//
// To v1beta4 nothing is lost. To v1beta3 these have no place: five of the seven timeouts, an argument
// that is given twice, environments, dns.disabled and proxy.disabled, dryRun, imagePullSerial, the
// encryption algorithm, the validity periods, etcd's httpEndpoints, and the kinds Reset and Upgrade.
//
// Two timeouts change their document: ClusterConfiguration.apiServer.timeoutForControlPlane of
// v1beta3 is InitConfiguration.timeouts.controlPlaneComponentHealthCheck of v1beta4, where a joining
// host no longer finds it (its own JoinConfiguration has a timeout for that), and
// JoinConfiguration.discovery.timeout is JoinConfiguration.timeouts.discovery. So files are converted,
// not single documents: an InitConfiguration or a ClusterConfiguration may be added.
//
// What a Kubernetes version does not have yet within an API version is RenderWith's to find.
func Convert(file []byte, to APIVersion, o ConvertOptions) ([]byte, []Loss, error) {
	fail := func(err error) ([]byte, []Loss, error) {
		return nil, nil, fmt.Errorf("kubeadmcfg: convert to %s: %w", to, err)
	}
	if to != V1Beta3 && to != V1Beta4 {
		return fail(fmt.Errorf("no version of kubeadm's configuration that is known"))
	}
	b, err := parse(file, o.Lenient)
	if err != nil {
		return fail(err)
	}
	if to == V1Beta3 && b.Cluster == nil && b.Init != nil && b.Init.Timeouts != nil && b.Init.Timeouts.ControlPlaneComponentHealthCheck != nil {
		b.Cluster = &ClusterConfiguration{} // it holds the timeout there
	}
	docs, losses, err := documents(b, Version{Major: 1, Minor: NewestMinor}, to)
	if err == nil && len(losses) > 0 && !o.AllowLosses {
		err = &LossError{API: to, Losses: losses}
	}
	if err != nil {
		return fail(err)
	}
	out, err := encoder{}.file(docs, losses, b.Unknown)
	if err != nil {
		return fail(err)
	}
	return out, losses, nil
}
