package lbconfig

import (
	"bytes"
	"fmt"
	"path"
	"strings"
)

// UnitName is the systemd unit of the balancer.
const UnitName = "quorate-lb.service"

// UnitOptions is what ServiceUnit builds from; the zero value fits APIServer's defaults.
type UnitOptions struct {
	// Nginx is the program. Unset: /usr/sbin/nginx.
	Nginx string
	// ConfigPath is the rendered file. Unset: DefaultConfigPath.
	ConfigPath string
	// PID is the pid file, in a directory of its own under /run that systemd makes and removes with
	// the service. Unset: DefaultPID.
	PID string
	// LogDirectory is under /var/log; systemd makes it. Unset: that of DefaultErrorLog.
	LogDirectory string
	// OpenFiles is the limit of open files. Unset: 65536.
	OpenFiles int
}

// ServiceUnit returns the text of the balancer's systemd unit.
//
// The service forks, so that it counts as started only when nginx holds its ports: `systemctl
// start` fails on a port that is taken. It is tested before start and before each reload, and a
// file that nginx refuses never replaces one that it runs with. It is restarted whatever ends it and
// without a limit; systemd empties its directory under /run in between, without which a unix socket
// left by a killed nginx would keep the next from starting. It is up before the kubelet, which
// reaches the API through it.
func ServiceUnit(o UnitOptions) []byte {
	nginx := orDefault(o.Nginx, "/usr/sbin/nginx")
	config := orDefault(o.ConfigPath, DefaultConfigPath)
	pid := orDefault(o.PID, DefaultPID)
	logs := orDefault(o.LogDirectory, path.Dir(DefaultErrorLog))
	run := strings.TrimPrefix(path.Dir(pid), "/run/")
	var b bytes.Buffer
	fmt.Fprintf(&b, `[Unit]
Description=quorate load balancer for kube-apiserver
Documentation=https://github.com/quorate-dev/quorate
After=network.target nss-lookup.target
Before=kubelet.service
StartLimitIntervalSec=0

[Service]
Type=forking
PIDFile=%[3]s
RuntimeDirectory=%[4]s
LogsDirectory=%[5]s
ExecStartPre=%[1]s -t -q -c %[2]s
ExecStart=%[1]s -c %[2]s
ExecReload=%[1]s -t -q -c %[2]s
ExecReload=%[1]s -s reload -c %[2]s
KillMode=mixed
TimeoutStartSec=15
TimeoutStopSec=15
Restart=always
RestartSec=1
LimitNOFILE=%[6]d
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
`, nginx, config, pid, run, strings.TrimPrefix(logs, "/var/log/"), orDefault(o.OpenFiles, 65536))
	return b.Bytes()
}

// LogRotation returns a logrotate(8) configuration for the balancer's logs: weekly, four kept. nginx is told to open
// its new files by the signal that it takes for it (nginx(8), USR1); no session notices.
func LogRotation(o UnitOptions) []byte {
	return fmt.Appendf(nil, `%s/*.log {
	weekly
	rotate 4
	missingok
	notifempty
	compress
	delaycompress
	sharedscripts
	postrotate
		systemctl kill --kill-who=main --signal=USR1 %s || true
	endscript
}
`, orDefault(o.LogDirectory, path.Dir(DefaultErrorLog)), UnitName)
}
