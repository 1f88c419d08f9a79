package ipvs

import (
	"slices"
	"strconv"
	"strings"
)

// Modules returns the kernel modules that kube-proxy's mode ipvs wants with a scheduler, in the
// order to load them: the core, the three schedulers that kube-proxy looks for whatever it uses (up
// to Kubernetes 1.26, pkg/proxy/ipvs), the one it uses when that is another, and connection
// tracking. scheduler is a name such as rr or mh; empty is kube-proxy's default, rr.
//
// kernelRelease is what `uname -r` says, such as 6.1.0-38-amd64. Before 4.19 connection tracking of
// IPv4 was a module of its own, nf_conntrack_ipv4 (Linux commit a0ae2562c6c4); the 4.18 of the RHEL 8
// family has that change since 8.3 (kubernetes/kubernetes#97052). A release that cannot be read
// counts as newer.
func Modules(kernelRelease, scheduler string) []string {
	out := []string{"ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh"}
	if m := "ip_vs_" + scheduler; scheduler != "" && !slices.Contains(out, m) {
		out = append(out, m)
	}
	if before(kernelRelease, 4, 19) && !strings.Contains(kernelRelease, ".el8") {
		return append(out, "nf_conntrack_ipv4")
	}
	return append(out, "nf_conntrack")
}

// before says whether a kernel release is older than major.minor, and no when it cannot be read.
func before(release string, major, minor int) bool {
	first, rest, _ := strings.Cut(release, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(rest[:end])
	if errA != nil || errB != nil {
		return false
	}
	return a < major || a == major && b < minor
}
