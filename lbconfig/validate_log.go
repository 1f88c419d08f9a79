package lbconfig

import (
	"regexp"
	"slices"
	"strings"
)

// What syslog has (src/core/ngx_syslog.c).
var (
	syslogFacilities = strings.Fields("kern user mail daemon auth intern lpr news uucp clock authpriv ftp ntp audit alert cron local0 local1 local2 local3 local4 local5 local6 local7")
	syslogSeverities = strings.Fields("emerg alert crit error warn notice info debug")
	syslogTag        = regexp.MustCompile(`^[A-Za-z0-9_]{1,32}$`)
)

// logPath judges the path of a log: a file, stderr, or syslog with its parameters.
func (p *problems) logPath(path, to string) {
	if strings.HasPrefix(to, "memory:") {
		p.add(path, "unchecked", "only nginx can judge %q", to)
		return
	}
	rest, ok := strings.CutPrefix(to, "syslog:")
	if !ok {
		return
	}
	server := false
	for word := range strings.SplitSeq(rest, ",") {
		name, value := param(word)
		right := false
		switch name {
		case "server":
			right = !server && validSyslogServer(value)
			server = true
		case "facility":
			right = slices.Contains(syslogFacilities, value)
		case "severity":
			right = slices.Contains(syslogSeverities, value)
		case "tag":
			right = syslogTag.MatchString(value)
		case "nohostname":
			right = word == name
		}
		if !right {
			p.add(path, "bad-syslog", "invalid syslog parameter %q", word)
		}
	}
	if !server {
		p.add(path, "bad-syslog", "no syslog server specified")
	}
}

// validSyslogServer says whether s is host, host:port or unix:/path.
func validSyslogServer(s string) bool {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return unixProblem(path) == ""
	}
	host, port, ok := splitHostPort(s)
	return validHost(host) && (!ok || validPort(port))
}
