package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// routeProtocol marks the routes that are ours (the number is free in /etc/iproute2/rt_protos).
const routeProtocol = 77

// setRoutes makes the kernel's routes to other nodes' pods those of peers, and no others.
func setRoutes(peers []peer) error {
	want := map[string]net.IP{}
	for _, p := range peers {
		want[p.podCIDR] = net.ParseIP(p.address)
	}
	filter := &netlink.Route{Protocol: routeProtocol}
	have, err := netlink.RouteListFiltered(netlink.FAMILY_V4, filter, netlink.RT_FILTER_PROTOCOL)
	if err != nil {
		return fmt.Errorf("list routes: %w", err)
	}
	var errs []error
	for _, r := range have {
		if r.Dst == nil {
			continue
		}
		if via, ok := want[r.Dst.String()]; ok && via.Equal(r.Gw) {
			delete(want, r.Dst.String())
		} else if !ok {
			if err := netlink.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
				errs = append(errs, fmt.Errorf("remove the route to %s: %w", r.Dst, err))
			}
		}
	}
	for cidr, via := range want {
		_, dst, err := net.ParseCIDR(cidr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err := netlink.RouteReplace(&netlink.Route{Dst: dst, Gw: via, Protocol: routeProtocol}); err != nil {
			errs = append(errs, fmt.Errorf("set the route to %s via %s: %w", cidr, via, err))
		}
	}
	return errors.Join(errs...)
}
