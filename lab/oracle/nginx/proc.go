package nginx

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// tableEntry returns the table under /proc/<pid>/net that a listener is in, and what its line has
// there (proc(5)): the address as hexadecimal words in the machine's order, and the state.
func tableEntry(address string, udp bool) (table, entry string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", path
	}
	ip, port := listenAddress(address)
	table, state := "tcp", "0A" // listening
	if udp {
		table, state = "udp", "07" // closed, as all unconnected ones are
	}
	raw := ip.AsSlice()
	if ip.Is6() {
		table += "6"
	}
	var b strings.Builder
	for i := 0; i < len(raw); i += 4 {
		fmt.Fprintf(&b, "%08X", binary.NativeEndian.Uint32(raw[i:]))
	}
	remote := strings.Repeat("0", b.Len()) + ":0000"
	return table, fmt.Sprintf("%s:%04X %s %s", b.String(), port, remote, state)
}

// listenAddress reads nginx's forms of a listening address.
func listenAddress(s string) (netip.Addr, uint64) {
	host, port := "", s
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i+1:]
	}
	n, _ := strconv.ParseUint(port, 10, 16)
	switch host {
	case "", "*":
		return netip.IPv4Unspecified(), n
	case "localhost":
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), n
	}
	ip, _ := netip.ParseAddr(strings.Trim(host, "[]"))
	return ip, n
}
