package ipvs_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quorate-dev/quorate/ipvs"
)

func TestModules(t *testing.T) {
	t.Parallel()
	cases := []struct {
		release, scheduler string
		scheduled          []string
		conntrack          string
	}{
		{"6.1.0-38-amd64", "", nil, "nf_conntrack"},
		{"6.1.0-38-amd64", "rr", nil, "nf_conntrack"},
		{"6.1.0-38-amd64", "sh", nil, "nf_conntrack"},
		{"6.1.0-38-amd64", "mh", []string{"ip_vs_mh"}, "nf_conntrack"},
		{"4.19.0", "lc", []string{"ip_vs_lc"}, "nf_conntrack"},
		{"4.18.0-553.el8_10.x86_64", "lc", []string{"ip_vs_lc"}, "nf_conntrack"},
		{"4.18.0-25-generic", "lc", []string{"ip_vs_lc"}, "nf_conntrack_ipv4"},
		{"4.9", "", nil, "nf_conntrack_ipv4"},
		{"3.10.0-1160.el7.x86_64", "", nil, "nf_conntrack_ipv4"},
		{"10.0-rc1", "", nil, "nf_conntrack"},
		{"", "", nil, "nf_conntrack"},
		{"next", "", nil, "nf_conntrack"},
		{"4.x", "", nil, "nf_conntrack"},
	}
	for _, c := range cases {
		want := append([]string{"ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh"}, c.scheduled...)
		assert.Equal(t, append(want, c.conntrack), ipvs.Modules(c.release, c.scheduler), "%q %q", c.release, c.scheduler)
	}
}

func ExampleModules() {
	fmt.Println(ipvs.Modules("6.1.0-38-amd64", "mh"))
	// Output: [ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh ip_vs_mh nf_conntrack]
}
