package ha

import (
	"context"
	"net/netip"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

const (
	hostsBegin = "# BEGIN quorate "
	hostsEnd   = "# END quorate "
)

// hostsBlock is the library's part of a host's /etc/hosts: the endpoint and the host's own name. The other hosts' names
// are left out: nothing needs them (nodes reach each other by address), and a new host would change every other one.
func (s Spec) hostsBlock(own Host) string {
	var b strings.Builder
	b.WriteString(hostsBegin + s.Name + "\n")
	if _, err := netip.ParseAddr(s.Endpoint.Host); err != nil {
		switch s.LoadBalancer.Placement {
		case PlacementLocal:
			b.WriteString("127.0.0.1 " + s.Endpoint.Host + "\n")
		case PlacementDedicated:
			for _, h := range s.byRole(RoleLoadBalancer) {
				b.WriteString(h.Address + " " + s.Endpoint.Host + "\n")
			}
		}
	}
	b.WriteString(own.Address + " " + own.Name + "\n")
	b.WriteString(hostsEnd + s.Name + "\n")
	return b.String()
}

// withHostsBlock returns an /etc/hosts with block in it: where the old one was, or at the beginning, since the
// first line that has a name decides (hosts(5)), and Debian's own maps the host's name to 127.0.1.1.
func withHostsBlock(hosts, name, block string) string {
	before, after, found := cutHostsBlock(hosts, name)
	if !found {
		return block + hosts
	}
	return before + block + after
}

// withoutHostsBlock returns an /etc/hosts without the library's part.
func withoutHostsBlock(hosts, name string) string {
	before, after, _ := cutHostsBlock(hosts, name)
	return before + after
}

func cutHostsBlock(hosts, name string) (before, after string, found bool) {
	begin, end := hostsBegin+name+"\n", hostsEnd+name+"\n"
	i := strings.Index(hosts, begin)
	if i < 0 || (i > 0 && hosts[i-1] != '\n') {
		return hosts, "", false
	}
	j := strings.Index(hosts[i:], end)
	if j < 0 {
		return hosts, "", false
	}
	return hosts[:i], hosts[i+j+len(end):], true
}

// planHostsFile has every host resolve the endpoint to its own balancer, and its own name.
func (b *planner) planHostsFile(f *hostFacts) {
	block, name := b.spec.hostsBlock(f.host), b.spec.Name
	old := f.file(hostsPath)
	b.files(f.host.Name, managedFile{path: hostsPath, data: block})
	if want := withHostsBlock(old, name, block); want != old {
		b.add(step{
			Step: Step{ID: stepID(f.host.Name, "hosts-file"), Host: f.host.Name, Title: "names resolve: the endpoint " + b.spec.Endpoint.Host + " and " + f.host.Name, Limit: limitShort,
				Changes: []Change{fileChange(hostsPath, old, want)}},
			done: func(ctx context.Context, r *stepRun) (bool, error) {
				data, _, err := r.conn.read(ctx, hostsPath)
				return withHostsBlock(string(data), name, block) == string(data), err
			},
			do: func(ctx context.Context, r *stepRun) error {
				data, _, err := r.conn.read(ctx, hostsPath)
				if err != nil {
					return err
				}
				return r.conn.write(ctx, transport.File{Path: hostsPath, Data: []byte(withHostsBlock(string(data), name, block))})
			},
		})
	}
}
