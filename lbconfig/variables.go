package lbconfig

import (
	"fmt"
	"strings"
)

// streamVariables are the variables of the stream modules that Debian and nginx.org build
// (https://nginx.org/en/docs/stream/, each module's "Embedded Variables").
var streamVariables = map[string]bool{
	"binary_remote_addr": true, "bytes_received": true, "bytes_sent": true, "connection": true,
	"hostname": true, "msec": true, "nginx_version": true, "pid": true, "protocol": true,
	"proxy_protocol_addr": true, "proxy_protocol_port": true, "proxy_protocol_server_addr": true,
	"proxy_protocol_server_port": true, "remote_addr": true, "remote_port": true, "server_addr": true,
	"server_port": true, "session_time": true, "status": true, "time_iso8601": true, "time_local": true,
	"upstream_addr": true, "upstream_bytes_received": true, "upstream_bytes_sent": true,
	"upstream_connect_time": true, "upstream_first_byte_time": true, "upstream_session_time": true,
	"limit_conn_status": true, "realip_remote_addr": true, "realip_remote_port": true,
	"ssl_preread_protocol": true, "ssl_preread_server_name": true, "ssl_preread_alpn_protocols": true,
}

// variables refuses names of variables in s that stream does not have: those of http are the
// usual mistake.
func (p *problems) variables(path, s string) {
	for {
		_, rest, found := strings.Cut(s, "$")
		if !found {
			return
		}
		name := ""
		if inner, ok := strings.CutPrefix(rest, "{"); ok {
			before, after, closed := strings.Cut(inner, "}")
			if !closed || variableName(before) != before {
				p.add(path, "bad-variable", "the closing bracket in %q variable is missing", variableName(inner))
				return
			}
			name, s = before, after
		} else {
			name = variableName(rest)
			s = rest[len(name):]
		}
		switch {
		case name == "":
			p.add(path, "bad-variable", "invalid variable name")
		case !streamVariables[name]:
			p.add(path, "unknown-variable", "%s", unknownVariable(name))
		}
	}
}

// unknownVariable is nginx's message.
func unknownVariable(name string) string { return fmt.Sprintf("unknown %q variable", name) }

// variableName returns what of the beginning of s can be a variable's name.
func variableName(s string) string {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return s[:i]
		}
	}
	return s
}

// isStreamModule says whether path is the stream module's.
func isStreamModule(path string) bool {
	return strings.HasSuffix(path, "/ngx_stream_module.so") || path == "ngx_stream_module.so"
}
