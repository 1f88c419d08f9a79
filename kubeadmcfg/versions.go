package kubeadmcfg

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// This file is the table of what differs between Kubernetes versions. Adding a minor is editing
// this file alone. Sources are named as paths in github.com/kubernetes/kubernetes, as pull requests
// of it (#N), or as the release whose changelog says so.

const (
	// OldestMinor is the oldest Kubernetes minor that is supported, the first with v1beta3.
	OldestMinor = 22
	// NewestMinor is the newest Kubernetes minor whose behaviour is in the tables.
	NewestMinor = 37
)

// The minors at which something changed; what, is said at the method that asks.
const (
	v1beta4Minor           = 31 // cmd/kubeadm/app/apis/kubeadm/v1beta4, written by default: #125029
	v1beta3RemovedMinor    = 37 // #136016
	registryMovedMinor     = 25 // #109938
	dockershimRemovedMinor = 24 // #97252
	masterLabelGoneMinor   = 24 // kubernetes/kubeadm#2200
	controlPlaneTaintMinor = 24 // kubernetes/kubeadm#2200
	masterTaintGoneMinor   = 25 // kubernetes/kubeadm#2200
	configValidateMinor    = 26 // changelog 1.26, kubeadm config validate
	learnerAlphaMinor      = 27 // changelog 1.27, gate EtcdLearnerMode
	learnerDefaultMinor    = 29 // changelog 1.29
	superAdminMinor        = 29 // #121305
	localModeAlphaMinor    = 31 // #125582
	localModeDefaultMinor  = 33 // changelog 1.33
	localModeLockedMinor   = 36 // the gate is gone; setting it is an error
	conntrackGoneMinor     = 32 // the binary is no longer a preflight check
	exitCodesGoneMinor     = 34 // changelog 1.34
	initDirectMinor        = 37 // #138449
	ecdsaP384Minor         = 34 // changelog 1.34
	ipvsStrictMinor        = 26 // #111806
	schedulerFreeMinor     = 27 // #114669: any scheduler the kernel has
	userspaceGoneMinor     = 26 // #112133
	nftablesMinor          = 29 // kep 3866, behind a gate up to 1.30
	nftablesGAMinor        = 33 // pkg/features: NFTablesProxyMode is locked on
	rootlessOnlyMinor      = 37 // cmd/kubeadm/app/features/features.go
	failCgroupV1Minor      = 35 // k8s.io/kubelet config/v1beta1/types.go: failCgroupV1 defaults to true
	ipvsDeprecatedMinor    = 35 // cmd/kube-proxy/app/server_linux.go
	ipvsGateMinor          = 37 // pkg/features/kube_features.go, KubeProxyIPVS
	ipvsOffMinor           = 40 // kep 5495: the gate is off by default
	ipvsGoneMinor          = 43 // kep 5495: removed
)

// APIVersion is a group and version of kubeadm's configuration.
type APIVersion string

const (
	// V1Beta3 is written for Kubernetes 1.22 to 1.30 and read to 1.36.
	V1Beta3 APIVersion = "kubeadm.k8s.io/v1beta3"
	// V1Beta4 is written and read from Kubernetes 1.31.
	V1Beta4 APIVersion = "kubeadm.k8s.io/v1beta4"
)

// kubeadm says whether a is a version of kubeadm's own configuration.
func (a APIVersion) kubeadm() bool { return strings.HasPrefix(string(a), "kubeadm.k8s.io/") }

const (
	// KubeletAPIVersion is the apiVersion of KubeletConfiguration in all supported versions.
	KubeletAPIVersion = "kubelet.config.k8s.io/v1beta1"
	// KubeProxyAPIVersion is the apiVersion of KubeProxyConfiguration in all supported versions.
	KubeProxyAPIVersion = "kubeproxy.config.k8s.io/v1alpha1"
)

// The kinds of documents.
const (
	kindInit      = "InitConfiguration"
	kindCluster   = "ClusterConfiguration"
	kindJoin      = "JoinConfiguration"
	kindReset     = "ResetConfiguration"
	kindUpgrade   = "UpgradeConfiguration"
	kindKubelet   = "KubeletConfiguration"
	kindKubeProxy = "KubeProxyConfiguration"
)

// RangeError says that a version is outside what the tables know.
type RangeError struct {
	// Version that was asked for.
	Version Version
}

// Error names the version and the range.
func (e *RangeError) Error() string {
	return fmt.Sprintf("Kubernetes %s is outside the supported range v1.%d to v1.%d", e.Version, OldestMinor, NewestMinor)
}

// Supported returns a *RangeError when v is older than OldestMinor or newer than NewestMinor.
func (v Version) Supported() error {
	if v.Major != 1 || v.Minor < OldestMinor || v.Minor > NewestMinor {
		return &RangeError{Version: v}
	}
	return nil
}

// API returns the configuration version to write for v's kubeadm: v1beta3 up to 1.30, v1beta4 from
// 1.31 (cmd/kubeadm/app/util/config/common.go). A version out of range is a *RangeError.
func (v Version) API() (APIVersion, error) {
	if err := v.Supported(); err != nil {
		return "", err
	}
	if v.AtLeast(v1beta4Minor) {
		return V1Beta4, nil
	}
	return V1Beta3, nil
}

// Reads says whether v's kubeadm takes a file of the given API version: v1beta3 up to 1.36, with a
// warning from 1.31; v1beta4 from 1.31.
func (v Version) Reads(api APIVersion) bool {
	switch api {
	case V1Beta3:
		return v.AtLeast(OldestMinor) && !v.AtLeast(v1beta3RemovedMinor)
	case V1Beta4:
		return v.AtLeast(v1beta4Minor)
	default:
		return false
	}
}

// DefaultImageRepository is where v's kubeadm pulls from when nothing is set: registry.k8s.io from
// 1.25 (#109938) and, by backports, from 1.23.15 (#113393) and 1.24.9 (#113394); before, k8s.gcr.io,
// which is frozen and may go away.
func (v Version) DefaultImageRepository() string {
	backport := map[uint]uint{23: 15, 24: 9}
	if patch, ok := backport[v.Minor]; v.AtLeast(registryMovedMinor) || ok && v.Patch >= patch {
		return "registry.k8s.io"
	}
	return "k8s.gcr.io"
}

// Runtime is a container runtime by its name.
type Runtime string

// The runtimes that kubeadm finds by their default sockets.
const (
	// Containerd is containerd.
	Containerd Runtime = "containerd"
	// CRIO is CRI-O.
	CRIO Runtime = "cri-o"
	// Docker is Docker Engine: through the kubelet's dockershim up to 1.23, through cri-dockerd after.
	Docker Runtime = "docker"
)

// CRISocket returns the value of criSocket for a runtime at its default place, and the empty string
// for one that is not known. Dockershim's socket is a plain path, as kubeadm 1.23 compares it with
// one; all others are URLs, which every supported version takes
// (cmd/kubeadm/app/constants/constants_unix.go).
func (v Version) CRISocket(r Runtime) string {
	switch r {
	case Containerd:
		return "unix:///run/containerd/containerd.sock"
	case CRIO:
		return "unix:///var/run/crio/crio.sock"
	case Docker:
		if v.AtLeast(dockershimRemovedMinor) {
			return "unix:///var/run/cri-dockerd.sock"
		}
		return "/var/run/dockershim.sock"
	default:
		return ""
	}
}

const (
	// LabelControlPlane is on every control-plane Node, with an empty value.
	LabelControlPlane = "node-role.kubernetes.io/control-plane"
	// LabelMaster is the same label's older name, on control-plane Nodes up to 1.23.
	LabelMaster = "node-role.kubernetes.io/master"
)

// ControlPlaneLabels returns the keys of the role labels that v's kubeadm gives a control-plane
// Node: the older one as well up to 1.23 (kubernetes/kubeadm#2200).
func (v Version) ControlPlaneLabels() []string {
	if v.AtLeast(masterLabelGoneMinor) {
		return []string{LabelControlPlane}
	}
	return []string{LabelControlPlane, LabelMaster}
}

// ControlPlaneTaints returns the taints that v's kubeadm gives a control-plane Node when none are
// set: the older key alone up to 1.23, both in 1.24, the newer alone from 1.25 (kubernetes/kubeadm#2200).
func (v Version) ControlPlaneTaints() []corev1.Taint {
	master := corev1.Taint{Key: LabelMaster, Effect: corev1.TaintEffectNoSchedule}
	controlPlane := corev1.Taint{Key: LabelControlPlane, Effect: corev1.TaintEffectNoSchedule}
	switch {
	case v.AtLeast(masterTaintGoneMinor):
		return []corev1.Taint{controlPlane}
	case v.AtLeast(controlPlaneTaintMinor):
		return []corev1.Taint{controlPlane, master}
	default:
		return []corev1.Taint{master}
	}
}

// Stage is how far a feature is in a version.
type Stage string

// The stages in the order that a feature goes through them.
const (
	// StageAbsent: not there yet.
	StageAbsent Stage = "absent"
	// StageOptIn: there, and off unless its gate is set.
	StageOptIn Stage = "opt-in"
	// StageDefault: on unless its gate is unset.
	StageDefault Stage = "default"
	// StageLocked: on, and setting its gate is an error.
	StageLocked Stage = "locked"
)

// KubeletLocalMode is kubeadm's gate ControlPlaneKubeletLocalMode: a control plane's kubelet talks
// to the apiserver on its own host and not to the endpoint. Opt-in from 1.31 (#125582), on from
// 1.33, and without a gate from 1.36, where setting it is an error.
func (v Version) KubeletLocalMode() Stage {
	return stage(v, localModeAlphaMinor, localModeDefaultMinor, localModeLockedMinor)
}

// EtcdLearnerMode is kubeadm's gate of that name: a joining etcd member is a learner first, of
// which etcd takes one at a time. Opt-in from 1.27, on from 1.29.
func (v Version) EtcdLearnerMode() Stage {
	return stage(v, learnerAlphaMinor, learnerDefaultMinor, NewestMinor+1)
}

func stage(v Version, optIn, byDefault, locked uint) Stage {
	switch {
	case v.AtLeast(locked):
		return StageLocked
	case v.AtLeast(byDefault):
		return StageDefault
	case v.AtLeast(optIn):
		return StageOptIn
	default:
		return StageAbsent
	}
}

// InitNeedsEndpoint says whether `kubeadm init` talks to the control-plane endpoint, so that a
// balancer must be up and lead to the first control plane while it runs: up to 1.36. From 1.37
// (#138449) it talks to its own apiserver.
func (v Version) InitNeedsEndpoint() bool { return !v.AtLeast(initDirectMinor) }

// HasConfigValidate says whether there is a `kubeadm config validate`: from 1.26.
func (v Version) HasConfigValidate() bool { return v.AtLeast(configValidateMinor) }

// HasSuperAdmin says whether init writes super-admin.conf, and admin.conf is in the group
// kubeadm:cluster-admins and no longer system:masters: from 1.29 (#121305).
func (v Version) HasSuperAdmin() bool { return v.AtLeast(superAdminMinor) }

// NeedsConntrack says whether preflight wants the program conntrack on the host: up to 1.31.
func (v Version) NeedsConntrack() bool { return !v.AtLeast(conntrackGoneMinor) }

// ExitMeaning is what kubeadm's exit code says went wrong.
type ExitMeaning string

// The meanings of kubeadm's exit codes (cmd/kubeadm/app/util/error.go).
const (
	// ExitOK: nothing.
	ExitOK ExitMeaning = "ok"
	// ExitPreflight: a preflight check, so that nothing was changed.
	ExitPreflight ExitMeaning = "preflight"
	// ExitValidation: the configuration, so that nothing was changed.
	ExitValidation ExitMeaning = "validation"
	// ExitFailed: anything; the host may be changed.
	ExitFailed ExitMeaning = "failed"
)

// ExitMeaning returns what a kubeadm exit code says. Up to 1.33, 2 is preflight and 3 validation;
// from 1.34 kubeadm exits 1 on every failure.
func (v Version) ExitMeaning(code int) ExitMeaning {
	switch {
	case code == 0:
		return ExitOK
	case code == 2 && !v.AtLeast(exitCodesGoneMinor):
		return ExitPreflight
	case code == 3 && !v.AtLeast(exitCodesGoneMinor):
		return ExitValidation
	default:
		return ExitFailed
	}
}

// IPVSSupport is what kube-proxy's mode ipvs is in a version.
type IPVSSupport struct {
	// Available says whether the mode can be used at all: up to 1.42.
	Available bool
	// Deprecated says whether kube-proxy warns of it: from 1.35.
	Deprecated bool
	// Gate says whether the feature gate KubeProxyIPVS exists: 1.37 to 1.42.
	Gate bool
	// NeedsGate says whether that gate must be set to true: 1.40 to 1.42.
	NeedsGate bool
	// FallsBack says whether kube-proxy uses iptables, silently, where the kernel has no IPVS: up
	// to 1.25. From 1.26 (#111806) it ends with an error.
	FallsBack bool
}

// IPVS returns what kube-proxy's mode ipvs is in v: deprecated in 1.35, behind the gate
// KubeProxyIPVS from 1.37 (pkg/features/kube_features.go), off by default in 1.40, gone in 1.43.
// It answers for versions newer than NewestMinor too, as announced.
func (v Version) IPVS() IPVSSupport {
	s := IPVSSupport{Available: !v.AtLeast(ipvsGoneMinor), FallsBack: !v.AtLeast(ipvsStrictMinor)}
	if s.Available {
		s.Deprecated = v.AtLeast(ipvsDeprecatedMinor)
		s.Gate = v.AtLeast(ipvsGateMinor)
		s.NeedsGate = v.AtLeast(ipvsOffMinor)
	}
	return s
}

// The minors at which kubeadm's and kube-proxy's validation changed; a rule holds from its minor on,
// or before it where that is said. Sources: cmd/kubeadm/app/apis/kubeadm/validation/validation.go and
// pkg/proxy/apis/config/validation/validation.go of each minor's last patch.
const (
	dualStackGateGoneMinor  = 23 // before: IPv6DualStack decides how many subnets there may be
	socketURLMinor          = 24 // criSocket is a URL, made one of where it is none
	detectLocalMinor        = 24 // kube-proxy's detectLocal
	proxySyncMinor          = 31 // kube-proxy: one pair of periods, clusterCIDR by detectLocalMode, no portRange
	imageRepositoryMinor    = 26
	udpIdleTimeoutGoneMinor = 26 // before: kube-proxy's udpIdleTimeout is checked
	detectLocalModeMinor    = 28 // kube-proxy's detectLocalMode and logging
	flushFrequencyTextMinor = 28 // logging.flushFrequency may be a duration
	certificateKeyMinor     = 29
	kubeletGatesMinor       = 32 // the kubelet's defaulting asks for its gates (pkg/kubelet/apis/config/v1beta1/defaults.go)
	flushFrequencyMinor     = 35 // k8s.io/component-base/logs/api/v1: a flush frequency is not negative
	argNameMinor            = 29
	pullPolicyMinor         = 30
	etcdEndpointsMinor      = 35
	nodePortKeywordsMinor   = 37 // localhost and all, and each once
)

// kubeadmGates are kubeadm's own feature gates: the minor that each came with, and the one that it
// was gone in, 0 for none (cmd/kubeadm/app/features/features.go).
var kubeadmGates = map[string]struct{ first, gone uint }{
	"IPv6DualStack":                    {OldestMinor, 24},
	"PublicKeysECDSA":                  {OldestMinor, 37},
	"RootlessControlPlane":             {OldestMinor, 0},
	"UnversionedKubeletConfigMap":      {23, 26},
	"EtcdLearnerMode":                  {27, 33},
	"UpgradeAddonsBeforeControlPlane":  {28, 31},
	"WaitForAllControlPlaneComponents": {30, 35},
	"ControlPlaneKubeletLocalMode":     {localModeAlphaMinor, localModeLockedMinor},
	"NodeLocalCRISocket":               {32, 37},
}

// otherKinds are kinds of the components' groups that kubeadm's reader knows beside those of a Bundle,
// and passes over: the minor that each came with (k8s.io/kubelet/config/v1beta1/register.go).
var otherKinds = map[string]uint{
	KubeletAPIVersion + " SerializedNodeConfigSource": OldestMinor,
	KubeletAPIVersion + " CredentialProviderConfig":   24,
}
