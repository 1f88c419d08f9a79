package lbconfig

import (
	"strconv"
	"strings"
	"time"
)

// mainSchema is a main file. load_module is first: after a block it is too late.
func mainSchema() schema[Config] {
	return schema[Config]{inMain, mainCodecs(), func(c *Config) *Kept { return &c.Kept }}
}

func mainCodecs() []codec[Config] {
	return []codec[Config]{
		list("load_module", 1, 1, func(c *Config) *[]string { return &c.Main.LoadModules },
			func(path string) []string { return []string{path} },
			func(path *string, d directive) error { *path = d.args[0]; return nil }),
		{name: "user", minArgs: 1, maxArgs: 2,
			get: func(c *Config) []directive {
				switch {
				case c.Main.User == "":
					return nil
				case c.Main.Group == "":
					return statement("user", c.Main.User)
				default:
					return statement("user", c.Main.User, c.Main.Group)
				}
			},
			set: func(c *Config, d directive) error {
				c.Main.User = d.args[0]
				if len(d.args) > 1 {
					c.Main.Group = d.args[1]
				}
				return nil
			}},
		toggle("daemon", func(c *Config) **bool { return &c.Main.Daemon }),
		text("pid", func(c *Config) *string { return &c.Main.PID }),
		list("error_log", 1, 2, func(c *Config) *[]ErrorLog { return &c.Main.ErrorLogs }, ErrorLog.words, (*ErrorLog).parse),
		text("worker_processes", func(c *Config) *string { return &c.Main.WorkerProcesses }),
		number("worker_rlimit_nofile", func(c *Config) *int { return &c.Main.WorkerRlimitNofile }),
		duration("worker_shutdown_timeout", func(c *Config) *time.Duration { return &c.Main.WorkerShutdownTimeout }),
		{name: "events", block: true,
			get: func(c *Config) []directive {
				if c.Events == nil {
					return nil
				}
				return []directive{{name: "events", hasBlock: true, block: eventsSchema().encode(c.Events)}}
			},
			set: func(c *Config, d directive) error {
				c.Events = &Events{}
				return eventsSchema().decode(c.Events, d.block)
			}},
		{name: "stream", block: true,
			get: func(c *Config) []directive {
				block := streamSchema().encode(&c.Stream)
				if len(block) == 0 {
					return nil
				}
				return []directive{{name: "stream", hasBlock: true, block: block}}
			},
			set: func(c *Config, d directive) error {
				return streamSchema().decode(&c.Stream, d.block)
			}},
	}
}

func eventsSchema() schema[Events] {
	return schema[Events]{inEvents, []codec[Events]{
		number("worker_connections", func(e *Events) *int { return &e.WorkerConnections }),
		toggle("multi_accept", func(e *Events) **bool { return &e.MultiAccept }),
		text("use", func(e *Events) *string { return &e.Use }),
		toggle("accept_mutex", func(e *Events) **bool { return &e.AcceptMutex }),
		duration("accept_mutex_delay", func(e *Events) *time.Duration { return &e.AcceptMutexDelay }),
	}, func(e *Events) *Kept { return &e.Kept }}
}

func streamSchema() schema[Stream] {
	return schema[Stream]{inStream, streamCodecs(), func(s *Stream) *Kept { return &s.Kept }}
}

func streamCodecs() []codec[Stream] {
	// Once for all of them: there may be many.
	upstreams, servers := upstreamSchema(), serverSchema()
	out := []codec[Stream]{
		list("log_format", 2, 1000, func(s *Stream) *[]LogFormat { return &s.LogFormats }, LogFormat.words, (*LogFormat).parse),
		list("limit_conn_zone", 2, 2, func(s *Stream) *[]LimitConnZone { return &s.LimitConnZones }, LimitConnZone.words, (*LimitConnZone).parse),
	}
	out = append(out, accessCodecs(func(s *Stream) *[]AccessRule { return &s.Access })...)
	out = append(out, settingsCodecs(func(s *Stream) *ProxySettings { return &s.ProxySettings })...)
	return append(out,
		codec[Stream]{name: "upstream", minArgs: 1, maxArgs: 1, block: true, repeat: true,
			get: func(s *Stream) []directive {
				var out []directive
				for i := range s.Upstreams {
					u := &s.Upstreams[i]
					out = append(out, directive{name: "upstream", args: []string{u.Name}, hasBlock: true, block: upstreams.encode(u)})
				}
				return out
			},
			set: func(s *Stream, d directive) error {
				u := Upstream{Name: d.args[0]}
				if err := upstreams.decode(&u, d.block); err != nil {
					return err
				}
				s.Upstreams = append(s.Upstreams, u)
				return nil
			}},
		codec[Stream]{name: "server", block: true, repeat: true,
			get: func(s *Stream) []directive {
				var out []directive
				for i := range s.Servers {
					out = append(out, directive{name: "server", hasBlock: true, block: servers.encode(&s.Servers[i])})
				}
				return out
			},
			set: func(s *Stream, d directive) error {
				var v Server
				if err := servers.decode(&v, d.block); err != nil {
					return err
				}
				s.Servers = append(s.Servers, v)
				return nil
			}},
	)
}

func upstreamSchema() schema[Upstream] {
	return schema[Upstream]{inUpstream, upstreamCodecs(), func(u *Upstream) *Kept { return &u.Kept }}
}

func upstreamCodecs() []codec[Upstream] {
	out := []codec[Upstream]{
		{name: "zone", minArgs: 1, maxArgs: 2,
			get: func(u *Upstream) []directive {
				switch {
				case u.Zone.Name == "":
					return nil
				case u.Zone.Size == 0:
					return statement("zone", u.Zone.Name)
				default:
					return statement("zone", u.Zone.Name, formatSize(u.Zone.Size))
				}
			},
			set: func(u *Upstream, d directive) error {
				if d.args[0] == "" {
					return failAt(d, "invalid zone name \"\"")
				}
				u.Zone.Name = d.args[0]
				if len(d.args) == 1 {
					return nil
				}
				v, err := parseSize(d.args[1])
				if err != nil || v == 0 {
					return failAt(d, "invalid zone size %q", d.args[1])
				}
				u.Zone.Size = v
				return nil
			}},
	}
	out = append(out, balanceCodecs()...)
	return append(out, list("server", 1, 20, func(u *Upstream) *[]UpstreamServer { return &u.Servers }, UpstreamServer.words, (*UpstreamServer).parse))
}

func serverSchema() schema[Server] {
	return schema[Server]{inServer, serverCodecs(), func(s *Server) *Kept { return &s.Kept }}
}

func serverCodecs() []codec[Server] {
	out := []codec[Server]{
		list("listen", 1, 20, func(s *Server) *[]Listen { return &s.Listen }, Listen.words, (*Listen).parse),
	}
	out = append(out, accessCodecs(func(s *Server) *[]AccessRule { return &s.Access })...)
	out = append(out, settingsCodecs(func(s *Server) *ProxySettings { return &s.ProxySettings })...)
	return append(out,
		text("proxy_pass", func(s *Server) *string { return &s.ProxyPass }),
		text("return", func(s *Server) *string { return &s.Return }),
	)
}

// balanceCodecs are the methods of balancing. nginx warns of a second one and uses it; here it is refused.
func balanceCodecs() []codec[Upstream] {
	method := func(m Method, minArgs, maxArgs int, words func(Balance) []string, parse func(*Balance, directive) error) codec[Upstream] {
		return codec[Upstream]{name: string(m), minArgs: minArgs, maxArgs: maxArgs,
			get: func(u *Upstream) []directive {
				if u.Balance.Method != m {
					return nil
				}
				return statement(string(m), words(u.Balance)...)
			},
			set: func(u *Upstream, d directive) error {
				if u.Balance.Method != RoundRobin {
					return failAt(d, "load balancing method redefined")
				}
				u.Balance.Method = m
				return parse(&u.Balance, d)
			}}
	}
	return []codec[Upstream]{
		method(LeastConn, 0, 0, func(Balance) []string { return nil }, func(*Balance, directive) error { return nil }),
		method(Hash, 1, 2,
			func(b Balance) []string {
				if b.Consistent {
					return []string{b.Key, "consistent"}
				}
				return []string{b.Key}
			},
			func(b *Balance, d directive) error {
				b.Key = d.args[0]
				if len(d.args) > 1 {
					if d.args[1] != "consistent" {
						return failAt(d, "invalid parameter %q", d.args[1])
					}
					b.Consistent = true
				}
				return nil
			}),
		method(Random, 0, 2,
			func(b Balance) []string {
				if b.Two {
					return []string{"two", string(LeastConn)}
				}
				return nil
			},
			func(b *Balance, d directive) error {
				for i, a := range d.args {
					if i == 0 && a != "two" || i == 1 && a != string(LeastConn) {
						return failAt(d, "invalid parameter %q", a)
					}
				}
				b.Two = len(d.args) > 0
				return nil
			}),
	}
}

// param splits name=value.
func param(word string) (name, value string) {
	name, value, _ = strings.Cut(word, "=")
	return name, value
}

func itoa(n int) string { return strconv.Itoa(n) }
