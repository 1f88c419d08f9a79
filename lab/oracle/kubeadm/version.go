package kubeadm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// version is one kubeadm that is compared with.
type version struct {
	name  string
	v     kubeadmcfg.Version
	facts facts
	// newest are the facts of the newest version, whose fields may be too new for this one.
	newest facts
	// oldest are those of the oldest, whose fields may be gone in this one.
	oldest facts
}

// versions that are compared, oldest first.
var versionNames = []string{"v1.23.4", "v1.29.15", "v1.33.13", "v1.37.2"}

func (v *version) minorText(delta int) string {
	return fmt.Sprintf("%d.%d", v.v.Major, int(v.v.Minor)+delta)
}

// kinds returns the kinds that this version reads, sorted.
func (v *version) kinds() []string { return slices.Sorted(maps.Keys(v.facts.Kinds)) }

// apis returns the versions of kubeadm's configuration that it reads.
func (v *version) apis() []string {
	seen := map[string]bool{}
	for kind := range v.facts.Kinds {
		if api, _ := splitKind(kind); strings.HasPrefix(api, "kubeadm") {
			seen[api] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// positions returns all fields of all kinds of this version.
func (v *version) positions() []position {
	var out []position
	for _, name := range v.kinds() {
		api, kind := splitKind(name)
		out = append(out, positions(api, kind, v.facts.Kinds[name])...)
	}
	return out
}

// foreign returns the fields that other versions have and this one does not, in kinds that it has.
func (v *version) foreign() []position {
	own := map[string]bool{}
	for _, p := range v.positions() {
		own[p.name()] = true
	}
	seen := map[string]bool{}
	var out []position
	for _, other := range []facts{v.newest, v.oldest} {
		for _, name := range slices.Sorted(maps.Keys(other.Kinds)) {
			if _, ok := v.facts.Kinds[name]; !ok {
				continue
			}
			api, kind := splitKind(name)
			for _, p := range positions(api, kind, other.Kinds[name]) {
				if !own[p.name()] && !seen[p.name()] {
					seen[p.name()] = true
					out = append(out, p)
				}
			}
		}
	}
	return out
}
