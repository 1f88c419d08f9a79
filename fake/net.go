package fake

// Net is the network between the hosts.
type Net struct{ c *Cluster }

// Net returns the network.
func (c *Cluster) Net() Net { return Net{c} }

// Partition loses all packets between the hosts of a and those of b, both ways, until Heal.
// The name "outside" stands for where Dial and RESTConfig come from.
func (n Net) Partition(a, b []string) {
	for _, x := range a {
		for _, y := range b {
			n.OneWay(x, y)
			n.OneWay(y, x)
		}
	}
}

// OneWay loses all packets from one host to another, until Heal.
func (n Net) OneWay(from, to string) {
	f, t := n.c.outside, n.c.outside
	if from != "outside" {
		f = n.c.Host(from).m.NIC
	}
	if to != "outside" {
		t = n.c.Host(to).m.NIC
	}
	n.c.net.Cut(f, t)
	n.c.world.Do(n.c.control.Kick)
}

// Heal ends all partitions. What waited in connections arrives.
func (n Net) Heal() {
	n.c.net.Heal()
	n.c.world.Do(n.c.control.Kick)
}
