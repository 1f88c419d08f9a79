package namespace

import (
	"context"
	"errors"
	"fmt"
)

// Switch is a bridge in a namespace of its own, to which other namespaces have cables.
type Switch struct {
	own   *Namespace
	ports []*Port
}

// Port is one end of a cable, with the namespace at the other.
type Port struct {
	*Namespace
	on *Switch
	// device is the switch's end.
	device string
}

// NewSwitch makes a switch without cables. Its namespaces' names begin with name.
func NewSwitch(ctx context.Context, name string) (*Switch, error) {
	own, err := New(ctx, name+"-switch")
	if err != nil {
		return nil, err
	}
	s := &Switch{own: own}
	for _, line := range []string{" link add br0 type bridge stp_state 0 forward_delay 0", " link set br0 up"} {
		if err := ip(ctx, "-n "+own.Name+line); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Plug makes a namespace of that name with an address and a cable to the switch.
func (s *Switch) Plug(ctx context.Context, name, prefix string) (*Port, error) {
	n, err := New(ctx, name)
	if err != nil {
		return nil, err
	}
	p := &Port{Namespace: n, on: s, device: fmt.Sprintf("port%d", len(s.ports))}
	s.ports = append(s.ports, p)
	for _, line := range []string{
		"-n " + s.own.Name + " link add " + p.device + " type veth peer name eth0 netns " + name,
		"-n " + s.own.Name + " link set " + p.device + " master br0 up",
		"-n " + name + " link set eth0 up",
		"-n " + name + " addr add " + prefix + " dev eth0",
	} {
		if err := ip(ctx, line); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Cable connects or disconnects the switch's end: disconnected, packets go nowhere and nothing says
// so, since the namespace's own end keeps its address and who sends to it keeps its neighbour.
func (p *Port) Cable(ctx context.Context, connected bool) error {
	state := " nomaster"
	if connected {
		state = " master br0"
	}
	return ip(ctx, "-n "+p.on.own.Name+" link set "+p.device+state)
}

// Close removes the switch, its cables and their namespaces.
func (s *Switch) Close() error {
	errs := []error{s.own.Close()}
	for _, p := range s.ports {
		errs = append(errs, p.Namespace.Close())
	}
	return errors.Join(errs...)
}
