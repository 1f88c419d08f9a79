package lbconfig

import (
	"fmt"
	"strings"
	"time"
)

// The checks of how sessions are carried.

// The times of nginx where a file says none.
const (
	nginxConnectTimeout = time.Minute
	nginxProxyTimeout   = 10 * time.Minute
	nginxFailTimeout    = 10 * time.Second
)

// effective returns the first that is set: a server's value, its stream's, nginx's.
func effective[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

func (l *lint) idleTimeout() {
	l.proxying(func(path string, s Server, _ Upstream) {
		switch t := effective(s.ProxyTimeout, l.Stream.ProxyTimeout, nginxProxyTimeout); {
		case t < 10*time.Minute:
			l.add(Error, path+".ProxyTimeout", fmt.Sprintf("sessions end after %s without data: watches are cut and listed again, kubectl exec and logs -f break off", t), "set 1h")
		case t < time.Hour:
			l.add(Info, path+".ProxyTimeout", fmt.Sprintf("an idle kubectl exec or port-forward ends after %s", t), "set 1h, or 4h as the kubelet has it")
		}
	})
}

func (l *lint) connectTimeout() {
	l.proxying(func(path string, s Server, _ Upstream) {
		if t := effective(s.ProxyConnectTimeout, l.Stream.ProxyConnectTimeout, nginxConnectTimeout); t > 5*time.Second {
			l.add(Warning, path+".ProxyConnectTimeout", fmt.Sprintf("a connection that meets a dead host waits %s for it", t), "set 500ms to 2s")
		}
	})
}

func (l *lint) noKeepalive() {
	l.proxying(func(path string, s Server, _ Upstream) {
		on := s.ProxySocketKeepalive
		if on == nil {
			on = l.Stream.ProxySocketKeepalive
		}
		if on == nil || !*on {
			l.add(Info, path+".ProxySocketKeepalive", "a backend that vanished keeps its sessions until they time out", "set it")
		}
		for i, listen := range s.Listen {
			if k := listen.SoKeepalive; k.Off || k == (Keepalive{}) && !strings.HasPrefix(listen.Address, "unix:") {
				l.add(Info, index(path+".Listen", i)+".SoKeepalive", "a client that vanished keeps its session until it times out", "set 30s:10s:3")
			}
		}
	})
}

func (l *lint) proxyProtocolToBackends() {
	l.proxying(func(path string, s Server, _ Upstream) {
		on := s.ProxyProtocol
		if on == nil {
			on = l.Stream.ProxyProtocol
		}
		if on != nil && *on {
			l.add(Error, path+".ProxyProtocol", "an apiserver takes the PROXY header for broken TLS and closes", "turn it off")
		}
	})
}

func (l *lint) endsTLS() {
	for i, s := range l.Stream.Servers {
		for k, listen := range s.Listen {
			if listen.SSL {
				l.add(Error, index(index("Stream.Servers", i)+".Listen", k)+".SSL", "TLS ends here: an apiserver would not see client certificates", "pass connections through")
			}
		}
	}
	for _, b := range l.kept() {
		for i, d := range b.kept.Directives {
			if d.Name == "proxy_ssl" && b.where&inSettings != 0 && isOneOf("on")(d.Args) {
				l.add(Error, index(b.path+"Kept.Directives", i), "proxy_ssl opens TLS of its own to the apiservers, which then do not see client certificates", "pass connections through")
			}
		}
	}
}

// gluedLogFormat finds variables with nothing between them. Several quoted strings of one log_format
// are joined without a space.
func (l *lint) gluedLogFormat() {
	for i, f := range l.Stream.LogFormats {
		parts, err := formatParts(f.Format)
		if err != nil {
			continue
		}
		for k := 1; k < len(parts); k++ {
			if parts[k-1].variable != "" && parts[k].variable != "" {
				l.add(Warning, index("Stream.LogFormats", i)+".Format",
					fmt.Sprintf("nothing stands between $%s and $%s", parts[k-1].variable, parts[k].variable), "end or begin the strings of the format with a space")
			}
		}
	}
}

func (l *lint) noShutdownTimeout() {
	if l.Main.WorkerShutdownTimeout == 0 && len(l.Stream.Servers) > 0 {
		l.add(Warning, "Main.WorkerShutdownTimeout", "watches never end of themselves: each reload leaves workers behind, which serve removed backends", "set 10s")
	}
}

func (l *lint) notFollowed() {
	for _, i := range l.Includes() {
		if isModuleInclude(i.Glob) {
			continue
		}
		l.add(Info, "", fmt.Sprintf("line %d: include %q was not followed: what is in it was not looked at", i.Line, i.Glob), "look at that file too")
	}
}
