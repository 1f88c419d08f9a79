package lbconfig

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// KeepalivedConfig is one virtual address (VRRP, RFC 9568) that moves between dedicated balancers, as keepalived 2.2 reads
// it. It is for those whose network lets an address move; quorate itself needs none, and package ha does not install it.
//
// All instances begin as backups, the highest priority wins, and one that comes back does not take the address from one that
// works (nopreempt): each move ends the connections through it. An instance whose balancer does not answer gives the address
// up. Adverts are sent to the peers by unicast, which clouds and switches that drop multicast let through.
//
// There is no password: VRRP version 3 has none (RFC 9568, 9: it protected from nothing that could send packets), and
// keepalived puts one in plain text into every advert of version 2. Have a firewall admit protocol 112 from the peers alone.
type KeepalivedConfig struct {
	// Name of the instance. Unset: kube-apiserver.
	Name string
	// RouterID is the virtual router's number, 1 to 255, equal on all peers and used by nobody else in the network.
	RouterID int
	// Priority from 1 to 254; 255 would claim to own the address. Different on each peer.
	Priority int
	// Interface that carries adverts and the virtual addresses.
	Interface string
	// Source is this host's address on it, Peers are the other balancers'. One family.
	Source netip.Addr
	Peers  []netip.Addr
	// Addresses that move, with the length of their networks; at least one. Those of Source's family are in the adverts, others move with them.
	Addresses []netip.Prefix
	// Check is the command that succeeds while the host's balancer works, the program by its path. Nil: curl asks
	// https://127.0.0.1:16443/readyz.
	Check []string
	// CheckUser runs Check. Unset: nobody.
	CheckUser string
	// Interval between adverts and between checks, whole seconds. Unset: 1 s. Peers take over after three lost adverts.
	Interval time.Duration
}

// DefaultKeepalivedConfigPath is where Debian's keepalived.service looks.
const DefaultKeepalivedConfigPath = "/etc/keepalived/keepalived.conf"

// defaultKeepalivedCheck goes through the balancer to an apiserver. No certificate is verified: who answers is not the question.
var defaultKeepalivedCheck = []string{"/usr/bin/curl", "--silent", "--insecure", "--fail", "--max-time", "2", "--output", "/dev/null", "https://127.0.0.1:16443/readyz"}

func (c KeepalivedConfig) withDefaults() KeepalivedConfig {
	c.Name = orDefault(c.Name, "kube-apiserver")
	c.CheckUser = orDefault(c.CheckUser, "nobody")
	c.Interval = orDefault(c.Interval, time.Second)
	if c.Check == nil {
		c.Check = defaultKeepalivedCheck
	}
	return c
}

// Render returns the file, equal configurations to the same bytes. It fails as Validate does.
func (c KeepalivedConfig) Render() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	seconds := int(c.Interval / time.Second)
	var b bytes.Buffer
	fmt.Fprintf(&b, `global_defs {
	router_id %s
	script_user %s
	enable_script_security
	vrrp_version 3
}

vrrp_script balancer {
	script "%s"
	interval %d
	timeout %d
	fall 2
	rise 2
}

vrrp_instance %s {
	state BACKUP
	interface %s
	virtual_router_id %d
	priority %d
	advert_int %d
	nopreempt
	unicast_src_ip %s
`, c.Name, c.CheckUser, strings.Join(c.Check, " "), seconds, max(3, seconds), c.Name, c.Interface, c.RouterID, c.Priority, seconds, c.Source)
	var own, others []string
	for _, a := range c.Addresses {
		if a.Addr().Is4() == c.Source.Is4() {
			own = append(own, a.String())
		} else {
			others = append(others, a.String())
		}
	}
	var peers []string
	for _, p := range c.Peers {
		peers = append(peers, p.String())
	}
	for _, block := range []struct {
		name  string
		lines []string
	}{{"unicast_peer", peers}, {"virtual_ipaddress", own}, {"virtual_ipaddress_excluded", others}, {"track_script", []string{"balancer"}}} {
		if len(block.lines) > 0 {
			fmt.Fprintf(&b, "\t%s {\n\t\t%s\n\t}\n", block.name, strings.Join(block.lines, "\n\t\t"))
		}
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// Forms of names that keepalived and the kernel take as they are.
var (
	keepalivedName  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$`)
	interfaceName   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}$`)
	keepalivedCheck = regexp.MustCompile(`^[A-Za-z0-9_./:=?&%+,@-]+$`)
)

// Validate returns a *ValidationError with everything in c that keepalived would refuse, correct or ignore, or that cannot work,
// or nil. It asks nothing about the host: whether the interface, the user and the check's program exist.
func (c KeepalivedConfig) Validate() error {
	var p problems
	c = c.withDefaults()
	if !keepalivedName.MatchString(c.Name) {
		p.add("Name", "bad-name", "%q is not a name: letters, digits and _.- are", c.Name)
	}
	if c.RouterID < 1 || c.RouterID > 255 {
		p.add("RouterID", "bad-number", "%d is not from 1 to 255", c.RouterID)
	}
	if c.Priority < 1 || c.Priority > 254 {
		p.add("Priority", "bad-number", "%d is not from 1 to 254: 255 is for who owns the address", c.Priority)
	}
	if !interfaceName.MatchString(c.Interface) || c.Interface == "lo" {
		p.add("Interface", "bad-interface", "%q is not an interface that carries adverts", c.Interface)
	}
	if !keepalivedName.MatchString(c.CheckUser) {
		p.add("CheckUser", "bad-name", "%q is not a user", c.CheckUser)
	}
	if c.Interval < time.Second || c.Interval > 40*time.Second || c.Interval%time.Second != 0 {
		p.add("Interval", "bad-time", "%s is not a number of whole seconds from 1 to 40", c.Interval)
	}
	if len(c.Check) == 0 || !path.IsAbs(c.Check[0]) {
		p.add("Check", "bad-check", "the program is not an absolute path")
	}
	for i, w := range c.Check {
		if !keepalivedCheck.MatchString(w) {
			p.add(fmt.Sprintf("Check[%d]", i), "bad-check", "%q has characters that keepalived's words cannot hold", w)
		}
	}
	c.addresses(&p)
	return p.err()
}

func (c KeepalivedConfig) addresses(p *problems) {
	usable := func(at string, a netip.Addr) bool {
		if !a.IsValid() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a.Zone() != "" || a.Is4In6() {
			p.add(at, "bad-address", "%q is not a host's address", a)
			return false
		}
		return true
	}
	usable("Source", c.Source)
	if len(c.Peers) == 0 {
		p.add("Peers", "no-peers", "nobody to take the address over")
	}
	for i, a := range c.Peers {
		at := fmt.Sprintf("Peers[%d]", i)
		switch {
		case !usable(at, a):
		case a.Is4() != c.Source.Is4():
			p.add(at, "family", "%s is not of the source's family", a)
		case a == c.Source || slices.Contains(c.Peers[:i], a):
			p.add(at, "duplicate-address", "%s is there twice", a)
		}
	}
	own := false
	for i, a := range c.Addresses {
		at := fmt.Sprintf("Addresses[%d]", i)
		if !a.IsValid() || !usable(at, a.Addr()) {
			if !a.IsValid() {
				p.add(at, "bad-address", "%q is not an address with its network's length", a)
			}
			continue
		}
		own = own || a.Addr().Is4() == c.Source.Is4()
		if a.Addr() == c.Source || slices.Contains(c.Peers, a.Addr()) || slices.ContainsFunc(c.Addresses[:i], func(o netip.Prefix) bool { return o.Addr() == a.Addr() }) {
			p.add(at, "duplicate-address", "%s is there twice", a.Addr())
		}
	}
	if !own {
		p.add("Addresses", "no-address", "no virtual address of the source's family")
	}
}
