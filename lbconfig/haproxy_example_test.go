package lbconfig_test

import (
	"fmt"
	"net/netip"

	"github.com/quorate-dev/quorate/lbconfig"
)

func ExampleHAProxy() {
	cfg := lbconfig.HAProxy(lbconfig.HAProxyOptions{
		Backends: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.11:6443"), netip.MustParseAddrPort("10.0.0.12:6443")},
		CAFile:   "/etc/kubernetes/pki/ca.crt",
	})
	check := cfg.Backends[0].DefaultServer
	fmt.Println(cfg.Validate(), cfg.Backends[0].HTTPCheck.Path, check.Verify, check.VerifyHost)
	hash, socket, _ := cfg.Generation()
	fmt.Println(len(hash), socket)
	// Output:
	// <nil> /readyz required kubernetes
	// 64 /run/quorate-lb/haproxy.sock
}

func ExampleKeepalivedConfig() {
	cfg := lbconfig.KeepalivedConfig{
		RouterID: 51, Priority: 101, Interface: "eth0",
		Source: netip.MustParseAddr("10.0.0.31"), Peers: []netip.Addr{netip.MustParseAddr("10.0.0.32")},
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.30/24")},
	}
	fmt.Println(cfg.Validate())
	cfg.Priority = 255
	fmt.Println(cfg.Validate())
	// Output:
	// <nil>
	// lbconfig: invalid configuration: Priority: 255 is not from 1 to 254: 255 is for who owns the address
}
