package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/vishvananda/netns"
)

// network is the lab's own: a switch (a bridge in a namespace), a cable from it to each host's
// namespace, and one to the namespace of the driver, which is where tests and hactl run. Nothing
// of it is in the machine's own namespace, and nothing leads there.
type network struct {
	prefix string       // begins every namespace's name
	subnet netip.Prefix // of hosts and driver
	driver netip.Addr   // the driver's address, which is the hosts' default gateway
}

func (n network) bridge() string            { return n.prefix + "-net" }
func (n network) driverNamespace() string   { return n.prefix + "-driver" }
func (n network) host(name string) string   { return n.prefix + "-h-" + name }
func (n network) port(index int) string     { return fmt.Sprintf("port%d", index) }
func namespacePath(namespace string) string { return "/run/netns/" + namespace }

// create makes the switch and the driver's namespace.
func (n network) create(ctx context.Context) error {
	return ip(ctx,
		"netns add "+n.bridge(),
		"-n "+n.bridge()+" link set lo up",
		"-n "+n.bridge()+" link add br0 type bridge stp_state 0 forward_delay 0",
		"-n "+n.bridge()+" link set br0 up",
		n.plugIn(0, n.driverNamespace(), n.driver),
	)
}

// plugIn makes a namespace with an address and a cable to a port of the switch.
func (n network) plugIn(port int, namespace string, address netip.Addr) string {
	in := "-n " + namespace + " "
	lines := []string{
		"netns add " + namespace,
		"-n " + n.bridge() + " link add " + n.port(port) + " type veth peer name eth0 address " + mac(port) + " netns " + namespace,
		"-n " + n.bridge() + " link set " + n.port(port) + " master br0 up",
		in + "link set lo up",
		in + "link set eth0 up",
		in + fmt.Sprintf("addr add %s/%d dev eth0", address, n.subnet.Bits()),
	}
	if address != n.driver {
		// A host has a default route; this one leads to the driver, which forwards nothing.
		lines = append(lines, in+"route add default via "+n.driver.String())
	}
	return strings.Join(lines, "\n")
}

// mac is the address of the network card at a port: the same at every boot, or neighbours would
// send to the one of the time before.
func mac(port int) string { return fmt.Sprintf("52:54:00:00:00:%02x", port) }

// unplug removes a host's namespace and its cable.
func (n network) unplug(ctx context.Context, port int, namespace string) error {
	// The cable first: a namespace goes away some time after its name does, with its end of it.
	cable := ip(ctx, "-n "+n.bridge()+" link del "+n.port(port))
	if cable != nil && strings.Contains(cable.Error(), "Cannot find device") {
		cable = nil
	}
	return errors.Join(cable, ip(ctx, "netns del "+namespace))
}

// ip runs lines of arguments of the ip program, one after the other.
func ip(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		for line := range strings.Lines(command) {
			if _, err := run(ctx, append([]string{"ip"}, strings.Fields(line)...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteNamespaces deletes every network namespace of a run.
func deleteNamespaces(ctx context.Context, prefix string) error {
	entries, err := os.ReadDir("/run/netns")
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	var errs []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix+"-") {
			errs = append(errs, ip(ctx, "netns del "+e.Name()))
		}
	}
	return errors.Join(errs...)
}

// inNamespace calls f on a thread that is in a network namespace, and waits for it. Sockets that f
// makes itself (not on goroutines it starts) belong to that namespace for good.
func inNamespace(namespace string, f func() error) error {
	result := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with this goroutine, and nobody else runs in the namespace.
		runtime.LockOSThread()
		handle, err := netns.GetFromPath(namespacePath(namespace))
		if err != nil {
			result <- fmt.Errorf("lab: open the namespace %s: %w", namespace, err)
			return
		}
		defer handle.Close()
		if err := netns.Set(handle); err != nil {
			result <- fmt.Errorf("lab: enter the namespace %s: %w", namespace, err)
			return
		}
		result <- f()
	}()
	return <-result
}

// Dial connects to address from the driver's place in the network. The host part is a host's name
// in the lab, or an IP address. It fits wherever a dial function is asked for.
func (l *Lab) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("lab: dial: %w", err)
	}
	if h := l.Host(name); h != nil {
		name = h.Address.String()
	}
	if _, err := netip.ParseAddr(name); err != nil {
		return nil, fmt.Errorf("lab: dial: %q is neither a host of the lab nor an IP address", name)
	}
	var conn net.Conn
	err = inNamespace(l.network.driverNamespace(), func() error {
		// One literal address: the dialer connects on this very thread.
		conn, err = new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(name, port))
		return err
	})
	return conn, err
}

// DriverCommand returns a command that will run a program of this machine at the driver's place in
// the network, from which all hosts, and nothing else, can be reached. The end of ctx kills it with its children.
func (l *Lab) DriverCommand(ctx context.Context, argv ...string) *exec.Cmd {
	args := append([]string{"netns", "exec", l.network.driverNamespace()}, argv...)
	cmd := exec.CommandContext(ctx, "ip", args...)
	endAsGroup(cmd)
	return cmd
}
