package kubeadmcfg

import (
	"path"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// reset checks what ValidateResetConfiguration does.
func (c *checker) reset(r *ResetConfiguration) {
	const at = kindReset
	c.criSocket(r.CRISocket, at+".criSocket")
	c.absolute(r.CertificatesDir, at+".certificatesDir")
	for i, f := range r.UnmountFlags {
		c.want(slices.Contains([]UnmountFlag{UnmountForce, UnmountDetach, UnmountExpire, UnmountNoFollow}, f),
			at+".unmountFlags["+strconv.Itoa(i)+"]", CodeInvalid, "%q is none of MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW", f)
	}
}

// upgrade checks what ValidateUpgradeConfiguration does.
func (c *checker) upgrade(u *UpgradeConfiguration) {
	const at = kindUpgrade
	for _, part := range []struct {
		path    string
		patches *Patches
		pull    corev1.PullPolicy
	}{{at + ".apply", u.Apply.Patches, u.Apply.ImagePullPolicy}, {at + ".node", u.Node.Patches, u.Node.ImagePullPolicy}} {
		if p := part.patches; p != nil {
			c.want(path.IsAbs(p.Directory), part.path+".patches.directory", CodeInvalid, "%q is no absolute path", p.Directory)
		}
		c.pullPolicy(part.pull, part.path+".imagePullPolicy")
	}
}

// pullPolicy takes one that Kubernetes knows, and none.
func (c *checker) pullPolicy(p corev1.PullPolicy, at string) {
	c.want(!c.version.AtLeast(pullPolicyMinor) || slices.Contains([]corev1.PullPolicy{"", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}, p),
		at, CodeInvalid, "%q is none of Always, IfNotPresent, Never", p)
}
