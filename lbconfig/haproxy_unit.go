package lbconfig

import (
	"fmt"
	"path"
	"strings"
)

// HAProxyUnitOptions is what HAProxyUnit builds from; the zero value fits HAProxy's defaults.
type HAProxyUnitOptions struct {
	// HAProxy is the program. Unset: /usr/sbin/haproxy.
	HAProxy string
	// ConfigPath is the rendered file. Unset: DefaultHAProxyConfigPath.
	ConfigPath string
	// PID is the pid file, in a directory of its own under /run that systemd makes and removes with
	// the service. Unset: DefaultHAProxyPID.
	PID string
	// OpenFiles is the limit of open files; HAProxy takes two for each client. Unset: 65536.
	OpenFiles int
}

// HAProxyUnit returns the text of the balancer's systemd unit, UnitName, with HAProxy as its program instead of nginx. It
// is not Debian's haproxy.service, which it leaves alone.
//
// A master holds the workers (-Ws, which tells systemd when they are ready), so that the service counts as started only
// when its ports are held. The file is tested before start and before each reload. A reload is SIGUSR2: new workers take
// over the listening sockets, and no connection is refused. The signal succeeds whatever comes of it: what
// HAProxyGeneration says afterwards is the proof. Logs go to the journal. It is up before the kubelet.
func HAProxyUnit(o HAProxyUnitOptions) []byte {
	pid := orDefault(o.PID, DefaultHAProxyPID)
	return fmt.Appendf(nil, `[Unit]
Description=quorate load balancer for kube-apiserver
Documentation=https://github.com/quorate-dev/quorate
After=network.target nss-lookup.target
Before=kubelet.service
StartLimitIntervalSec=0

[Service]
Type=notify
RuntimeDirectory=%[4]s
ExecStartPre=%[1]s -c -q -f %[2]s
ExecStart=%[1]s -Ws -f %[2]s -p %[3]s
ExecReload=%[1]s -c -q -f %[2]s
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
SuccessExitStatus=143
TimeoutStartSec=15
TimeoutStopSec=15
Restart=always
RestartSec=1
LimitNOFILE=%[5]d
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
`, orDefault(o.HAProxy, "/usr/sbin/haproxy"), orDefault(o.ConfigPath, DefaultHAProxyConfigPath), pid,
		strings.TrimPrefix(path.Dir(pid), "/run/"), orDefault(o.OpenFiles, 65536))
}
