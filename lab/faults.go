package lab

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// Where the kubelet finds the API server's pod, and where it is put to stop it.
const (
	apiServerManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"
	apiServerStopped  = "/etc/kubernetes/kube-apiserver.yaml.stopped"
)

// shutdownTimeout bounds how long a host may take to shut down in good order.
const shutdownTimeout = 2 * time.Minute

// Unplug pulls the host's network cable: nobody reaches it, and hosts on the same network are told
// so after about a second ("no route to host").
func (h *Host) Unplug(ctx context.Context) error {
	return ip(ctx, "-n "+h.lab.network.bridge()+" link set "+h.lab.network.port(h.port)+" down")
}

// Plug puts the cable back in.
func (h *Host) Plug(ctx context.Context) error {
	return ip(ctx, "-n "+h.lab.network.bridge()+" link set "+h.lab.network.port(h.port)+" up")
}

// faultTable drops every packet that comes from or goes to the cable.
const faultTable = `
table inet quorate_lab_fault {
	chain in { type filter hook prerouting priority -500; policy accept; iifname "eth0" drop; }
	chain out { type filter hook postrouting priority 500; policy accept; oifname "eth0" drop; }
}
`

// DropPackets makes the host drop every packet that comes in or goes out, without a word to the
// sender: connections to it time out.
func (h *Host) DropPackets(ctx context.Context) error {
	return h.nft(ctx, faultTable)
}

// Restore ends DropPackets.
func (h *Host) Restore(ctx context.Context) error {
	return h.nft(ctx, "delete table inet quorate_lab_fault\n")
}

// Kill cuts the host's power: every process ends at once, and nothing is told to anyone.
func (h *Host) Kill(ctx context.Context) error {
	if err := killCgroups(ctx, h.cgroup); err != nil {
		return err
	}
	return h.off(ctx)
}

// Shutdown turns the host off in good order.
func (h *Host) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	ended := h.ended
	h.mu.Unlock()
	if _, err := h.Run(ctx, "systemctl", "poweroff", "--no-block"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("lab: shut down %s: %w; its console: %s", h.Name, ctx.Err(), tail(h.Console()))
	}
	if err := killCgroups(ctx, h.cgroup); err != nil {
		return err
	}
	return h.off(ctx)
}

// Reboot shuts the host down in good order and boots it again.
func (h *Host) Reboot(ctx context.Context) error {
	if err := h.Shutdown(ctx); err != nil {
		return err
	}
	return h.Boot(ctx)
}

// off clears away what a host that is off has no more: its network and its control groups.
func (h *Host) off(ctx context.Context) error {
	h.forget()
	if err := h.lab.network.unplug(ctx, h.port, h.lab.network.host(h.Name)); err != nil {
		return fmt.Errorf("lab: turn off %s: %w", h.Name, err)
	}
	return removeCgroups(ctx, h.cgroup)
}

// Freeze stops the processes of a program on the host (SIGSTOP): their connections stay open,
// the kernel accepts new ones, and nothing answers.
func (h *Host) Freeze(program string) error { return h.signal(program, syscall.SIGSTOP) }

// Thaw lets them go on.
func (h *Host) Thaw(program string) error { return h.signal(program, syscall.SIGCONT) }

// StopAPIServer takes the API server's manifest away from the kubelet, and returns when the process is gone.
func (h *Host) StopAPIServer(ctx context.Context) error {
	if _, err := h.Run(ctx, "mv", apiServerManifest, apiServerStopped); err != nil {
		return err
	}
	return h.awaitProcess(ctx, "kube-apiserver", false)
}

// StartAPIServer puts the manifest back, and returns when the process is there (not when it serves).
func (h *Host) StartAPIServer(ctx context.Context) error {
	if _, err := h.Run(ctx, "mv", apiServerStopped, apiServerManifest); err != nil {
		return err
	}
	return h.awaitProcess(ctx, "kube-apiserver", true)
}

// awaitProcess waits until a program runs on the host, or does not.
func (h *Host) awaitProcess(ctx context.Context, program string, want bool) error {
	err := poll(ctx, func() (bool, error) {
		pids, err := h.processes(program)
		return (len(pids) > 0) == want, err
	})
	if err != nil {
		return fmt.Errorf("lab: %s: wait for %s: %w", h.Name, program, err)
	}
	return nil
}
