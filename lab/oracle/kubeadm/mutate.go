package kubeadm

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// mutator breaks one rule that no single field's value breaks, or does something to a file that its
// readers may take in different ways.
type mutator struct {
	name string
	// kind of the document that it works on alone, or empty: a file of Init and Cluster.
	kind  string
	apply func(t *rapid.T, v *version, b bundle) bundle
}

// doc is a mutator that changes the first document.
func doc(name, kind string, change func(t *rapid.T, v *version, d *tree)) mutator {
	return mutator{name, kind, func(t *rapid.T, v *version, b bundle) bundle {
		d := b.docs[0]
		if kind != "" && b.doc(kind) != nil {
			d = b.doc(kind)
		}
		change(t, v, d)
		return b
	}}
}

// file is a mutator that changes the text.
func file(name string, change func(t *rapid.T, s string) string) mutator {
	return mutator{name, "", func(t *rapid.T, v *version, b bundle) bundle {
		return bundle{raw: change(t, b.file())}
	}}
}

// set puts YAML at a path written with dots.
func set(d *tree, path, value string) { d.put(strings.Split(path, "."), text(value)) }

func either(t *rapid.T, list ...string) string { return rapid.SampledFrom(list).Draw(t, "either") }

// mutators are all of them. Those of the first part each break rules of
// cmd/kubeadm/app/apis/kubeadm/validation that need more than one field.
var mutators = []mutator{
	doc("token groups without authentication", "InitConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "bootstrapTokens.[].token", "abcdef.0123456789abcdef")
		set(d, "bootstrapTokens.[].usages", "[signing]")
		if rapid.Bool().Draw(t, "groups") {
			set(d, "bootstrapTokens.[].groups", either(t, "[]", "[system:bootstrappers:a]"))
		}
	}),
	doc("token ttl and expires", "InitConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "bootstrapTokens.[].token", "abcdef.0123456789abcdef")
		set(d, "bootstrapTokens.[].expires", `"2030-01-01T00:00:00Z"`)
		if rapid.Bool().Draw(t, "ttl") {
			set(d, "bootstrapTokens.[].ttl", either(t, "1h", "0s", "null"))
		}
	}),
	doc("no token", "InitConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "bootstrapTokens", either(t, "[{}]", "[null]", "[{token: null}]", `[{token: ""}]`, "[{description: a}]"))
	}),
	doc("no node name", "InitConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "nodeRegistration", either(t, "null", "{}", `{name: ""}`, `{name: " "}`))
	}),
	doc("local and external etcd", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "etcd", either(t, "{local: {}, external: {}}", `{local: {dataDir: x}, external: {endpoints: ["https://a"]}}`, "{}", "null", "{local: null, external: null}", "{external: {}}", "{external: {endpoints: []}}"))
	}),
	doc("etcd certificate without key", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "etcd.external.endpoints", `["https://a"]`)
		set(d, "etcd.external."+either(t, "certFile", "keyFile"), "/a")
		if rapid.Bool().Draw(t, "ca") {
			set(d, "etcd.external.caFile", "/ca")
		}
	}),
	doc("etcd certificate without CA", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "etcd.external.endpoints", `["https://a"]`)
		set(d, "etcd.external.certFile", "/a")
		set(d, "etcd.external.keyFile", "/a")
	}),
	doc("etcd without https", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "etcd.external.endpoints", either(t, `["http://a"]`, `["https://a", "a"]`, `["unix://a"]`))
		set(d, "etcd.external.caFile", "/ca")
	}),
	doc("relative etcd files", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "etcd.external.endpoints", `["https://a"]`)
		set(d, "etcd.external.caFile", either(t, "ca", "/ca"))
		set(d, "etcd.external.certFile", either(t, "tls", "/tls"))
		set(d, "etcd.external.keyFile", either(t, "tls", "/tls"))
	}),
	doc("pod subnet against node masks", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "networking.podSubnet", quote(either(t, "10.0.0.0/8", "10.0.0.0/7", "10.0.0.0/24", "10.0.0.0/25", "10.0.0.0/16", "fd00::/48", "fd00::/47", "fd00::/64", "fd00::/65", "10.0.0.0/16,fd00::/48", "10.0.0.0/28")))
		arg := func(name, value string) {
			if d.get("apiVersion").scalar == "kubeadm.k8s.io/v1beta3" {
				d.put([]string{"controllerManager", "extraArgs", name}, quoted(value))
				return
			}
			d.put([]string{"controllerManager", "extraArgs", "[]"}, mapping(pair{"name", quoted(name)}, pair{"value", quoted(value)}))
		}
		for range rapid.IntRange(0, 3).Draw(t, "arguments") {
			switch rapid.IntRange(0, 3).Draw(t, "argument") {
			case 0:
				arg("allocate-node-cidrs", either(t, "false", "true", "False", ""))
			case 1:
				arg("node-cidr-mask-size-ipv4", either(t, "24", "16", "28", "x", "", "-1", "025", "+25"))
			case 2:
				arg("node-cidr-mask-size-ipv6", either(t, "64", "56", "80", "x"))
			default:
				arg("node-cidr-mask-size", either(t, "16", "28", "x"))
			}
		}
	}),
	doc("feature gates of kubeadm", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		gate := either(t, "IPv6DualStack", "PublicKeysECDSA", "RootlessControlPlane", "UnversionedKubeletConfigMap", "EtcdLearnerMode", "UpgradeAddonsBeforeControlPlane",
			"WaitForAllControlPlaneComponents", "ControlPlaneKubeletLocalMode", "NodeLocalCRISocket", "AllAlpha", "publickeysecdsa", "Unknown")
		d.put([]string{"featureGates", gate}, text(either(t, "true", "false", "true", "null", "yes", `"true"`)))
	}),
	doc("no discovery", "JoinConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "discovery", either(t, "{}", "null", "{bootstrapToken: {}}", "{bootstrapToken: null}", "{file: {}}", "{file: null}", "{tlsBootstrapToken: abcdef.0123456789abcdef}"))
	}),
	doc("both discoveries", "JoinConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "discovery.file.kubeConfigPath", "/dev/null")
		if rapid.Bool().Draw(t, "tls") {
			set(d, "discovery.tlsBootstrapToken", either(t, "abcdef.0123456789abcdef", "x"))
		}
	}),
	doc("discovery by file with a token", "JoinConfiguration", func(t *rapid.T, v *version, d *tree) {
		d.set("discovery", mapping())
		set(d, "discovery.file.kubeConfigPath", either(t, "/dev/null", "https://a"))
		set(d, "discovery.tlsBootstrapToken", either(t, "abcdef.0123456789abcdef", "x", `""`))
	}),
	doc("unsafe discovery", "JoinConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "discovery.bootstrapToken.unsafeSkipCAVerification", "false")
		if rapid.Bool().Draw(t, "pins") {
			set(d, "discovery.bootstrapToken.caCertHashes", either(t, "[]", `[""]`, "null"))
		}
	}),
	doc("no apiserver to discover", "JoinConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "discovery.bootstrapToken.apiServerEndpoint", either(t, `""`, "null", "a", "a:", ":1", "a:b:c"))
	}),
	doc("joining control plane", "JoinConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "controlPlane."+either(t, "certificateKey", "localAPIEndpoint.advertiseAddress", "localAPIEndpoint.bindPort"), either(t, "x", `"1.2.3.4"`, "65536", "443", strings.Repeat("0a", 32)))
	}),
	doc("argument without a name", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		at := either(t, "apiServer", "controllerManager", "scheduler", "etcd.local") + ".extraArgs"
		if d.get("apiVersion").scalar == "kubeadm.k8s.io/v1beta3" {
			d.put(append(strings.Split(at, "."), `""`), quoted("x"))
			return
		}
		set(d, at, either(t, `[{name: "", value: x}]`, "[{value: x}]", "[{}]", "[null]", "[{name: a}]", "[{name: a, value: 5}]"))
	}),
	doc("kubelet argument without a name", "InitConfiguration", func(t *rapid.T, v *version, d *tree) {
		if d.get("apiVersion").scalar == "kubeadm.k8s.io/v1beta3" {
			d.put([]string{"nodeRegistration", "kubeletExtraArgs", `""`}, quoted("x"))
			return
		}
		set(d, "nodeRegistration.kubeletExtraArgs", either(t, `[{name: "", value: x}]`, "[{value: x}]", "[{}]"))
	}),
	doc("timeouts", "InitConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "timeouts", either(t, "{}", "null", "{discovery: 5m}", "{discovery: -5m}", "{discovery: 5}", "{other: 5m}"))
	}),
	doc("environment of a component", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, either(t, "apiServer", "scheduler", "etcd.local")+".extraEnvs", either(t, "[{name: A, value: b}]", `[{name: "", value: b}]`, "[{name: A, valueFrom: {fieldRef: {fieldPath: x}}}]", "[{name: A, valueFrom: {other: {}}}]", "[null]"))
	}),
	doc("validity of certificates", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, either(t, "certificateValidityPeriod", "caCertificateValidityPeriod"), either(t, "1h", "0s", "-1h", "900000h", "null", "5", "10y"))
	}),

	// kube-proxy.
	doc("proxy periods", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		mode := either(t, "iptables", "ipvs", "nftables", `""`, "userspace")
		set(d, "mode", mode)
		of := either(t, "iptables", "ipvs", "nftables")
		set(d, of+".syncPeriod", either(t, "0s", "1s", "-1s", "500ms", "40s"))
		set(d, of+".minSyncPeriod", either(t, "0s", "1s", "-1s", "2s", "31s"))
	}),
	doc("ipvs timeouts", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "mode", either(t, "ipvs", "iptables"))
		set(d, "ipvs."+either(t, "tcpTimeout", "tcpFinTimeout", "udpTimeout"), either(t, "0s", "1s", "-1s"))
	}),
	doc("ipvs schedulers", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "mode", either(t, "ipvs", "iptables", "nftables"))
		set(d, "ipvs."+either(t, "scheduler", "excludeCIDRs"), either(t, "mh", "rr", "[x]", `["10.0.0.0/8"]`, "foo"))
	}),
	doc("proxy local traffic", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "detectLocalMode", either(t, "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix", `""`))
		set(d, "clusterCIDR", quote(either(t, "", "10.0.0.0/8", "x", "10.0.0.0/8,x", "10.0.0.0/8,11.0.0.0/8", "10.0.0.0/8,fd00::/64", "a,b,c")))
		if v.v.AtLeast(24) {
			set(d, "detectLocal."+either(t, "bridgeInterface", "interfaceNamePrefix"), either(t, `""`, "cni0"))
		}
	}),
	doc("proxy feature gates", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		names := []string{"AllAlpha", "AllBeta", "KubeProxyIPVS", "NFTablesProxyMode", "LoggingAlphaOptions", "LoggingBetaOptions", "Unknown", "allalpha"}
		for name := range v.newest.Gates {
			names = append(names, name)
		}
		for name := range v.oldest.Gates {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(1, 3).Draw(t, "gates") {
			d.put([]string{"featureGates", either(t, names...)}, text(either(t, "true", "false")))
		}
		if rapid.Bool().Draw(t, "mode") {
			set(d, "mode", either(t, "ipvs", "nftables"))
		}
	}),
	doc("locked feature gates", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		var locked []string
		for name, g := range v.facts.Gates {
			if g.Locked {
				locked = append(locked, name)
			}
		}
		slices.Sort(locked)
		d.put([]string{"featureGates", either(t, locked...)}, text(either(t, "true", "false")))
	}),
	doc("words for node ports", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		word := either(t, "primary", "localhost", "all")
		set(d, "nodePortAddresses", "["+word+", "+either(t, word, word, "primary", "10.0.0.0/8")+"]")
	}),
	doc("proxy mode and its gate", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		mode := either(t, "ipvs", "nftables")
		set(d, "mode", mode)
		set(d, "featureGates."+either(t, "KubeProxyIPVS", "NFTablesProxyMode", "AllAlpha", "AllBeta"), either(t, "true", "false"))
	}),
	doc("proxy logging", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "logging.format", either(t, "text", "json", `""`, "xml"))
		if rapid.Bool().Draw(t, "vmodule") {
			set(d, "logging.vmodule", either(t, "[{filePattern: a, verbosity: 1}]", `[{filePattern: "", verbosity: 1}]`, `[{filePattern: "a=b"}]`, "[]"))
		}
		if rapid.Bool().Draw(t, "options") {
			options := "json" // text has options since 1.31
			if v.v.AtLeast(31) {
				options = either(t, "text", "json")
			}
			set(d, "logging.options."+options, either(t, "{splitStream: true}", `{infoBufferSize: "1"}`, "{}"))
		}
		if rapid.Bool().Draw(t, "gates") {
			set(d, "featureGates."+either(t, "LoggingAlphaOptions", "LoggingBetaOptions", "AllAlpha", "AllBeta"), either(t, "true", "false"))
		}
	}),
	doc("proxy logging as JSON", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "logging.format", "json")
		set(d, "logging.vmodule", either(t, "[{filePattern: a, verbosity: 1}]", "[]"))
	}),
	doc("node mask that is no number", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "networking.podSubnet", `"10.244.0.0/16"`)
		if d.get("apiVersion").scalar == "kubeadm.k8s.io/v1beta3" {
			set(d, "controllerManager.extraArgs.node-cidr-mask-size-ipv4", "x")
			return
		}
		set(d, "controllerManager.extraArgs", "[{name: node-cidr-mask-size-ipv4, value: x}]")
	}),
	doc("proxy node ports", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "nodePortAddresses", either(t, "[primary]", "[primary, 10.0.0.0/8]", "[10.0.0.0/8, primary]", "[primary, primary]", "[localhost, all]", "[localhost, localhost]", "[all, x]", "[primary, x]", "[x, primary]", "[]"))
		set(d, "mode", either(t, "nftables", "iptables"))
	}),

	// What a file's readers may see in different ways.
	doc("unknown field", "", func(t *rapid.T, v *version, d *tree) {
		d.put(strings.Split(either(t, "foo", "nodeRegistration.foo", "networking.foo", "etcd.local.foo", "bootstrapTokens.[].foo", "status", "metadata.name"), "."), text(either(t, "x", "null", "{}")))
	}),
	doc("unknown field of a component", "KubeletConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, either(t, "foo", "authentication.foo", "metadata.name", "ClusterDNS", "clusterdns"), either(t, "x", "null"))
	}),
	doc("unknown field of the proxy", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, either(t, "foo", "ipvs.foo", "Mode", "iptables.syncperiod"), either(t, "x", "null", "1s"))
	}),
	doc("field of another case", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, either(t, "ClusterName", "clustername", "Networking", "networking.podsubnet", "DNS"), either(t, "x", "{}", "null"))
	}),
	doc("key twice", "", func(t *rapid.T, v *version, d *tree) {
		p := rapid.SampledFrom(d.pairs).Draw(t, "key")
		d.pairs = append(d.pairs, pair{p.key, p.value.clone()})
	}),
	doc("inner key twice", "", func(t *rapid.T, v *version, d *tree) {
		d.set("skipPhases", text("[]"))
		for _, p := range d.pairs {
			if p.value.isMap && len(p.value.pairs) > 0 {
				p.value.pairs = append(p.value.pairs, p.value.pairs[0])
			}
		}
	}),
	doc("keys that are no words", "ClusterConfiguration", func(t *rapid.T, v *version, d *tree) {
		at := []string{"controllerManager", "extraArgs"}
		if d.get("apiVersion").scalar != "kubeadm.k8s.io/v1beta3" {
			at = []string{"featureGates"}
		}
		d.put(append(at, either(t, "5", "true", "yes", "null", "~", "1.5", "0x10", "[a]", "{a: b}", "? a\n  ", "!!str 5", `"5"`, "2030-01-01", "1e3", ".inf")), text(either(t, "x", "true")))
	}),
	doc("top keys that are no words", "", func(t *rapid.T, v *version, d *tree) {
		d.pairs = append(d.pairs, pair{either(t, "5", "true", "null", "1.5", "<<", "[a]", "{a: b}"), text(either(t, "x", "{}", "{kind: x}"))})
	}),
	doc("merge and anchors", "", func(t *rapid.T, v *version, d *tree) {
		d.set("skipPhases", text(either(t, "&a [x]", "&a [*a]", "*b", "[&a x, *a]", "&a x", "!!seq [x]", "!!set {x}")))
		if rapid.Bool().Draw(t, "merge") {
			d.set("nodeRegistration", text(either(t, "&n {name: cp1}", "{<<: {name: cp1}}", "{<<: [{name: cp1}, {name: cp2}]}", "{name: cp1, <<: {name: cp2}}", "{<<: {foo: bar}}", "{<<: x}", `{"<<": {name: cp1}}`)))
		}
	}),
	doc("odd kind", "", func(t *rapid.T, v *version, d *tree) {
		set(d, "kind", either(t, "Unknown", "ClusterStatus", "initconfiguration", "5", `""`, "null", "[]", "ConfigMap", "KubeletConfiguration", "KubeProxyConfiguration", "ResetConfiguration", "UpgradeConfiguration", "JoinConfiguration", "&a InitConfiguration", "!!str InitConfiguration", `"InitConfiguration"`, "InitConfigurationList", "InitConfiguration # x"))
	}),
	doc("odd apiVersion", "", func(t *rapid.T, v *version, d *tree) {
		if rapid.IntRange(0, 3).Draw(t, "old") == 0 { // v1beta2, which kubeadm reads up to 1.26, is not for kubeadmcfg
			set(d, "apiVersion", either(t, "kubeadm.k8s.io/v1beta1", "kubeadm.k8s.io/v1alpha3"))
			return
		}
		set(d, "apiVersion", either(t, "kubeadm.k8s.io/v1", "kubeadm.k8s.io/v1beta5", "kubeadm.k8s.io/v1beta4", "kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta1", "kubeadm.k8s.io/v1alpha3", "kubeadm.k8s.io/v1alpha1",
			"v1", "v1beta4", "kubeadm.k8s.io", "kubeadm.k8s.io/", "kubeadm.k8s.io/__internal", `""`, "null", "5", "[]", "a/b/c", "Kubeadm.k8s.io/v1beta4", `"kubeadm.k8s.io/v1beta4 "`, "kubelet.config.k8s.io/v1beta1", "example.com/v1"))
	}),
	doc("no apiVersion or kind", "", func(t *rapid.T, v *version, d *tree) {
		gone := either(t, "apiVersion", "kind")
		d.pairs = slices.DeleteFunc(d.pairs, func(p pair) bool { return p.key == gone })
	}),
	doc("component of another version", "KubeletConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "apiVersion", either(t, "kubelet.config.k8s.io/v1alpha1", "kubelet.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta2", "kubeproxy.config.k8s.io/v1alpha1"))
	}),
	doc("another kind of a component", "KubeletConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "kind", either(t, "CredentialProviderConfig", "SerializedNodeConfigSource", "Unknown", "KubeProxyConfiguration"))
	}),
	doc("proxy of another version", "KubeProxyConfiguration", func(t *rapid.T, v *version, d *tree) {
		set(d, "apiVersion", either(t, "kubeproxy.config.k8s.io/v1beta1", "kubeproxy.config.k8s.io/v1", "kubelet.config.k8s.io/v1beta1"))
	}),
	{"two documents of a kind", "", func(t *rapid.T, v *version, b bundle) bundle {
		b.docs = append(b.docs, b.docs[0].clone())
		if rapid.Bool().Draw(t, "of another version") {
			set(b.docs[len(b.docs)-1], "apiVersion", either(t, "kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4", "example.com/v1"))
		}
		return b
	}},
	{"mixed versions", "", func(t *rapid.T, v *version, b bundle) bundle {
		for _, d := range b.docs {
			set(d, "apiVersion", either(t, "kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4"))
		}
		return b
	}},
	{"join beside init", "", func(t *rapid.T, v *version, b bundle) bundle {
		api := b.docs[0].get("apiVersion").scalar
		b.docs = append(b.docs, v.base(t, v.apiOf(api, "JoinConfiguration"), "JoinConfiguration"))
		if rapid.Bool().Draw(t, "another version") {
			set(b.docs[len(b.docs)-1], "apiVersion", either(t, "kubeadm.k8s.io/v1beta3", "kubeadm.k8s.io/v1beta4"))
		}
		return b
	}},
	{"reset and upgrade", "", func(t *rapid.T, v *version, b bundle) bundle {
		kind := either(t, "ResetConfiguration", "UpgradeConfiguration")
		d := v.base(t, v.apiOf("", kind), kind)
		set(d, either(t, "foo", "force", "certificatesDir", "unmountFlags", "apply.patches.directory", "node.imagePullPolicy", "plan.etcdUpgrade", "diff.contextLines"), either(t, "x", "true", "[x]", "/a", "5", "null"))
		b.docs = append(b.docs, d)
		return b
	}},
	{"another document", "", func(t *rapid.T, v *version, b bundle) bundle {
		b.docs = append(b.docs, mapping(pair{"apiVersion", text(either(t, "v1", "apps/v1", "example.com/v1", "kubeadm.k8s.io/v1beta4"))}, pair{"kind", text(either(t, "ConfigMap", "Deployment", "Foo"))}))
		return b
	}},
	{"two components", "", func(t *rapid.T, v *version, b bundle) bundle {
		for range 2 {
			kind := either(t, "KubeletConfiguration", "KubeProxyConfiguration")
			b.docs = append(b.docs, v.base(t, v.apiOf("", kind), kind))
		}
		return b
	}},
	file("separators", func(t *rapid.T, s string) string {
		return strings.ReplaceAll(s, "---\n", either(t, "--- \n", "---\t\n", "--- # x\n", "---\n---\n", "---\n# x\n---\n", "---\n\n---\n", "...\n---\n", "...\n", "---x\n", " ---\n", "----\n", "---\r\n", "--- {}\n", "--- |\n"))
	}),
	file("beginning", func(t *rapid.T, s string) string {
		return either(t, "---\n", "# x\n", "# x\n---\n", "\n---\n", "\n", "\ufeff", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", " \n", "---\n---\n", "--- \n", "\t\n", "---\r\n", "\r\n") + s
	}),
	file("end", func(t *rapid.T, s string) string {
		return s + either(t, "---\n", "---", "...\n", "---\n\n", "---\n# x\n", "# x\n", "\n\n", "\t\n", "---\n---\n", "\x00", "foo", "- x\n", "---\nfoo\n", "---\n[]\n", "---\nnull\n", "---\n{}\n", "---\n~\n")
	}),
	file("line ends", func(t *rapid.T, s string) string {
		return strings.ReplaceAll(s, "\n", either(t, "\r\n", " \n", "\t\n", " # x\n", "\n\n", "\r", "\u2028"))
	}),
	file("tabs", func(t *rapid.T, s string) string { return strings.Replace(s, "  ", "\t", 1) }),
	file("bytes", func(t *rapid.T, s string) string {
		return strings.Replace(s, "cp1", either(t, "\xff", "c\x00", "\u0085", "\u00a0", "a\ufeffb", "😀", "\x7f", "a\u2028b"), 1)
	}),
	file("json", func(t *rapid.T, s string) string {
		return either(t, `{"apiVersion": "kubeadm.k8s.io/v1beta3", "kind": "InitConfiguration"}`, `{"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "InitConfiguration", "dryRun": true}`, "{\"apiVersion\": \"kubeadm.k8s.io/v1beta4\", \"kind\": \"ClusterConfiguration\",\n\"clusterName\": \"a\\/b\"}",
			`[{"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "InitConfiguration"}]`, `"x"`, "x", "null", "{}", "[]", `{"apiVersion": "kubeadm.k8s.io/v1beta4", "kind": "InitConfiguration", "kind": "InitConfiguration"}`)
	}),
	file("block scalars", func(t *rapid.T, s string) string {
		return s + either(t, "clusterName: |\n  a\n  ---\n  b\n", "clusterName: |\n  a\n---\n", "clusterName: >-\n  a\n  b\n", "clusterName: \"a\n  b\"\n", "clusterName: 'a\n---\nb'\n", "clusterName: a\n  b\n", "clusterName: |2\n   a\n")
	}),
	file("indentation", func(t *rapid.T, s string) string {
		return strings.Replace(s, "  name", either(t, " name", "   name", "name", "    name", "  - name"), 1)
	}),
}
