// Package balancer simulates nginx as a TCP balancer, from the file that is on the host when nginx
// starts or reloads: weighted round robin or least connections, passive checks (max_fails and
// fail_timeout), proxy_connect_timeout and proxy_next_upstream, proxy_timeout, reloads that keep
// old sessions until worker_shutdown_timeout, a reload onto a taken port that leaves the old
// configuration in place and says nothing, and stream servers that return a text.
//
// The file is read with lbconfig.ParseStrict, so what that refuses is refused here. Workers share what they know
// of backends, as with a zone.
//
// HAProxy is simulated beside it, from its own file through lbconfig.ParseHAProxy: leastconn and roundrobin, active checks with
// their intervals, rise and fall over TLS on the simulated network, on-marked-down, redispatch and retries, backups, the stats
// socket, states that outlive a reload, and old workers that answer for a moment after one.
package balancer
