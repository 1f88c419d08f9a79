package ha

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

const debianHosts = "127.0.0.1\tlocalhost\n127.0.1.1\tcp1\n\n# The following lines are desirable for IPv6 capable hosts\n::1     localhost ip6-localhost ip6-loopback\n"

func TestHostsBlock(t *testing.T) {
	t.Parallel()
	s := validSpec().withDefaults()
	w1, lb1 := s.Hosts[3], Host{Name: "lb1", Address: "10.0.0.31", Role: RoleLoadBalancer}
	assert.Equal(t, "# BEGIN quorate prod\n127.0.0.1 api.prod.internal\n10.0.0.21 w1\n# END quorate prod\n", s.hostsBlock(w1), "the endpoint is the host's own balancer")

	before := s.hostsBlock(w1)
	s.Hosts = append(s.Hosts, Host{Name: "w2", Address: "10.0.0.22", Role: RoleWorker})
	assert.Equal(t, before, s.hostsBlock(w1), "one more worker touches no other host")

	s.LoadBalancer.Placement = PlacementDedicated
	s.Hosts = append(s.Hosts, lb1, Host{Name: "lb2", Address: "10.0.0.32", Role: RoleLoadBalancer})
	assert.Equal(t, "# BEGIN quorate prod\n10.0.0.31 api.prod.internal\n10.0.0.32 api.prod.internal\n10.0.0.21 w1\n# END quorate prod\n", s.hostsBlock(w1))

	s.LoadBalancer.Placement = PlacementExternal
	assert.NotContains(t, s.hostsBlock(w1), "api.prod.internal", "who answers at an external endpoint is not ours to say")

	s.Endpoint.Host, s.LoadBalancer.Placement = "10.0.0.13", PlacementLocal
	assert.NotContains(t, s.hostsBlock(w1), "127.0.0.1", "an address needs no name")
}

func TestWithHostsBlock(t *testing.T) {
	t.Parallel()
	const block = "# BEGIN quorate prod\n10.0.0.11 cp1\n# END quorate prod\n"
	const older = "# BEGIN quorate prod\n10.0.0.99 cp1\n# END quorate prod\n"
	assert.Equal(t, block+debianHosts, withHostsBlock(debianHosts, "prod", block), "before Debian's 127.0.1.1, which would win otherwise")
	assert.Equal(t, block, withHostsBlock("", "prod", block))
	assert.Equal(t, "a\n"+block+"b\n", withHostsBlock("a\n"+older+"b\n", "prod", block), "where the old one was")
	other := "# BEGIN quorate staging\n10.1.0.1 cp1\n# END quorate staging\n"
	assert.Equal(t, block+other, withHostsBlock(other, "prod", block), "another cluster's is not ours")
	assert.Equal(t, other, withoutHostsBlock(other, "prod"))
	assert.Equal(t, block+"# BEGIN quorate prod\n", withHostsBlock("# BEGIN quorate prod\n", "prod", block), "a beginning without an end is somebody's comment")
}

// Putting the block in twice is putting it in once, and taking it out gives back the file that was there.
func TestHostsBlockRoundTrip(t *testing.T) {
	t.Parallel()
	line := rapid.SampledFrom([]string{
		"127.0.0.1 localhost\n", "127.0.1.1 cp1\n", "\n", "# comment\n", "10.0.0.11 cp1 # quorate\n", "no newline", "# BEGIN quorate produce\n", "# END quorate prod\n",
		"x# BEGIN quorate prod\n", "# BEGIN quorate prod\n",
	})
	rapid.Check(t, func(t *rapid.T) {
		original := strings.Join(rapid.SliceOfN(line, 0, 8).Draw(t, "lines"), "")
		s := validSpec().withDefaults()
		block := s.hostsBlock(rapid.SampledFrom(s.Hosts).Draw(t, "host"))
		_, _, had := cutHostsBlock(original, "prod")
		once := withHostsBlock(original, "prod", block)
		assert.Equal(t, once, withHostsBlock(once, "prod", block), "idempotent")
		assert.Contains(t, once, block)
		if !had {
			assert.Equal(t, original, withoutHostsBlock(once, "prod"), "removal restores the original")
		}
	})
}
