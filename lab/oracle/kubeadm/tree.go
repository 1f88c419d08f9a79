package kubeadm

import (
	"slices"
	"strings"
)

// tree is a value of a document: a mapping, a list, or the text of a scalar as YAML has it.
type tree struct {
	pairs  []pair
	items  []*tree
	scalar string
	isMap  bool
	isList bool
}

// pair is a key, as YAML has it, and its value.
type pair struct {
	key   string
	value *tree
}

func text(s string) *tree           { return &tree{scalar: s} }
func quoted(s string) *tree         { return &tree{scalar: quote(s)} }
func mapping(pairs ...pair) *tree   { return &tree{pairs: pairs, isMap: true} }
func sequence(items ...*tree) *tree { return &tree{items: items, isList: true} }

// quote writes s so that every reader of YAML and JSON takes it for s.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\t':
			b.WriteString(`\t`)
		case 0:
			b.WriteString(`\u0000`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// clone copies t.
func (t *tree) clone() *tree {
	out := &tree{scalar: t.scalar, isMap: t.isMap, isList: t.isList}
	for _, p := range t.pairs {
		out.pairs = append(out.pairs, pair{p.key, p.value.clone()})
	}
	for _, i := range t.items {
		out.items = append(out.items, i.clone())
	}
	return out
}

// get returns the value of a key, nil if it is not there.
func (t *tree) get(key string) *tree {
	for _, p := range t.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// set puts a value at a key.
func (t *tree) set(key string, value *tree) {
	for i := range t.pairs {
		if t.pairs[i].key == key {
			t.pairs[i].value = value
			return
		}
	}
	t.pairs = append(t.pairs, pair{key, value})
}

// put puts a value at a path, making what is on the way. [] is a list's first item, {} a map's key "k".
func (t *tree) put(path []string, value *tree) {
	step, rest := path[0], path[1:]
	if step == "[]" {
		t.pairs, t.isMap, t.scalar, t.isList = nil, false, "", true
		if len(rest) == 0 || len(t.items) == 0 {
			t.items = slices.Insert(t.items, 0, mapping())
		}
		if len(rest) == 0 {
			t.items[0] = value
			return
		}
		t.items[0].put(rest, value)
		return
	}
	if step == "{}" {
		step = "k"
	}
	t.items, t.isList, t.scalar, t.isMap = nil, false, "", true
	if len(rest) == 0 {
		t.set(step, value)
		return
	}
	child := t.get(step)
	if child == nil {
		child = mapping()
		t.set(step, child)
	}
	child.put(rest, value)
}

// write writes t in block style.
func (t *tree) write(b *strings.Builder, indent int) {
	pad := strings.Repeat("  ", indent)
	switch {
	case t.isMap:
		for _, p := range t.pairs {
			b.WriteString(pad + p.key + ":")
			p.value.after(b, indent)
		}
	case t.isList:
		for _, i := range t.items {
			b.WriteString(pad + "-")
			i.after(b, indent)
		}
	}
}

// after writes t behind a key or a dash.
func (t *tree) after(b *strings.Builder, indent int) {
	switch {
	case t.isMap && len(t.pairs) == 0:
		b.WriteString(" {}\n")
	case t.isList && len(t.items) == 0:
		b.WriteString(" []\n")
	case t.isMap || t.isList:
		b.WriteString("\n")
		t.write(b, indent+1)
	case t.scalar == "":
		b.WriteString("\n")
	default:
		b.WriteString(" " + t.scalar + "\n")
	}
}

// bundle is the documents of a file. raw, if it is set, is the file itself.
type bundle struct {
	docs []*tree
	raw  string
}

func (b bundle) clone() bundle {
	out := bundle{raw: b.raw}
	for _, d := range b.docs {
		out.docs = append(out.docs, d.clone())
	}
	return out
}

// file is the text of the bundle.
func (b bundle) file() string {
	if b.raw != "" {
		return b.raw
	}
	var out strings.Builder
	for i, d := range b.docs {
		if i > 0 {
			out.WriteString("---\n")
		}
		d.write(&out, 0)
	}
	return out.String()
}

// doc returns the document of a kind.
func (b bundle) doc(kind string) *tree {
	for _, d := range b.docs {
		if k := d.get("kind"); k != nil && k.scalar == kind {
			return d
		}
	}
	return nil
}

// smaller returns the bundles that are b without one thing.
func (b bundle) smaller() []bundle {
	if b.raw != "" {
		return b.smallerText()
	}
	var out []bundle
	for i := range b.docs {
		if len(b.docs) > 1 {
			c := b.clone()
			c.docs = slices.Delete(c.docs, i, i+1)
			out = append(out, c)
		}
		for _, less := range b.docs[i].smaller() {
			c := b.clone()
			c.docs[i] = less
			out = append(out, c)
		}
	}
	return out
}

// smallerText is smaller for a file that is only text: without one line.
func (b bundle) smallerText() []bundle {
	lines := strings.SplitAfter(b.raw, "\n")
	var out []bundle
	for i := range lines {
		if less := strings.Join(slices.Delete(slices.Clone(lines), i, i+1), ""); less != "" && less != b.raw {
			out = append(out, bundle{raw: less})
		}
	}
	return out
}

// smaller returns the trees that are t without one pair or item.
func (t *tree) smaller() []*tree {
	var out []*tree
	for i, p := range t.pairs {
		c := t.clone()
		c.pairs = slices.Delete(c.pairs, i, i+1)
		out = append(out, c)
		for _, less := range p.value.smaller() {
			c := t.clone()
			c.pairs[i].value = less
			out = append(out, c)
		}
	}
	for i, item := range t.items {
		c := t.clone()
		c.items = slices.Delete(c.items, i, i+1)
		out = append(out, c)
		for _, less := range item.smaller() {
			c := t.clone()
			c.items[i] = less
			out = append(out, c)
		}
	}
	return out
}
