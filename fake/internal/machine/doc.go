// Package machine is one simulated Linux host below Kubernetes: its file system, kernel state
// (modules, sysctls, swap, host name), users, systemd units read from the files on the host, and
// what a crash and a boot do to all that.
//
//	h := machine.New(world, network, machine.Config{Name: "cp1", Addr: addr})
//	world.Lock()
//	err := h.StartUnit("containerd.service")
//	world.Unlock()
//
// All state is guarded by the World's lock: methods are called with it held unless they say otherwise.
// What programs do while they run is given by Daemons; what commands do is package bin's matter.
package machine
