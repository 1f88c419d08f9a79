package ctrl

import (
	"errors"
	"fmt"
	"strings"

	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/fake/internal/machine"
	"github.com/quorate-dev/quorate/fake/internal/vnet"
)

// containerd is the container runtime's daemon.
type containerd struct{}

// Start is machine.Daemon's. A configuration that does not parse ends it.
func (containerd) Start(h *machine.Host, u *machine.Unit, _ []string) error {
	cfg, err := machine.ReadContainerd(h)
	if err != nil {
		return err
	}
	u.State = cfg
	return h.FS.Replace("/run/containerd/containerd.sock", nil, 0o660, h.RootOwner())
}

// Reload is machine.Daemon's.
func (containerd) Reload(*machine.Host, *machine.Unit, []string) error { return nil }

// Stop is machine.Daemon's. Containers go on without it.
func (containerd) Stop(h *machine.Host, _ *machine.Unit) {
	_ = h.FS.Remove("/run/containerd/containerd.sock") // it may be gone with /run
}

// sshd listens on port 22.
type sshd struct{}

// Start is machine.Daemon's.
func (sshd) Start(h *machine.Host, u *machine.Unit, _ []string) error {
	l, err := silentPort(h, "0.0.0.0:22")
	u.State = l
	return err
}

// Reload is machine.Daemon's.
func (sshd) Reload(*machine.Host, *machine.Unit, []string) error { return nil }

// Stop is machine.Daemon's.
func (sshd) Stop(_ *machine.Host, u *machine.Unit) {
	if l, ok := u.State.(*vnet.Listener); ok {
		_ = l.Close() // closing cannot fail
	}
}

// silentPort holds a port whose protocol is not simulated: connections are accepted and closed.
func silentPort(h *machine.Host, address string) (*vnet.Listener, error) {
	l, err := h.NIC.Listen("tcp", address, nil)
	if err != nil {
		return nil, err
	}
	h.World.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close() // closing cannot fail
		}
	})
	return l, nil
}

// kubelet is the node agent's daemon.
type kubelet struct{ n *Node }

// kubeletState is a kubelet that runs.
type kubeletState struct {
	config     kubeletv1beta1.KubeletConfiguration
	flags      map[string]string
	ports      []*vnet.Listener
	registered bool // its Node was there, or was made
}

// Start is machine.Daemon's: it reads its configuration and ends when something is wrong.
func (k kubelet) Start(h *machine.Host, u *machine.Unit, argv []string) error {
	st := &kubeletState{flags: map[string]string{}}
	for _, a := range argv[1:] {
		key, v, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		st.flags[key] = v
	}
	if st.flags["config"] == "" {
		return errors.New("kubelet: no --config")
	}
	data, err := h.FS.Read(st.flags["config"])
	if err != nil {
		return fmt.Errorf("kubelet: failed to load kubelet config file: %w", err)
	}
	if err := yaml.Unmarshal(data, &st.config); err != nil {
		return fmt.Errorf("kubelet: %s: %w", st.flags["config"], err)
	}
	if f := st.config.FailSwapOn; (f == nil || *f) && len(h.Swaps()) > 0 {
		return errors.New("kubelet: running with swap on is not supported, please disable swap or set --fail-swap-on flag to false")
	}
	if !h.FS.Exists(st.flags["kubeconfig"]) && !h.FS.Exists(st.flags["bootstrap-kubeconfig"]) {
		return errors.New("kubelet: unable to load bootstrap kubeconfig")
	}
	if h.Unit("containerd.service").Active() != "active" {
		return errors.New("kubelet: validate service connection: CRI v1 runtime API is not implemented")
	}
	if driver := st.config.CgroupDriver; driver == "cgroupfs" {
		if c, ok := h.Unit("containerd.service").State.(machine.Containerd); ok && c.SystemdCgroup {
			return errors.New("kubelet: the runtime uses the systemd cgroup driver")
		}
	}
	for _, port := range []string{"0.0.0.0:10250", "127.0.0.1:10248"} {
		l, err := silentPort(h, port)
		if err != nil {
			for _, p := range st.ports {
				_ = p.Close() // closing cannot fail
			}
			return err
		}
		st.ports = append(st.ports, l)
	}
	u.State = st
	k.n.retryAt = h.World.NowLocked()
	return nil
}

// Reload is machine.Daemon's.
func (kubelet) Reload(*machine.Host, *machine.Unit, []string) error { return nil }

// Stop is machine.Daemon's. Containers go on without it.
func (k kubelet) Stop(h *machine.Host, u *machine.Unit) {
	if st, ok := u.State.(*kubeletState); ok {
		for _, p := range st.ports {
			_ = p.Close() // closing cannot fail
		}
	}
}

// kubelet returns the running kubelet of the node; nil when there is none.
func (n *Node) kubelet() *kubeletState {
	if !n.Host.Up {
		return nil
	}
	u := n.Host.Unit("kubelet.service")
	st, _ := u.State.(*kubeletState)
	if u.Active() != "active" {
		return nil
	}
	return st
}
