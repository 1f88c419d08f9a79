package kubeadmcfg

import (
	"cmp"
	"fmt"

	apiversion "k8s.io/apimachinery/pkg/util/version"
)

// Version is a Kubernetes version. The zero value is no version; versions are comparable with ==.
type Version struct {
	// Major, Minor and Patch are the three numbers of v1.37.2.
	Major, Minor, Patch uint
	// Pre is what follows a dash, such as rc.0; a version with it is older than the one without.
	Pre string
}

// ParseVersion reads v1.37.2 or 1.37.2, with a pre-release (v1.37.0-rc.0) or without. Build
// metadata after a plus is refused: a host and a registry could not agree on it.
func ParseVersion(s string) (Version, error) {
	v, err := apiversion.ParseSemantic(s)
	if err != nil {
		return Version{}, fmt.Errorf("kubeadmcfg: version %q: not of the form v1.37.2", s)
	}
	if v.BuildMetadata() != "" {
		return Version{}, fmt.Errorf("kubeadmcfg: version %q: has build metadata, want the form v1.37.2", s)
	}
	return Version{Major: v.Major(), Minor: v.Minor(), Patch: v.Patch(), Pre: v.PreRelease()}, nil
}

// String returns the form v1.37.2, and nothing for the zero value.
func (v Version) String() string {
	if v.IsZero() {
		return ""
	}
	s := fmt.Sprintf("v%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		s += "-" + v.Pre
	}
	return s
}

// MinorString returns the form v1.37, which is what package repositories are named by.
func (v Version) MinorString() string { return fmt.Sprintf("v%d.%d", v.Major, v.Minor) }

// IsZero says whether v is no version.
func (v Version) IsZero() bool { return v == Version{} }

// Compare returns -1 when v is older than w, 0 when they are the same, and 1 when it is newer.
func (v Version) Compare(w Version) int {
	if c := cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch)); c != 0 {
		return c
	}
	if v.Pre == w.Pre {
		return 0
	}
	if v.Pre == "" || w.Pre == "" {
		return cmp.Compare(w.Pre, v.Pre) // none is newer than any
	}
	a, errA := apiversion.ParseSemantic("v0.0.0-" + v.Pre)
	b, errB := apiversion.ParseSemantic("v0.0.0-" + w.Pre)
	if errA != nil || errB != nil { // made by hand, not by ParseVersion
		return cmp.Compare(v.Pre, w.Pre)
	}
	switch {
	case a.LessThan(b):
		return -1
	case b.LessThan(a):
		return 1
	default:
		return 0
	}
}

// AtLeast says whether v is of Kubernetes 1.minor or a later one; pre-releases of it count.
func (v Version) AtLeast(minor uint) bool {
	return v.Major > 1 || v.Major == 1 && v.Minor >= minor
}

// MarshalText returns the form v1.37.2.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what ParseVersion reads; empty text is the zero value.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	w, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = w
	return nil
}
