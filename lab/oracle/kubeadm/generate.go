package kubeadm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// testCase is one file to compare verdicts over.
type testCase struct {
	name   string
	bundle bundle
	// fields are the positions that the case is about, for coverage.
	fields []string
	// mutator names what was broken, empty for a document meant to be valid.
	mutator string
}

// minimum is how many cases a full run has for each version, at least.
const minimum = 2000

// drawsOfMutator is how often a full run applies each mutator alone.
const drawsOfMutator = 12

// cases returns the cases of a seed: every field once alone, every mutator, fields of other
// versions, and random bundles, valid and broken, to make up the number.
func (v *version) cases(seed uint64) []testCase {
	var out []testCase
	add := func(make func(*rapid.T) testCase, prefix string) {
		c := rapid.Custom(func(t *rapid.T) testCase {
			rapid.Byte().Draw(t, "something") // rapid wants every value to be random
			return make(t)
		}).Example(int(seed<<20) + len(out))
		c.name = fmt.Sprintf("%s %s #%d of seed %d", v.name, prefix, len(out), seed)
		out = append(out, c)
	}
	all := v.positions()
	for _, p := range all {
		add(v.alone(p, true), "field "+p.name())
	}
	for _, p := range v.foreign() {
		add(v.alone(p, true), "foreign field "+p.name())
	}
	for _, m := range mutators {
		for range drawsOfMutator {
			add(v.mutated(m), "mutator "+m.name)
		}
	}
	for _, p := range withItems(all) {
		if len(v.values(p).other) > 0 && scalarKind(p.shape.Kind) && !strings.HasPrefix(p.kind, "Kubelet") {
			for _, value := range v.values(p).other {
				add(func(t *rapid.T) testCase {
					b := v.valid(t, p)
					b.doc(p.kind).put(p.path, text(v.concrete(value)))
					return testCase{bundle: b, mutator: "value"}
				}, fmt.Sprintf("value %s of %s", value, p.name()))
			}
		}
	}
	for i := 0; len(out) < minimum || i < minimum/2; i++ {
		switch i % 4 {
		case 0:
			add(v.random(), "bundle")
		case 1:
			add(v.alone(all[i*7%len(all)], false), "value of "+all[i*7%len(all)].name())
		default:
			add(v.broken(all), "broken bundle")
		}
	}
	return out
}

// withItems adds the items of lists that are no structs.
func withItems(list []position) []position {
	var out []position
	for _, p := range list {
		out = append(out, p)
		if p.shape.Kind == "list" && scalarKind(p.shape.Elem.Kind) {
			out = append(out, p.child("[]", *p.shape.Elem))
		}
	}
	return out
}

// share returns the part of the cases that a seed picks.
func share(cases []testCase, seed uint64, number int) []testCase {
	if number >= len(cases) {
		return cases
	}
	picked := rand.New(rand.NewPCG(seed, 1)).Perm(len(cases))[:number]
	slices.Sort(picked)
	var out []testCase
	for _, i := range picked {
		out = append(out, cases[i])
	}
	return out
}

// base is a valid document of a kind.
func (v *version) base(t *rapid.T, api, kind string) *tree {
	doc := mapping(pair{"apiVersion", text(api)}, pair{"kind", text(kind)})
	switch kind {
	case "ClusterConfiguration":
		doc.set("kubernetesVersion", text(v.name))
	case "InitConfiguration":
		doc.set("nodeRegistration", mapping(pair{"name", text("cp1")}, pair{"criSocket", text("unix:///run/containerd/containerd.sock")}))
	case "JoinConfiguration":
		doc.set("nodeRegistration", mapping(pair{"name", text("cp1")}, pair{"criSocket", text("unix:///run/containerd/containerd.sock")}))
		doc.set("discovery", mapping(pair{"bootstrapToken", mapping(
			pair{"token", quoted("abcdef.0123456789abcdef")}, pair{"apiServerEndpoint", quoted("api.example.com:6443")}, pair{"unsafeSkipCAVerification", text("true")})}))
	}
	return doc
}

// valid is a minimal valid bundle with the kind of p.
func (v *version) valid(t *rapid.T, p position) bundle {
	doc := v.base(t, p.api, p.kind)
	path := strings.Join(p.path, ".")
	// What the field needs beside it.
	switch {
	case strings.HasPrefix(path, "bootstrapTokens.[]") && path != "bootstrapTokens.[].token":
		doc.put([]string{"bootstrapTokens", "[]", "token"}, quoted("abcdef.0123456789abcdef"))
	case strings.HasPrefix(path, "etcd.external") && path != "etcd.external":
		doc.put([]string{"etcd", "external", "endpoints"}, sequence(quoted("https://10.0.0.9:2379")))
		if strings.HasSuffix(path, "File") {
			doc.put([]string{"etcd", "external", "caFile"}, quoted("/ca.crt"))
			doc.put([]string{"etcd", "external", "certFile"}, quoted("/tls.crt"))
			doc.put([]string{"etcd", "external", "keyFile"}, quoted("/tls.key"))
		}
	case strings.HasPrefix(path, "discovery.file"):
		doc.set("discovery", mapping())
		if path != "discovery.file" {
			doc.put([]string{"discovery", "file", "kubeConfigPath"}, quoted("/dev/null"))
		}
	case strings.HasPrefix(path, "ipvs") && p.kind == "KubeProxyConfiguration":
		doc.set("mode", text("ipvs"))
	case strings.HasPrefix(path, "nftables"):
		doc.set("mode", text("nftables"))
	case strings.HasPrefix(path, "detectLocal."):
		doc.set("detectLocalMode", text("BridgeInterface"))
	}
	for _, arg := range []string{"extraArgs", "kubeletExtraArgs"} {
		if at := slices.Index(p.path, arg); at >= 0 && at+2 < len(p.path) && p.path[at+1] == "[]" {
			doc.put(append(slices.Clone(p.path[:at+2]), "name"), quoted("v"))
		}
	}
	return bundle{docs: []*tree{doc}}
}

// value makes a value of a shape.
func (v *version) value(t *rapid.T, p position, good bool, depth int) *tree {
	if good && v.lonely(p) {
		return mapping()
	}
	switch p.shape.Kind {
	case "struct":
		out := mapping()
		for _, f := range p.shape.Fields {
			if rapid.IntRange(0, 1+depth).Draw(t, "set "+f.Name) == 0 {
				out.set(f.Name, v.value(t, p.child(f.Name, f.Shape), good, depth+1))
			}
		}
		return out
	case "list":
		out := sequence()
		for range rapid.IntRange(0, 2).Draw(t, "items") {
			out.items = append(out.items, v.value(t, p.child("[]", *p.shape.Elem), good, depth+1))
		}
		return out
	case "map":
		out := mapping()
		for i := range rapid.IntRange(0, 2).Draw(t, "keys") {
			out.set(v.key(t, p, i), v.value(t, p.child("{}", *p.shape.Elem), good, depth+1))
		}
		return out
	default:
		return text(v.draw(t, p, good))
	}
}

// lonely says whether p is a struct that means something by being there, and is kept empty at first.
func (v *version) lonely(p position) bool {
	path := strings.Join(p.path, ".")
	return path == "etcd" || path == "discovery"
}

func (p position) child(step string, s shape) position {
	return position{p.api, p.kind, append(slices.Clone(p.path), step), s}
}

// key is a key of a map.
func (v *version) key(t *rapid.T, p position, i int) string {
	switch p.path[len(p.path)-1] {
	case "extraArgs", "kubeletExtraArgs":
		return rapid.SampledFrom([]string{"v", "allocate-node-cidrs", "node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6", "node-cidr-mask-size", "profiling"}).Draw(t, "key")
	case "featureGates":
		if p.kind == "ClusterConfiguration" {
			return rapid.SampledFrom([]string{"RootlessControlPlane"}).Draw(t, "gate")
		}
		return rapid.SampledFrom([]string{"AllAlpha"}).Draw(t, "gate")
	}
	return fmt.Sprintf("k%d", i)
}

// alone is a minimal bundle with one field set, to a good value or to any.
func (v *version) alone(p position, good bool) func(*rapid.T) testCase {
	return func(t *rapid.T) testCase {
		b := v.valid(t, p)
		var value *tree
		switch {
		case good && !scalarKind(p.shape.Kind):
			value = v.value(t, p, true, 2)
		case good:
			value = text(v.draw(t, p, true))
		case scalarKind(p.shape.Kind):
			value = text(v.draw(t, p, false))
		default:
			value = text(rapid.SampledFrom(odd).Draw(t, "odd"))
		}
		doc := b.doc(p.kind)
		path := slices.Clone(p.path)
		if i := slices.Index(path, "{}"); i > 0 {
			path[i] = v.key(t, position{p.api, p.kind, path[:i], shape{}}, 0)
		}
		doc.put(path, value)
		c := testCase{bundle: b, fields: []string{p.name()}}
		if !good {
			c.mutator = "odd value"
		}
		return c
	}
}

// random is a bundle of any documents with any fields, good values.
func (v *version) random() func(*rapid.T) testCase {
	return func(t *rapid.T) testCase {
		api := rapid.SampledFrom(v.apis()).Draw(t, "api")
		var b bundle
		for _, name := range v.kinds() {
			a, kind := splitKind(name)
			if strings.HasPrefix(a, "kubeadm") && a != api || rapid.IntRange(0, 2).Draw(t, kind) > 0 {
				continue
			}
			doc := v.base(t, a, kind)
			root := v.facts.Kinds[name]
			for _, f := range root.Fields {
				if doc.get(f.Name) == nil && rapid.IntRange(0, 2).Draw(t, f.Name) == 0 {
					doc.set(f.Name, v.value(t, position{a, kind, []string{f.Name}, f.Shape}, true, 1))
				}
			}
			b.docs = append(b.docs, doc)
		}
		if len(b.docs) == 0 {
			b.docs = append(b.docs, v.base(t, api, "InitConfiguration"))
		}
		return testCase{bundle: b}
	}
}

// broken is a random bundle in which one thing is changed.
func (v *version) broken(all []position) func(*rapid.T) testCase {
	return func(t *rapid.T) testCase {
		c := v.random()(t)
		if rapid.IntRange(0, 3).Draw(t, "how") == 0 {
			m := rapid.SampledFrom(mutators).Draw(t, "mutator")
			c.bundle, c.mutator = m.apply(t, v, c.bundle), m.name
			return c
		}
		var of []position
		for _, p := range all {
			if d := c.bundle.doc(p.kind); d != nil && d.get("apiVersion").scalar == p.api && !slices.Contains(p.path, "{}") {
				of = append(of, p)
			}
		}
		p := rapid.SampledFrom(of).Draw(t, "field")
		value := rapid.SampledFrom(odd).Draw(t, "odd")
		if scalarKind(p.shape.Kind) {
			value = v.draw(t, p, false)
		}
		c.bundle.doc(p.kind).put(p.path, text(value))
		c.mutator = "odd value of " + p.name()
		return c
	}
}

// mutated is a small valid bundle with one mutator applied.
func (v *version) mutated(m mutator) func(*rapid.T) testCase {
	return func(t *rapid.T) testCase {
		api := rapid.SampledFrom(v.apis()).Draw(t, "api")
		b := bundle{docs: []*tree{v.base(t, api, "InitConfiguration"), v.base(t, api, "ClusterConfiguration")}}
		if m.kind != "" {
			b = bundle{docs: []*tree{v.base(t, v.apiOf(api, m.kind), m.kind)}}
		}
		return testCase{bundle: m.apply(t, v, b), mutator: m.name}
	}
}

// apiOf is the apiVersion of a kind in a file of the given version.
func (v *version) apiOf(api, kind string) string {
	switch kind {
	case "KubeletConfiguration":
		return "kubelet.config.k8s.io/v1beta1"
	case "KubeProxyConfiguration":
		return "kubeproxy.config.k8s.io/v1alpha1"
	case "ResetConfiguration", "UpgradeConfiguration":
		return "kubeadm.k8s.io/v1beta4"
	}
	return api
}
