// Package lab makes real hosts on one Linux machine, and breaks them: each has a Debian of its own
// with systemd, OpenSSH, nginx, containerd and kubeadm, a cable to a common switch, and a power cord.
//
//	artifacts, err := lab.Build(ctx, "v1.37.2", nil) // minutes the first time, then from the cache
//	l, err := lab.New(ctx, lab.Config{Artifacts: artifacts})
//	defer l.Close()
//	h, err := l.AddHost(ctx, "cp1", "10.77.0.11", lab.HostConfig{})
//	out, err := h.Run(ctx, "kubeadm", "version", "-o", "short") // at the console: no network needed
//	err = l.WriteClusterFiles(dir, nil)                         // cluster.yaml, id_ed25519, known_hosts, cni.yaml
//	err = l.DriverCommand(ctx, "hactl", "-f", dir+"/cluster.yaml", "apply", "--yes").Run()
//	err = h.Unplug(ctx)
//
// # What a host is
//
// A systemd-nspawn container with the machine's kernel, in network namespaces and control groups of
// its own. SSH lets the lab's key in as root, deploy (sudo without a password) and admin (sudo with
// one). Nothing is prepared for Kubernetes beyond what installing the packages does: IP forwarding
// is off, the host is called "debian", the distribution's nginx runs with its own pages.
// A boot begins with a new network namespace, so that what a host has not written down is gone.
//
// # What is left behind
//
// Nothing. Every name carries the run's, Close removes all of it, and New clears away after
// processes that died. Only processes in control groups that the lab made are ever ended. What
// stays is the cache of programs and trees under os.UserCacheDir, and the machine's limit of inotify instances, raised.
//
// # Non-goals
//
// Other machines, other distributions, kernels other than the machine's, and networks with more than
// one segment.
package lab
