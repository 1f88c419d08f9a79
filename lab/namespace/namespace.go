// Package namespace makes network namespaces on this machine, alone or with a cable to a common
// switch, for programs that listen and connect where nobody else does. It needs root.
//
//	n, err := namespace.New(ctx, "mine-a")
//	defer n.Close()
//	err = n.Address(ctx, "10.99.0.1/24")
//	err = n.Do(func() error { return exec.Command("nginx", "-t").Run() })
package namespace

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/vishvananda/netns"
)

// Namespace is one network namespace, with its loopback up.
type Namespace struct {
	// Name as ip netns knows it.
	Name string
}

// New makes a namespace, in place of one of that name that is left over.
func New(ctx context.Context, name string) (*Namespace, error) {
	_ = exec.CommandContext(ctx, "ip", "netns", "del", name).Run() // there is none, mostly
	n := &Namespace{Name: name}
	if err := ip(ctx, "netns add "+name); err != nil {
		return nil, err
	}
	return n, ip(ctx, "-n "+name+" link set lo up")
}

// Address gives the loopback an address, such as 10.99.0.1/24.
func (n *Namespace) Address(ctx context.Context, prefix string) error {
	nodad := ""
	if strings.Contains(prefix, ":") {
		nodad = " nodad" // no wait for others that have it
	}
	return ip(ctx, "-n "+n.Name+" addr add "+prefix+" dev lo"+nodad)
}

// Do calls f on a thread that is in the namespace and waits for it. Programs that f starts run in
// it, and sockets that f itself makes belong to it; goroutines that f starts do not.
func (n *Namespace) Do(f func() error) error {
	result := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with this goroutine, and nobody else runs in the namespace.
		runtime.LockOSThread()
		handle, err := netns.GetFromPath("/run/netns/" + n.Name)
		if err != nil {
			result <- fmt.Errorf("namespace: open %s: %w", n.Name, err)
			return
		}
		defer handle.Close()
		if err := netns.Set(handle); err != nil {
			result <- fmt.Errorf("namespace: enter %s: %w", n.Name, err)
			return
		}
		result <- f()
	}()
	return <-result
}

// Close removes the name; the namespace ends with the last process in it.
func (n *Namespace) Close() error {
	return ip(context.Background(), "netns del "+n.Name)
}

// ip runs the program of that name with a line of arguments.
func ip(ctx context.Context, line string) error {
	out, err := exec.CommandContext(ctx, "ip", strings.Fields(line)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("namespace: ip %s: %w: %s", line, err, strings.TrimSpace(string(out)))
	}
	return nil
}
