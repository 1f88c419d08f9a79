package lbconfig_test

import (
	"fmt"
	"net/netip"

	"github.com/quorate-dev/quorate/lbconfig"
)

func ExampleAPIServer() {
	cfg := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.12:6443"),
		netip.MustParseAddrPort("10.0.0.11:6443"),
	}})
	for _, s := range cfg.Stream.Upstreams[0].Servers {
		fmt.Println(s.Address)
	}
	hash, socket, _ := cfg.Generation()
	fmt.Println(len(hash), socket)
	// Output:
	// 10.0.0.11:6443
	// 10.0.0.12:6443
	// 64 /run/quorate-lb/generation.sock
}
