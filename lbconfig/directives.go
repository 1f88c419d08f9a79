package lbconfig

import "strings"

// block is a kind of block, or several.
type block uint8

const (
	inMain block = 1 << iota
	inEvents
	inStream
	inUpstream
	inServer
	// inHTTP stands for everything outside of stream that is not read here.
	inHTTP
	inSettings = inStream | inServer
)

// String returns the block's name, for messages.
func (b block) String() string {
	switch b {
	case inMain:
		return "the main file"
	case inEvents:
		return "events"
	case inStream:
		return "stream"
	case inUpstream:
		return "upstream"
	default:
		return "server"
	}
}

// rule is what is known of a directive.
type rule struct {
	name string
	// in is where it may stand.
	in block
	// since is the first version that has it; zero: as long as there is stream, 1.9.0.
	since Version
	// plus says that only the commercial nginx has it.
	plus bool
	// words says of a directive without a type whether nginx takes its words. Nil: only nginx can say.
	words func([]string) bool
}

// ruleOf returns the rule of a directive, nil where there is none.
func ruleOf(name string) *rule {
	for _, prefix := range plusFamilies {
		if strings.HasPrefix(name, prefix) {
			return &rule{name: name, in: inMain | inEvents | inStream | inUpstream | inServer | inHTTP, plus: true}
		}
	}
	if strings.HasPrefix(name, "js_") {
		return &rule{name: name, in: inMain | inSettings} // of njs, which has versions of its own
	}
	if r, ok := directives[name]; ok {
		return &r
	}
	return nil
}

// plusFamilies begin the names of directives that only the commercial nginx has.
var plusFamilies = []string{"health_check", "zone_sync", "keyval", "mqtt", "num_map", "otel_"}

// directives are the directives of the files that this package reads: main and events
// (https://nginx.org/en/docs/ngx_core_module.html), and stream with its modules
// (https://nginx.org/en/docs/stream/), as of July 2026, nginx 1.31.3. The version of each is the one that
// its page gives ("This directive appeared in version").
var directives = byName([]rule{
	// Main.
	{name: "load_module", in: inMain, since: Version{1, 9, 11}},
	{name: "user", in: inMain}, {name: "daemon", in: inMain}, {name: "pid", in: inMain},
	{name: "error_log", in: inMain | inSettings, words: isErrorLog},
	{name: "worker_processes", in: inMain}, {name: "worker_rlimit_nofile", in: inMain},
	{name: "worker_shutdown_timeout", in: inMain, since: Version{1, 11, 11}},
	{name: "events", in: inMain}, {name: "stream", in: inMain}, {name: "http", in: inMain}, {name: "mail", in: inMain},
	{name: "include", in: inMain | inEvents | inStream | inUpstream | inServer | inHTTP},
	{name: "master_process", in: inMain, words: isFlag}, {name: "pcre_jit", in: inMain, words: isFlag},
	{name: "worker_priority", in: inMain, words: isPriority}, {name: "worker_rlimit_core", in: inMain, words: isSize},
	{name: "timer_resolution", in: inMain, words: isTime}, {name: "worker_cpu_affinity", in: inMain},
	{name: "working_directory", in: inMain}, {name: "lock_file", in: inMain, words: isWord}, {name: "env", in: inMain, words: isEnv},
	{name: "debug_points", in: inMain, words: isOneOf("stop", "abort")}, {name: "thread_pool", in: inMain}, {name: "ssl_engine", in: inMain},
	{name: "ssl_object_cache_inheritable", in: inMain, since: Version{1, 27, 4}}, {name: "quic_bpf", in: inMain, since: Version{1, 25, 0}},
	{name: "google_perftools_profiles", in: inMain},
	// Events.
	{name: "worker_connections", in: inEvents}, {name: "multi_accept", in: inEvents}, {name: "use", in: inEvents},
	{name: "accept_mutex", in: inEvents}, {name: "accept_mutex_delay", in: inEvents},
	{name: "worker_aio_requests", in: inEvents, words: isCount}, {name: "debug_connection", in: inEvents},
	// Stream.
	{name: "upstream", in: inStream}, {name: "server", in: inStream | inUpstream},
	{name: "listen", in: inServer}, {name: "proxy_pass", in: inServer}, {name: "return", in: inServer, since: Version{1, 11, 2}},
	{name: "pass", in: inServer, since: Version{1, 25, 5}}, {name: "server_name", in: inServer, since: Version{1, 25, 5}},
	{name: "server_names_hash_bucket_size", in: inStream, since: Version{1, 25, 5}, words: isSize},
	{name: "server_names_hash_max_size", in: inStream, since: Version{1, 25, 5}, words: isCount},
	{name: "tcp_nodelay", in: inSettings, since: Version{1, 9, 4}},
	{name: "preread_buffer_size", in: inSettings, since: Version{1, 11, 5}}, {name: "preread_timeout", in: inSettings, since: Version{1, 11, 5}},
	{name: "proxy_protocol_timeout", in: inSettings, since: Version{1, 11, 4}},
	{name: "resolver", in: inSettings | inUpstream, since: Version{1, 11, 3}}, {name: "resolver_timeout", in: inSettings | inUpstream, since: Version{1, 11, 3}},
	{name: "variables_hash_bucket_size", in: inStream, since: Version{1, 11, 2}, words: isCount},
	{name: "variables_hash_max_size", in: inStream, since: Version{1, 11, 2}, words: isCount},
	{name: "access_log", in: inSettings, since: Version{1, 11, 4}}, {name: "log_format", in: inStream, since: Version{1, 11, 4}},
	{name: "open_log_file_cache", in: inSettings, since: Version{1, 11, 4}},
	{name: "allow", in: inSettings, since: Version{1, 9, 2}}, {name: "deny", in: inSettings, since: Version{1, 9, 2}},
	{name: "limit_conn_zone", in: inStream, since: Version{1, 9, 3}}, {name: "limit_conn", in: inSettings, since: Version{1, 9, 3}},
	{name: "limit_conn_log_level", in: inSettings, since: Version{1, 9, 3}}, {name: "limit_conn_dry_run", in: inSettings, since: Version{1, 17, 6}},
	{name: "set_real_ip_from", in: inSettings, since: Version{1, 11, 4}}, {name: "set", in: inServer, since: Version{1, 19, 3}},
	{name: "ssl_preread", in: inSettings, since: Version{1, 11, 5}},
	{name: "map", in: inStream, since: Version{1, 11, 2}}, {name: "map_hash_bucket_size", in: inStream, since: Version{1, 11, 2}, words: isCount},
	{name: "map_hash_max_size", in: inStream, since: Version{1, 11, 2}, words: isCount}, {name: "geo", in: inStream, since: Version{1, 11, 3}},
	{name: "geoip_country", in: inStream, since: Version{1, 11, 3}}, {name: "geoip_city", in: inStream, since: Version{1, 11, 3}},
	{name: "geoip_org", in: inStream, since: Version{1, 11, 3}}, {name: "split_clients", in: inStream, since: Version{1, 11, 3}},
	{name: "proxy_connect_timeout", in: inSettings}, {name: "proxy_timeout", in: inSettings},
	{name: "proxy_socket_keepalive", in: inSettings, since: Version{1, 15, 6}}, {name: "proxy_half_close", in: inSettings, since: Version{1, 21, 4}},
	{name: "proxy_next_upstream", in: inSettings}, {name: "proxy_next_upstream_timeout", in: inSettings}, {name: "proxy_next_upstream_tries", in: inSettings},
	{name: "proxy_buffer_size", in: inSettings, since: Version{1, 9, 4}},
	{name: "proxy_download_rate", in: inSettings, since: Version{1, 9, 3}}, {name: "proxy_upload_rate", in: inSettings, since: Version{1, 9, 3}},
	{name: "proxy_bind", in: inSettings, since: Version{1, 9, 2}}, {name: "proxy_protocol", in: inSettings, since: Version{1, 9, 2}},
	{name: "proxy_requests", in: inSettings, since: Version{1, 15, 7}}, {name: "proxy_responses", in: inSettings, since: Version{1, 9, 13}},
	{name: "proxy_socket_rcvbuf", in: inSettings, since: Version{1, 31, 3}, words: isSize}, {name: "proxy_socket_sndbuf", in: inSettings, since: Version{1, 31, 3}, words: isSize},
	{name: "proxy_bind_dynamic", in: inSettings, plus: true}, {name: "stall_threshold", in: inEvents, plus: true},
	{name: "proxy_session_drop", in: inSettings, plus: true}, {name: "status_zone", in: inServer, plus: true}, {name: "match", in: inStream, plus: true},
	{name: "proxy_ssl", in: inSettings}, {name: "proxy_ssl_alpn", in: inSettings, since: Version{1, 31, 0}},
	{name: "proxy_ssl_certificate", in: inSettings}, {name: "proxy_ssl_certificate_cache", in: inSettings, since: Version{1, 27, 4}},
	{name: "proxy_ssl_certificate_key", in: inSettings}, {name: "proxy_ssl_ciphers", in: inSettings},
	{name: "proxy_ssl_conf_command", in: inSettings, since: Version{1, 19, 4}}, {name: "proxy_ssl_crl", in: inSettings},
	{name: "proxy_ssl_key_log", in: inSettings, since: Version{1, 27, 2}}, {name: "proxy_ssl_name", in: inSettings},
	{name: "proxy_ssl_password_file", in: inSettings}, {name: "proxy_ssl_protocols", in: inSettings}, {name: "proxy_ssl_server_name", in: inSettings},
	{name: "proxy_ssl_session_reuse", in: inSettings}, {name: "proxy_ssl_trusted_certificate", in: inSettings},
	{name: "proxy_ssl_verify", in: inSettings}, {name: "proxy_ssl_verify_depth", in: inSettings},
	{name: "ssl_alpn", in: inSettings, since: Version{1, 21, 4}}, {name: "ssl_certificate", in: inSettings},
	{name: "ssl_certificate_cache", in: inSettings, since: Version{1, 27, 4}}, {name: "ssl_certificate_key", in: inSettings},
	{name: "ssl_ciphers", in: inSettings}, {name: "ssl_client_certificate", in: inSettings, since: Version{1, 11, 8}},
	{name: "ssl_conf_command", in: inSettings, since: Version{1, 19, 4}}, {name: "ssl_crl", in: inSettings, since: Version{1, 11, 8}},
	{name: "ssl_dhparam", in: inSettings}, {name: "ssl_ecdh_curve", in: inSettings}, {name: "ssl_handshake_timeout", in: inSettings},
	{name: "ssl_key_log", in: inSettings, plus: true}, {name: "ssl_ocsp", in: inSettings, since: Version{1, 27, 2}},
	{name: "ssl_ocsp_cache", in: inSettings, since: Version{1, 27, 2}}, {name: "ssl_ocsp_responder", in: inSettings, since: Version{1, 27, 2}},
	{name: "ssl_password_file", in: inSettings}, {name: "ssl_prefer_server_ciphers", in: inSettings}, {name: "ssl_protocols", in: inSettings},
	{name: "ssl_reject_handshake", in: inSettings, since: Version{1, 25, 5}}, {name: "ssl_session_cache", in: inSettings},
	{name: "ssl_session_ticket_key", in: inSettings}, {name: "ssl_session_tickets", in: inSettings}, {name: "ssl_session_timeout", in: inSettings},
	{name: "ssl_stapling", in: inSettings, since: Version{1, 27, 2}}, {name: "ssl_stapling_file", in: inSettings, since: Version{1, 27, 2}},
	{name: "ssl_stapling_responder", in: inSettings, since: Version{1, 27, 2}}, {name: "ssl_stapling_verify", in: inSettings, since: Version{1, 27, 2}},
	{name: "ssl_trusted_certificate", in: inSettings, since: Version{1, 11, 8}}, {name: "ssl_verify_client", in: inSettings, since: Version{1, 11, 8}},
	{name: "ssl_verify_depth", in: inSettings, since: Version{1, 11, 8}},
	// Upstream.
	{name: "zone", in: inUpstream}, {name: "least_conn", in: inUpstream}, {name: "hash", in: inUpstream},
	{name: "random", in: inUpstream, since: Version{1, 15, 1}}, {name: "least_time", in: inUpstream, since: Version{1, 31, 0}},
	{name: "state", in: inUpstream, plus: true},
})

// parameters are the words of directives that are younger than the directive, by directive and name.
var parameters = map[string]rule{
	"listen backlog": {since: Version{1, 9, 2}}, "listen rcvbuf": {since: Version{1, 11, 13}}, "listen sndbuf": {since: Version{1, 11, 13}},
	"listen udp": {since: Version{1, 9, 13}}, "listen proxy_protocol": {since: Version{1, 11, 4}}, "listen fastopen": {since: Version{1, 21, 0}},
	"listen reuseport": {since: Version{1, 9, 1}},
	"listen deferred":  {since: Version{1, 25, 5}}, "listen default_server": {since: Version{1, 25, 5}}, "listen multipath": {since: Version{1, 29, 7}},
	"server max_conns": {since: Version{1, 11, 5}}, "server resolve": {since: Version{1, 27, 3}}, "server service": {since: Version{1, 27, 3}},
	"server slow_start": {plus: true}, "resolver ipv6": {}, "resolver ipv4": {since: Version{1, 23, 1}}, "resolver status_zone": {plus: true},
	"log_format escape": {since: Version{1, 11, 8}}, "proxy_bind transparent": {since: Version{1, 11, 0}},
}

// inside are directives whose version depends on the block.
var inside = map[string]rule{
	"upstream resolver": {since: Version{1, 27, 3}}, "upstream resolver_timeout": {since: Version{1, 27, 3}},
}

func byName(rules []rule) map[string]rule {
	out := make(map[string]rule, len(rules))
	for _, r := range rules {
		out[r.name] = r
	}
	return out
}
