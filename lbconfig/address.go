package lbconfig

import (
	"fmt"
	"net/netip"
	"strings"
)

// maxUnixPath is the longest path of a unix socket on Linux (sun_path, without its NUL).
const maxUnixPath = 107

// endpointProblem says what is wrong with the address of a backend, and nothing when it is right.
func endpointProblem(addr string) string {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return unixProblem(path)
	}
	host, port, ok := splitHostPort(addr)
	switch {
	case host == "" || host == "*":
		return fmt.Sprintf("no host in upstream %q", addr)
	case !ok:
		return fmt.Sprintf("no port in upstream %q", addr)
	case !validPort(port):
		return fmt.Sprintf("invalid port in upstream %q", addr)
	case !validHost(host):
		return fmt.Sprintf("invalid host in upstream %q", addr)
	default:
		return ""
	}
}

// listenKey returns what two equal listening addresses have in common, whether the address is
// IPv6, and what is wrong with it.
func listenKey(addr string) (key string, v6 bool, msg string) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return addr, false, unixProblem(path)
	}
	host, port, ok := splitHostPort(addr)
	if !ok {
		host, port = "*", addr // a port alone
	}
	switch {
	case !validPort(port):
		return addr, false, fmt.Sprintf("invalid port in %q of the \"listen\" directive", addr)
	case host == "*" || host == "0.0.0.0":
		return "0.0.0.0:" + port, false, ""
	case !validHost(host):
		return addr, false, fmt.Sprintf("invalid host in %q of the \"listen\" directive", addr)
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.String() + ":" + port, ip.Is6(), ""
	}
	return strings.ToLower(addr), false, ""
}

// splitHostPort splits at the last colon outside of brackets; ok is false where there is none.
func splitHostPort(addr string) (host, port string, ok bool) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 || strings.HasSuffix(addr, "]") {
		return addr, "", false
	}
	return addr[:i], addr[i+1:], true
}

func validPort(s string) bool {
	n, err := parseNumber(s)
	return err == nil && n > 0 && n < 65536 && len(s) <= 5
}

// validHost says whether host is an IPv4 address, an IPv6 address in brackets, or a name of
// letters, digits, dots, dashes and underscores.
func validHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return ok && err == nil && ip.Is6() && ip.Zone() == ""
	}
	if host == "" || strings.Trim(host, "0123456789.") == "" {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.Is4()
	}
	for i := range len(host) {
		c := host[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func unixProblem(path string) string {
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Sprintf("the path %q of a unix domain socket is not absolute", path)
	case len(path) > maxUnixPath:
		return fmt.Sprintf("too long path in the unix domain socket %q", path)
	default:
		return ""
	}
}

// validAccess says whether s is something that allow and deny take.
func validAccess(s string) bool {
	if s == "all" || s == "unix:" {
		return true
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return !strings.Contains(s, "%")
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}
