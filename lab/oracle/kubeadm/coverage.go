package kubeadm

import (
	"fmt"
	"strings"
)

// coverage is what the cases of a version were about.
type coverage struct {
	fields, mutators, rules map[string]bool
}

// newCoverage returns everything that a version's cases must be about, not yet seen.
func newCoverage(v *version) *coverage {
	c := &coverage{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, p := range v.positions() {
		c.fields[p.name()] = false
	}
	for _, m := range mutators {
		c.mutators[m.name] = false
	}
	for _, r := range rules {
		if r.holds(int(v.v.Minor)) {
			c.rules[r.message] = false
		}
	}
	return c
}

// add notes a case and what the real kubeadm said to it.
func (c *coverage) add(t testCase, theirs verdict) {
	for _, f := range t.fields {
		mark(c.fields, f)
	}
	mark(c.mutators, t.mutator)
	for message := range c.rules {
		if !theirs.accepted && strings.Contains(theirs.reason, message) {
			c.rules[message] = true
		}
	}
}

// mark notes what is one of those that must be seen.
func mark(seen map[string]bool, name string) {
	if _, ok := seen[name]; ok {
		seen[name] = true
	}
}

func (c *coverage) String() string {
	return fmt.Sprintf("fields %s, mutators %s, rules %s", ratio(c.fields), ratio(c.mutators), ratio(c.rules))
}

func ratio(seen map[string]bool) string {
	n := 0
	for _, ok := range seen {
		if ok {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(seen))
}

// missing lists what was in no case.
func (c *coverage) missing() []string {
	var out []string
	for _, part := range []struct {
		name string
		seen map[string]bool
	}{{"field", c.fields}, {"mutator", c.mutators}, {"rule", c.rules}} {
		for name, ok := range part.seen {
			if !ok {
				out = append(out, part.name+" "+name)
			}
		}
	}
	return out
}

// rule is what a kubeadm or kube-proxy says when one of its rules is broken, and the minors in which
// it has the rule; last 0 is up to the newest.
type rule struct {
	message     string
	first, last int
}

func (r rule) holds(minor int) bool { return minor >= r.first && (r.last == 0 || minor <= r.last) }

// rules of cmd/kubeadm/app/apis/kubeadm/validation, of what comes before it, and of
// pkg/proxy/apis/config/validation.
var rules = []rule{
	{"a lowercase RFC 1123 subdomain must consist", 22, 0},
	{"bootstrapToken or file must be set", 22, 0},
	{"bootstrapToken and file cannot both be set", 22, 0},
	{"APIServerEndpoint is not set", 22, 0},
	{"missing port in address", 22, 0},
	{"using token-based discovery without caCertHashes can be unsafe", 22, 0},
	{"not a valid HTTPS URL or a file on disk", 22, 0},
	{"if a URL is used, the scheme must be https", 22, 0},
	{"was not of the form", 22, 0},
	{"the bootstrap token is invalid", 22, 0},
	{"token groups cannot be specified unless --usages includes", 22, 0},
	{"bootstrap group \"", 22, 0},
	{"invalid bootstrap token usage string", 22, 0},
	{"the BootstrapToken .TTL and .Expires fields are mutually exclusive", 22, 0},
	{".Etcd.Local and .Etcd.External are mutually exclusive", 22, 0},
	{"either both or none of .Etcd.External.CertFile and .Etcd.External.KeyFile must be set", 22, 0},
	{"requires .Etcd.External.CAFile", 22, 0},
	{"at least one endpoint must be specified", 35, 0},
	{"Invalid encryption algorithm", 31, 0},
	{"altname is not a valid IP address", 22, 0},
	{"URL parse error", 22, 0},
	{"the URL must be using the HTTPS scheme", 22, 0},
	{"the URL without scheme is not allowed", 22, 0},
	{"must be ipv4 or ipv6 address", 22, 0},
	{"port number is not valid", 22, 0},
	{"must be a valid number between 1 and 65535", 22, 0},
	{"must be a valid IP address or a valid RFC-1123 DNS subdomain", 22, 0},
	{"couldn't parse subnet", 22, 0},
	{"expected one (IPv4 or IPv6) CIDR or two CIDRs from each family", 23, 0},
	{"is too small, the minimum is", 22, 0},
	{"specified service subnet is too large", 22, 0},
	{"is smaller than the size of node subnet", 22, 0},
	{"difference is greater than", 22, 0},
	{"invalid syntax", 22, 0},
	{"path is not absolute", 22, 0},
	{"the ca certificate path must be an absolute path", 22, 0},
	{"is not a valid feature name", 22, 0},
	{"certificate key decoding error", 29, 0},
	{"invalid certificate key size", 29, 0},
	{"URL parsing error", 22, 0},
	{"only URL scheme \"unix\" is supported", 24, 0},
	{"URL scheme tcp is not supported", 22, 23},
	{"invalid image repository format", 26, 0},
	{"argument has no name", 29, 0},
	{"unknown unmount flag", 31, 0},
	{"invalid pull policy", 30, 0},
	{"empty hostname is invalid", 22, 0},
	{"only supports deploying clusters with the control plane version", 22, 0},
	{"doesn't match patterns for neither semantic version nor labels", 22, 0},
	{"your configuration file uses an old API spec", 28, 0},
	{"is specified twice in YAML file", 22, 0},
	{"kind and apiVersion is mandatory information", 22, 0},
	{"unknown configuration", 22, 0},
	{"already set in map", 22, 0},
	{"unknown field", 22, 0},
	{"cannot unmarshal", 22, 0},
	{"error converting YAML to JSON", 22, 0},
	{"invalid map key", 22, 0},
	{"quantities must match", 24, 0},

	{"unrecognized feature gate", 22, 0},
	{"feature is locked to", 22, 0},
	{"depends on features that are disabled", 35, 0},
	{"must be within the range [0, 31]", 22, 0},
	{"must be within the range [-1000, 1000]", 22, 0},
	{"SyncPeriod: Invalid value", 22, 0},
	{"MinSyncPeriod: Invalid value", 22, 0},
	{"ConfigSyncPeriod: Invalid value", 22, 0},
	{"UDPIdleTimeout: Invalid value", 22, 25},
	{"must be greater than or equal to 0", 22, 0},
	{"not a valid textual representation of an IP address", 22, 0},
	{"must be IP:port", 22, 0},
	{"must be a valid IP", 22, 0},
	{"must be a valid port", 22, 0},
	{"must be a valid DualStack CIDR", 22, 30},
	{"only one CIDR allowed or a valid DualStack CIDR", 22, 30},
	{"dual-stack pair of CIDRs", 31, 0},
	{"must be a valid CIDR block", 22, 0},
	{"must be a valid port range", 22, 30},
	{"blank means the default algorithm method", 22, 26},
	{"blank means the best-available proxy", 22, 0},
	{"NodePortAddresses[0]: Invalid value", 22, 0},
	{"can't use both 'primary' and CIDRs", 31, 36},
	{"NodePortAddresses[1]: Duplicate value", 37, 0},
	{"Only the previous minor version is allowed", 22, 32},
	{"howHiddenMetricsForVersion", 33, 0},
	{"DetectLocalMode: Unsupported value", 28, 0},
	{"must not be empty", 24, 0},
	{"Unsupported log format", 28, 0},
	{"Must be <= 2147483647", 28, 0},
	{"File pattern must not be empty", 28, 0},
	{"File pattern must not contain equal sign or comma", 28, 0},
	{"Only supported for text log format", 28, 0},
	{"Feature LoggingAlphaOptions is disabled", 29, 0},
	{"Must be greater than zero", 35, 0},
}
