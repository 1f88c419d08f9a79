package kubeadm

import (
	"strings"

	"pgregory.net/rapid"
)

// valuesAt are the values of a field: good ones that make a valid document, and others that are at
// the edge of a rule or beyond it. They are YAML.
type valuesAt struct{ good, other []string }

// texts makes both lists of plain strings.
func texts(good, other []string) valuesAt {
	var v valuesAt
	for _, s := range good {
		v.good = append(v.good, quote(s))
	}
	for _, s := range other {
		v.other = append(v.other, quote(s))
	}
	return v
}

func plain(good, other string) valuesAt {
	return valuesAt{good: strings.Fields(good), other: strings.Fields(other)}
}

var (
	addresses = texts([]string{"10.0.0.1", "192.168.1.109", "fd00::1", "0.0.0.0"},
		[]string{"10.0.0.256", "host", "10.0.0.01", "::ffff:10.0.0.1", "fe80::1%eth0", "[::1]", " 10.0.0.1", "10.0.0.1/24", "1.2.3"})
	names = texts([]string{"cp1", "node-1.example.com", "a"},
		[]string{"CP1", " cp1 ", " ", "cp_1", "-cp1", "cp1-", "a..b", strings.Repeat("a", 254), "ä", "1"})
	subnets = texts([]string{"10.96.0.0/12", "10.244.0.0/16", "fd00:1::/112", "10.96.0.0/16,fd00:2::/112", "fd00:3::/108,10.97.0.0/16"},
		[]string{"10.96.0.0/8", "10.96.0.0/30", "10.96.0.0/29", "10.96.0.0/28", "10.96.0.0/11", "10.96.0.0/33", "10.96.0.0", "10.96.0.1/16", "10.096.0.0/16", "0.0.0.0/0", "0.0.0.0/1",
			"::/0", "fd00::/56", "fd00::/48", "fd00::/64", "fd00::/107", "10.96.0.0/12,10.97.0.0/16", "10.96.0.0/16, fd00::/112", "10.96.0.0/16,fd00::/112,10.98.0.0/16", ",", "10.96.0.0/12,",
			"x/8", "10.96.0.0/025", "10.96.0.0/24", "10.96.0.0/25", "fd00::/113", "fd00::/124", "fd00::/125", "::ffff:10.0.0.0/112"})
	paths    = texts([]string{"/etc/kubernetes/pki", "/a"}, []string{"pki", "./pki", "~/pki", `C:\pki`, `\pki`, " /pki", "/"})
	sans     = texts([]string{"api.example.com", "10.0.0.5", "*.example.com", "fd00::5", "localhost"}, []string{"API.example.com", "a_b", "*.*.example.com", "*", "", "10.0.0.05", "a b", "http://a", "1.2.3.4.5", "fd00::5/64", "*.EXAMPLE.com"})
	urls     = texts([]string{"https://10.0.0.9:2379", "https://etcd.example.com"}, []string{"http://10.0.0.9:2379", "10.0.0.9:2379", "etcd", "", "https://%zz", "unix:///x", "HTTPS://10.0.0.9", "://x", "https:opaque", "//x"})
	sockets  = texts([]string{"unix:///run/containerd/containerd.sock", "unix:///var/run/crio/crio.sock", "/run/containerd/containerd.sock"}, []string{"/var/run/dockershim.sock", "unix://relative", "unix:/run/x", "unix", "unixfoo", "UNIX:///run/x", "tcp://1.2.3.4:5", "npipe:////./pipe/x", "relative/x", "unix:///%zz", "http://x", " unix:///x", "unix://", "//x", "\x7f"})
	registry = texts([]string{"registry.example.com:5000/k8s", "k8s.gcr.io", "localhost:5000", "a/b/c"}, []string{"UPPER", "UPPER/Path", "a//b", "a/", "/a", "http://a", "a:b", "a@b", "a b", "[fd00::1]:5000/k8s", "a__b/c", "a..b", "-a", "a-", "a/B", "a:5000", "a/b:5000/c", "ä"})
	tokens   = texts([]string{"abcdef.0123456789abcdef"}, []string{"ABCDEF.0123456789abcdef", "abcdef", "", "abcdef.0123456789abcde", "abcdef:0123456789abcdef", " abcdef.0123456789abcdef", "abcdef.0123456789abcdef\n", "[redacted]"})
	keys     = texts([]string{strings.Repeat("0a", 32), strings.Repeat("FF", 32)}, []string{"0a", strings.Repeat("0g", 32), strings.Repeat("0a", 31), strings.Repeat("0a", 33), "a", " " + strings.Repeat("0a", 32)})
	policies = texts([]string{"Always", "IfNotPresent", "Never", ""}, []string{"always", "Sometimes", " Always"})
	versions = texts([]string{"MINE"}, []string{"ONE-BEFORE", "TWO-BEFORE", "ONE-AFTER", "TWO-AFTER", "v2.0.0", "v0.1.0", "1.37", "v1", "latest", "stable", "stable-1", "stable-1.31", "stable-1.310", "stable-0", "stable-1.0", "ci/latest", "release/stable-1",
		"ci/v1.37.0", "foo/stable", "stablestable", "Stable", "v1.37.2-", "v1.037.2", "MINE+build.1", "MINE-rc.0", "MINE_x", "ONE-BEFORE-rc.0", "", " MINE", "v1.x.2", "vMINE", "MINE.4", "99999999999999999999.1.1", "ci/MINE", "release/MINE", "stable-1.99", "latest-2", "v1.37.0-é"})
	endpoints = texts([]string{"api.example.com:6443", "10.0.0.100:6443", "[fd00::1]:6443", "api"}, []string{"api:", ":6443", "api:0", "api:65536", "api:x", "api:+6443", "api:06443", "API.example.com:6443", "fd00::1", "[fd00::1]", "api_x:1", "https://api:6443", "a b", "10.0.0.300:6443", "10.0.0.01:6443", "api:6443:6443", "[api]:6443"})
	bits      = plain("0 14 31", "-1 32 2147483647 -2147483648")
	ports     = plain("6443 443 65535", "0 -1 65536 1")
	durations = plain("30s 1m 1h0m0s", "0s -1s 1ms -1ns 0 5m5 1000h")
	hostPorts = texts([]string{"0.0.0.0:10256", "127.0.0.1:10249", "[::]:10256", "0.0.0.0", "::"}, []string{"", "localhost:1", "0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:x", ":10256", "0.0.0.0:", "host", "[::]", "0.0.0.00:1", "0.0.0.0:+1", "1:2:3:4", "0.0.0.0:01", "[fd00::1]:+5"})
)

// known are the values of fields by the end of their path.
var known = map[string]valuesAt{
	"bootstrapTokens.[].token":                      tokens,
	"bootstrapTokens.[].usages.[]":                  texts([]string{"signing", "authentication"}, []string{"other", "", "Signing", "usage-bootstrap-signing"}),
	"bootstrapTokens.[].groups.[]":                  texts([]string{"system:bootstrappers:kubeadm:default-node-token", "system:bootstrappers:a"}, []string{"system:masters", "system:bootstrappers:", "system:bootstrappers:A", "system:bootstrappers:a:", "", "system:bootstrappers:" + strings.Repeat("a", 256), "system:bootstrappers:" + strings.Repeat("a", 257), "system:bootstrappers:a\n"}),
	"bootstrapTokens.[].expires":                    plain(`"2030-01-01T00:00:00Z"`, `2030-01-01T00:00:00Z "2030-01-01" 2030-01-01 "x" null`),
	"nodeRegistration.name":                         names,
	"nodeRegistration.criSocket":                    sockets,
	"criSocket":                                     sockets,
	"nodeRegistration.taints.[].effect":             texts([]string{"NoSchedule", "PreferNoSchedule", "NoExecute"}, []string{"Never", "", "noschedule"}),
	"nodeRegistration.taints.[].key":                texts([]string{"node-role.kubernetes.io/control-plane", "a"}, []string{"", "a b"}),
	"taints.[].timeAdded":                           plain(``, `"2030-01-01T00:00:00Z" null "x"`),
	"registerWithTaints.[].timeAdded":               plain(``, `"2030-01-01T00:00:00Z" null "x"`),
	"ignorePreflightErrors.[]":                      texts([]string{"Swap", "NumCPU", "all"}, []string{"", "ALL"}),
	"imagePullPolicy":                               policies,
	"kubeletExtraArgs.[].name":                      texts([]string{"v", "node-ip"}, []string{"", "--v", " "}),
	"extraArgs.[].name":                             texts([]string{"v", "allocate-node-cidrs", "node-cidr-mask-size-ipv4"}, []string{"", "--v", " "}),
	"advertiseAddress":                              addresses,
	"bindPort":                                      ports,
	"certificateKey":                                keys,
	"caCertPath":                                    texts([]string{"/etc/kubernetes/pki/ca.crt"}, []string{"ca.crt", "/etc/kubernetes/pki/ca.pem", "/x.crt/", "/.crt", ".crt"}),
	"etcd.local.dataDir":                            paths,
	"certificatesDir":                               paths,
	"imageRepository":                               registry,
	"serverCertSANs.[]":                             sans,
	"peerCertSANs.[]":                               sans,
	"certSANs.[]":                                   sans,
	"external.endpoints.[]":                         urls,
	"external.httpEndpoints.[]":                     urls,
	"external.caFile":                               paths,
	"external.certFile":                             paths,
	"external.keyFile":                              paths,
	"networking.serviceSubnet":                      subnets,
	"networking.podSubnet":                          subnets,
	"networking.dnsDomain":                          names,
	"kubernetesVersion":                             versions,
	"controlPlaneEndpoint":                          endpoints,
	"encryptionAlgorithm":                           texts([]string{"RSA-2048", "RSA-3072", "RSA-4096", "ECDSA-P256", ""}, []string{"ECDSA-P384", "RSA", "rsa-2048", "ECDSA"}),
	"discovery.tlsBootstrapToken":                   tokens,
	"discovery.bootstrapToken.token":                tokens,
	"discovery.bootstrapToken.apiServerEndpoint":    endpoints,
	"discovery.bootstrapToken.caCertHashes.[]":      texts([]string{"sha256:" + strings.Repeat("ab", 32)}, []string{"", "sha256:ab", "md5:x", strings.Repeat("ab", 32)}),
	"discovery.file.kubeConfigPath":                 texts([]string{"/dev/null", "https://example.com/kubeconfig"}, []string{"", "http://example.com", "file:///dev/null", "file://", "https://%zz", "ftp://x", "HTTPS://x", "file:dev", "%zz"}),
	"patches.directory":                             paths,
	"unmountFlags.[]":                               texts([]string{"MNT_FORCE", "MNT_DETACH", "MNT_EXPIRE", "UMOUNT_NOFOLLOW"}, []string{"mnt_force", "", "MNT_OTHER"}),
	"KubeProxyConfiguration.bindAddress":            addresses,
	"KubeProxyConfiguration.healthzBindAddress":     hostPorts,
	"KubeProxyConfiguration.metricsBindAddress":     hostPorts,
	"KubeProxyConfiguration.clusterCIDR":            texts([]string{"10.244.0.0/16", "10.244.0.0/16,fd00::/64", ""}, []string{"10.244.0.0", "10.244.0.0/16,10.1.0.0/16", "10.244.0.0/16,fd00::/64,10.1.0.0/16", "x", "10.244.0.0/16,x", "x,y", "010.0.0.0/8", ","}),
	"KubeProxyConfiguration.mode":                   texts([]string{"", "iptables", "ipvs"}, []string{"nftables", "userspace", "kernelspace", "IPVS", "x"}),
	"KubeProxyConfiguration.portRange":              texts([]string{"", "0-0", "30000-32767", "80"}, []string{"x", "1-x", "x-1", "5-1", "1+5", "70000", "1+x", "1-2-3", " 1-2 ", "1-70000", "-1", "+1", "1+2-3"}),
	"KubeProxyConfiguration.nodePortAddresses.[]":   texts([]string{"10.0.0.0/8", "127.0.0.0/8"}, []string{"primary", "localhost", "all", "10.0.0.1", "x", "10.0.0.0/33"}),
	"KubeProxyConfiguration.oomScoreAdj":            plain("-999 0 1000", "-1000 1001 -1001"),
	"KubeProxyConfiguration.iptables.masqueradeBit": bits,
	"KubeProxyConfiguration.nftables.masqueradeBit": bits,
	"ipvs.scheduler":                                texts([]string{"rr", "wrr", "", "sh"}, []string{"mh", "x", "RR"}),
	"ipvs.excludeCIDRs.[]":                          texts([]string{"10.0.0.0/8"}, []string{"10.0.0.1", "x", "fd00::/64", "010.0.0.0/8"}),
	"conntrack.maxPerCore":                          plain("0 32768", "-1"),
	"conntrack.min":                                 plain("0 131072", "-1"),
	"clientConnection.burst":                        plain("10 0", "-1"),
	"detectLocalMode":                               texts([]string{"", "ClusterCIDR", "NodeCIDR"}, []string{"BridgeInterface", "InterfaceNamePrefix", "clustercidr", "x"}),
	"detectLocal.bridgeInterface":                   texts([]string{"cni0"}, []string{""}),
	"detectLocal.interfaceNamePrefix":               texts([]string{"veth"}, []string{""}),
	"showHiddenMetricsForVersion":                   texts([]string{""}, []string{"PREVIOUS-MINOR", "1.2", "MINE", "v1.2"}),
	"logging.format":                                texts([]string{"", "text"}, []string{"json", "xml", "Text"}),
	"logging.flushFrequency":                        plain("5000000000 5s", `0 -1 "0s" "-5s" x "5" 1.5 null`),
	"logging.verbosity":                             plain("0 5", "2147483647 2147483648 4294967295 4294967296 -1"),
	"logging.vmodule.[].filePattern":                texts([]string{"file*"}, []string{"", "a=b", "a,b"}),
	"logging.vmodule.[].verbosity":                  plain("0 5", "2147483647 2147483648 -1"),
	"logging.options.text.infoBufferSize":           plain(`0 "0"`, `1 "1Ki" "x" -1 null ""`),
	"logging.options.json.infoBufferSize":           plain(`0 "0"`, `1 "1Ki" "x" -1 null ""`),
	"logging.options.text.splitStream":              plain("false", "true"),
	"logging.options.json.splitStream":              plain("false", "true"),
	"syncPeriod":                                    plain("30s 1m", "0s -1s 1ms -1ns 0"),
	"minSyncPeriod":                                 plain("0s 1s", "-1s 31s 2h"),
	"pathType":                                      texts([]string{"DirectoryOrCreate", ""}, []string{"x"}),
}

// odd are YAML values of all types, for fields of any.
var odd = []string{
	"", "null", "~", "true", "yes", "on", "Y", "n", "5", "-1", "0", "1.0", "1.5", "0x1F", "017", "0o17", "1_000", "1e3", "1:30", ".inf", "-.inf", ".nan", ".5", "5.", "99999999999", "99999999999999999999", "1e400",
	"2030-01-01", "2030-01-01T00:00:00Z", "2030-01-01 00:00:00", "=", "<<", "abc", "a b", `""`, `"5"`, `"true"`, `"null"`, "'it''s'", "[]", "{}", "[null]", "[a, b]", "[a, 5]", "{a: b}", "{a: null}", "{a: 5}", "{5: a}", "{true: a}", "{null: a}", "{a: {b: c}}", "[[a]]", "[{}]",
	"!!str 5", "!!int \"5\"", "!!binary aGk=", "!!float 5", "!!null x", "!local x", "&a x", "*a", "|\n    x", ">\n    x", "\"a\\qb\"", "@x", "`x`", "%x", "- x", "a: b", "? x", "\"\\u0000\"", "\"\\xff\"", "'", "\"", "[", "{", "12e03", "0b11", "+5", "-0", "-017", "1.", "0.1e-5", "685_230.15", "190:20:30.15", "NULL", "Null", "TRUE", "True", "False", "NO", "Off", "#c", "a #c", "a#c",
}

// draw picks one of the values of a field for a version.
func (v *version) draw(t *rapid.T, p position, good bool) string {
	values := v.values(p)
	list := values.good
	if len(list) == 0 {
		list = values.other
	}
	if !good && len(values.other) > 0 {
		list = append(append([]string{}, values.other...), odd...)
		if rapid.IntRange(0, 2).Draw(t, "of its own") > 0 {
			list = values.other
		}
	} else if !good {
		list = append(append([]string{}, values.good...), odd...)
	}
	return v.concrete(rapid.SampledFrom(list).Draw(t, p.name()))
}

// values returns the values of a field.
func (v *version) values(p position) valuesAt {
	name := p.kind + "." + strings.Join(p.path, ".")
	var best string
	for suffix := range known {
		if (name == suffix || strings.HasSuffix(name, "."+suffix)) && len(suffix) > len(best) {
			best = suffix
		}
	}
	if best != "" && scalarKind(p.shape.Kind) {
		return known[best]
	}
	switch p.shape.Kind {
	case "bool":
		return plain("true false", "")
	case "int", "int32", "int64":
		return plain("1 5", "-1 0 2147483647 2147483648 9223372036854775807 9223372036854775808")
	case "uint", "uint32", "uint64":
		return plain("1 5", "-1 0 4294967295 4294967296 18446744073709551616")
	case "float32", "float64":
		return plain("1 0.5", "1e40 -1 0 1e400")
	case "duration":
		return durations
	case "time":
		return plain(`"2030-01-01T00:00:00Z"`, `2030-01-01T00:00:00Z "2030-01-01" "x" ""`)
	case "quantity":
		return plain(`"1Gi" 1 "100m"`, `"x" 1.5 "" "1gi" -1 1e3 true`)
	default:
		if strings.HasPrefix(p.shape.Kind, "own:") {
			return plain("5s 5000000000", `"5" 1.5 x true ""`)
		}
		return texts([]string{"a", "some-text", "true", "5"}, []string{"", " ", "a b", "ü", "\n"})
	}
}

func scalarKind(kind string) bool { return kind != "struct" && kind != "list" && kind != "map" }

// concrete puts the version's own numbers into a value.
func (v *version) concrete(s string) string {
	return strings.NewReplacer(
		"PREVIOUS-MINOR", v.minorText(-1), "ONE-BEFORE", "v"+v.minorText(-1)+".0", "TWO-BEFORE", "v"+v.minorText(-2)+".9",
		"ONE-AFTER", "v"+v.minorText(1)+".0", "TWO-AFTER", "v"+v.minorText(2)+".0", "MINE", v.name,
	).Replace(s)
}
