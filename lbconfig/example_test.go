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

// A file that somebody wrote is read, looked at, changed and written back; what has no type stays.
func ExampleParse() {
	cfg, err := lbconfig.Parse([]byte(`
events {}
stream {
	map $remote_addr $who { default somebody; }
	upstream api { least_conn; server 10.0.0.11:6443; server 10.0.0.12:6443; }
	server { listen 16443; proxy_connect_timeout 1s; proxy_pass api; }
}`))
	if err != nil {
		fmt.Println(err) // line, column and reason
		return
	}
	fmt.Println(lbconfig.Ignore(cfg.Validate(), "unchecked")) // only nginx can judge map
	more, err := cfg.AddBackend("api", "10.0.0.13:6443")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range lbconfig.Diff(cfg, more) {
		fmt.Println(c)
	}
	fragment, err := more.Stream.Render()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(fragment))
	// Output:
	// <nil>
	// add stream/upstream api/server 10.0.0.13:6443: server 10.0.0.13:6443
	// stream {
	//     map $remote_addr $who {
	//         default somebody;
	//     }
	//     upstream api {
	//         least_conn;
	//         server 10.0.0.11:6443;
	//         server 10.0.0.12:6443;
	//         server 10.0.0.13:6443;
	//     }
	//     server {
	//         listen 16443;
	//         proxy_connect_timeout 1s;
	//         proxy_pass api;
	//     }
	// }
}

func ExampleConfig_Lint() {
	cfg := lbconfig.APIServer(lbconfig.Options{Backends: []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.11:6443"), netip.MustParseAddrPort("10.0.0.12:6443"),
	}})
	cfg.Stream.Servers[0].ProxyTimeout = 0
	for _, f := range cfg.Lint(lbconfig.Env{Endpoint: "10.0.0.11:16443"}) {
		fmt.Println(f.Code, f.Severity, f.Path)
	}
	// Output:
	// LB001 info Stream.Servers[0].ProxyTimeout
	// LB005 warning
}

func ExampleSessionLog_Parse() {
	log, err := lbconfig.NewSessionLog(lbconfig.SessionFormat())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range []string{
		`2026-11-22T14:47:38+00:00 127.0.0.1:41234 200 517 1378 0.004 "10.0.0.11:6443, 10.0.0.12:6443" "-, 0.001"`,
		`2026-11-22T14:47:39+00:00 127.0.0.1:41236 502 0 0 0.000 "kube_apiserver" "-"`,
	} {
		s, err := log.Parse(line)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(s.Client, s.Status, s.Attempts, s.NoLiveUpstreams)
	}
	// Output:
	// 127.0.0.1:41234 200 [{10.0.0.11:6443 false 0s} {10.0.0.12:6443 true 1ms}] false
	// 127.0.0.1:41236 502 [] true
}
