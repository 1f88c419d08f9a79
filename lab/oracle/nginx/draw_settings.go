package nginx

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/lbconfig"
)

// settings draws what stream and server share, with limits by zones limit0 and on.
func settings(t *rapid.T, zones int) lbconfig.ProxySettings {
	s := lbconfig.ProxySettings{
		AccessLogs: few(t, "access logs", 0, 2, func(t *rapid.T, i int) lbconfig.AccessLog {
			l := lbconfig.AccessLog{Path: dirMark + fmt.Sprintf("/access%d.log", i), Format: "f0", If: some(t, "if", "$status", "$bytes_sent")}
			if i == 1 {
				l.Path = dirMark + "/buffered.log"
				l.Buffer = rapid.SampledFrom([]lbconfig.Size{4 * lbconfig.KiB, 64 * lbconfig.KiB}).Draw(t, "buffer")
				l.Flush = some(t, "flush", time.Second)
				return l
			}
			switch rapid.IntRange(0, 5).Draw(t, "log kind") {
			case 0:
				return lbconfig.AccessLog{Off: true}
			case 1:
				l.Path = "syslog:server=127.0.0.1"
			case 2:
				l.Path, l.Gzip = dirMark+"/access.gz", rapid.SampledFrom([]int{1, 9}).Draw(t, "gzip")
			case 3:
				l.Path = dirMark + "/$server_port.log"
			}
			return l
		}),
		TCPNodelay:               pointer(t, "nodelay", true, false),
		ProxyConnectTimeout:      times(t, "connect"),
		ProxyTimeout:             times(t, "idle"),
		ProxySocketKeepalive:     pointer(t, "socket keepalive", true, false),
		ProxyNextUpstream:        pointer(t, "next", true, false),
		ProxyNextUpstreamTimeout: times(t, "next timeout"),
		ProxyNextUpstreamTries:   some(t, "tries", 1, 5),
		ProxyBufferSize:          sizes(t, "buffer size"),
		ProxyHalfClose:           pointer(t, "half close", true, false),
		ProxyDownloadRate:        sizes(t, "download"), ProxyUploadRate: sizes(t, "upload"),
		ProxyBind: some(t, "bind", lbconfig.ProxyBind{Address: "10.99.0.1"}, lbconfig.ProxyBind{Address: "off"}, lbconfig.ProxyBind{Address: "fd99::1"},
			lbconfig.ProxyBind{Address: "$remote_addr", Transparent: true}),
		ProxyProtocol: pointer(t, "send proxy protocol", true, false), ProxyRequests: some(t, "requests", 1, 9), ProxyResponses: pointer(t, "responses", 0, 2),
		ProxyProtocolTimeout: times(t, "proxy protocol timeout"),
		SSLPreread:           pointer(t, "preread", true, false), PrereadBufferSize: sizes(t, "preread buffer"), PrereadTimeout: times(t, "preread timeout"),
		SetRealIPFrom: few(t, "real", 0, 1, func(t *rapid.T, _ int) string {
			return rapid.SampledFrom([]string{"10.0.0.0/8", "unix:", "fd00::/8", "10.1.1.1"}).Draw(t, "real from")
		}),
		ResolverTimeout:   times(t, "resolver timeout"),
		LimitConnLogLevel: some(t, "limit level", "info", "notice", "warn", "error"), LimitConnDryRun: pointer(t, "dry run", true, false),
	}
	if rapid.IntRange(0, 3).Draw(t, "resolver") == 0 {
		s.Resolver = lbconfig.Resolver{Addresses: []string{rapid.SampledFrom([]string{"127.0.0.1", "127.0.0.1:53", "[::1]", "[::1]:5353"}).Draw(t, "resolver address")},
			Valid: some(t, "valid", time.Second, time.Hour), IPv6: pointer(t, "v6", true, false)}
	}
	for i := range zones {
		if rapid.Bool().Draw(t, "limited") {
			s.LimitConns = append(s.LimitConns, lbconfig.LimitConn{Zone: fmt.Sprintf("limit%d", i), Limit: rapid.SampledFrom([]int{1, 65535}).Draw(t, "limit")})
		}
	}
	return s
}
