package lbconfig

import "time"

// settingsCodecs are the directives that stream and server share.
func settingsCodecs[T any](of func(*T) *ProxySettings) []codec[T] {
	return []codec[T]{
		list("access_log", 1, 20, func(t *T) *[]AccessLog { return &of(t).AccessLogs }, AccessLog.words, (*AccessLog).parse),
		toggle("tcp_nodelay", func(t *T) **bool { return &of(t).TCPNodelay }),
		duration("proxy_connect_timeout", func(t *T) *time.Duration { return &of(t).ProxyConnectTimeout }),
		duration("proxy_timeout", func(t *T) *time.Duration { return &of(t).ProxyTimeout }),
		toggle("proxy_socket_keepalive", func(t *T) **bool { return &of(t).ProxySocketKeepalive }),
		toggle("proxy_next_upstream", func(t *T) **bool { return &of(t).ProxyNextUpstream }),
		optional(duration("proxy_next_upstream_timeout", func(t *T) *time.Duration { return &of(t).ProxyNextUpstreamTimeout })),
		optional(number("proxy_next_upstream_tries", func(t *T) *int { return &of(t).ProxyNextUpstreamTries })),
		size("proxy_buffer_size", func(t *T) *Size { return &of(t).ProxyBufferSize }),
		toggle("proxy_half_close", func(t *T) **bool { return &of(t).ProxyHalfClose }),
		variable(optional(size("proxy_download_rate", func(t *T) *Size { return &of(t).ProxyDownloadRate }))),
		variable(optional(size("proxy_upload_rate", func(t *T) *Size { return &of(t).ProxyUploadRate }))),
		proxyBindCodec(func(t *T) *ProxyBind { return &of(t).ProxyBind }),
		toggle("proxy_protocol", func(t *T) **bool { return &of(t).ProxyProtocol }),
		optional(number("proxy_requests", func(t *T) *int { return &of(t).ProxyRequests })),
		responsesCodec(func(t *T) **int { return &of(t).ProxyResponses }),
		duration("proxy_protocol_timeout", func(t *T) *time.Duration { return &of(t).ProxyProtocolTimeout }),
		toggle("ssl_preread", func(t *T) **bool { return &of(t).SSLPreread }),
		size("preread_buffer_size", func(t *T) *Size { return &of(t).PrereadBufferSize }),
		duration("preread_timeout", func(t *T) *time.Duration { return &of(t).PrereadTimeout }),
		list("set_real_ip_from", 1, 1, func(t *T) *[]string { return &of(t).SetRealIPFrom },
			func(from string) []string { return []string{from} },
			func(from *string, d directive) error { *from = d.args[0]; return nil }),
		resolverCodec(func(t *T) *Resolver { return &of(t).Resolver }),
		duration("resolver_timeout", func(t *T) *time.Duration { return &of(t).ResolverTimeout }),
		list("limit_conn", 2, 2, func(t *T) *[]LimitConn { return &of(t).LimitConns }, LimitConn.words, (*LimitConn).parse),
		text("limit_conn_log_level", func(t *T) *string { return &of(t).LimitConnLogLevel }),
		toggle("limit_conn_dry_run", func(t *T) **bool { return &of(t).LimitConnDryRun }),
	}
}

func proxyBindCodec[T any](field func(*T) *ProxyBind) codec[T] {
	return codec[T]{name: "proxy_bind", minArgs: 1, maxArgs: 2,
		get: func(t *T) []directive {
			switch b := *field(t); {
			case b.Address == "":
				return nil
			case b.Transparent:
				return statement("proxy_bind", b.Address, "transparent")
			default:
				return statement("proxy_bind", b.Address)
			}
		},
		set: func(t *T, d directive) error {
			if d.args[0] == "" {
				return failAt(d, "invalid value \"\" in \"proxy_bind\" directive")
			}
			if len(d.args) > 1 && d.args[1] != "transparent" {
				return failAt(d, "invalid parameter %q", d.args[1])
			}
			*field(t) = ProxyBind{Address: d.args[0], Transparent: len(d.args) > 1}
			return nil
		}}
}

func responsesCodec[T any](field func(*T) **int) codec[T] {
	return codec[T]{name: "proxy_responses", minArgs: 1, maxArgs: 1,
		get: func(t *T) []directive {
			if *field(t) == nil {
				return nil
			}
			return statement("proxy_responses", itoa(**field(t)))
		},
		set: func(t *T, d directive) error {
			n, err := parseNumber(d.args[0])
			if err != nil {
				return failAt(d, "invalid number in \"proxy_responses\" directive")
			}
			*field(t) = &n
			return nil
		}}
}

func resolverCodec[T any](field func(*T) *Resolver) codec[T] {
	return codec[T]{name: "resolver", minArgs: 1, maxArgs: 1000,
		get: func(t *T) []directive {
			r := *field(t)
			if len(r.Addresses) == 0 && r.Valid == 0 && r.IPv4 == nil && r.IPv6 == nil {
				return nil
			}
			return statement("resolver", r.words()...)
		},
		set: func(t *T, d directive) error { return field(t).parse(d) }}
}

// accessCodecs are allow and deny. Their order among each other counts, so the first of the two
// writes all rules.
func accessCodecs[T any](field func(*T) *[]AccessRule) []codec[T] {
	var out []codec[T]
	for _, deny := range []bool{false, true} {
		out = append(out, codec[T]{name: accessName(deny), minArgs: 1, maxArgs: 1, repeat: true,
			get: func(t *T) []directive {
				if deny {
					return nil
				}
				var out []directive
				for _, r := range *field(t) {
					out = append(out, statement(accessName(r.Deny), r.From)...)
				}
				return out
			},
			set: func(t *T, d directive) error {
				*field(t) = append(*field(t), AccessRule{Deny: deny, From: d.args[0]})
				return nil
			}})
	}
	return out
}

func accessName(deny bool) string {
	if deny {
		return "deny"
	}
	return "allow"
}
