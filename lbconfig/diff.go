package lbconfig

import (
	"fmt"
	"slices"
	"strings"
)

// Op is what became of a part of a Config.
type Op string

// The operations.
const (
	// Added: it is in the new one only.
	Added Op = "add"
	// Removed: it is in the old one only.
	Removed Op = "remove"
	// Changed: it is different.
	Changed Op = "change"
)

// Change is one difference between two Configs.
type Change struct {
	// Path names the part by what it is called, not by its number:
	// stream/upstream kube_apiserver/server 10.0.0.13:6443.
	Path string
	// Op is what became of it.
	Op Op
	// Old and New are its statement, empty where there is none.
	Old, New string
}

// String returns the change in one line.
func (c Change) String() string {
	switch c.Op {
	case Added:
		return fmt.Sprintf("add %s: %s", c.Path, c.New)
	case Removed:
		return fmt.Sprintf("remove %s: %s", c.Path, c.Old)
	default:
		return fmt.Sprintf("change %s: %s -> %s", c.Path, c.Old, c.New)
	}
}

// Diff returns what leads from a to b, by meaning: backends, upstreams and servers are matched by
// their addresses and names, so that one more control plane is one change (besides the generation's
// hash, which differs whenever anything does), and the order of backends is none. It is empty when
// a and b do the same: a default that is spelled out, another unit, and a server's setting that its
// stream has too, are no differences either.
func Diff(a, b Config) []Change {
	oldWords, newWords := map[string]string{}, map[string]string{}
	wordsOf("", mainSchema().encode(&a), oldWords)
	wordsOf("", mainSchema().encode(&b), newWords)
	a, b = a.meaning(), b.meaning()
	out := diffBlock("", mainSchema().encode(&a), mainSchema().encode(&b))
	for i, c := range out {
		// What is said in the files, not its meaning.
		if w, ok := oldWords[c.Path]; ok && c.Old != "" {
			out[i].Old = w
		}
		if w, ok := newWords[c.Path]; ok && c.New != "" {
			out[i].New = w
		}
	}
	return out
}

// wordsOf collects the statements of a block and the blocks in it by their paths.
func wordsOf(path string, list []directive, words map[string]string) {
	for i, k := range identities(list) {
		words[join(path, k)] = oneLine(list[i])
		wordsOf(join(path, k), list[i].block, words)
	}
}

// diffBlock compares the statements of two blocks, those of b in order first, then those that are
// gone from a.
func diffBlock(path string, a, b []directive) []Change {
	var out []Change
	old := map[string]directive{}
	for i, k := range identities(a) {
		old[k] = a[i]
	}
	keys := identities(b)
	for i, k := range keys {
		was, ok := old[k]
		switch {
		case !ok:
			out = append(out, Change{Path: join(path, k), Op: Added, New: oneLine(b[i])})
		case b[i].hasBlock && was.hasBlock:
			out = append(out, diffBlock(join(path, k), was.block, b[i].block)...)
		case !slices.Equal(was.args, b[i].args) || was.hasBlock != b[i].hasBlock:
			out = append(out, Change{Path: join(path, k), Op: Changed, Old: oneLine(was), New: oneLine(b[i])})
		}
	}
	still := map[string]bool{}
	for _, k := range keys {
		still[k] = true
	}
	for i, k := range identities(a) {
		if !still[k] {
			out = append(out, Change{Path: join(path, k), Op: Removed, Old: oneLine(a[i])})
		}
	}
	return out
}

// identities names each statement of a block. What may occur once is named by its directive, what
// has a name or an address of its own by that, and a listening server by its first address; a
// number tells equals apart.
func identities(list []directive) []string {
	out := make([]string, len(list))
	count := map[string]int{}
	for i, d := range list {
		k := d.name
		switch {
		case d.name == "server" && d.hasBlock:
			for _, inner := range d.block {
				if inner.name == "listen" && len(inner.args) > 0 {
					k += " " + inner.args[0]
					break
				}
			}
		case len(d.args) > 0 && named[d.name]:
			k += " " + d.args[0]
		}
		count[k]++
		if n := count[k]; n > 1 {
			k = fmt.Sprintf("%s#%d", k, n)
		}
		out[i] = k
	}
	return out
}

// named are the directives that may occur more than once and whose first word tells them apart.
var named = map[string]bool{
	"load_module": true, "error_log": true, "access_log": true, "log_format": true,
	"upstream": true, "server": true, "listen": true,
}

func join(path, k string) string {
	if path == "" {
		return k
	}
	return path + "/" + k
}

// oneLine returns a statement without its block.
func oneLine(d directive) string {
	words := append([]string{d.name}, d.args...)
	for i, w := range words[1:] {
		if q, err := quoteWord(w); err == nil {
			words[i+1] = q
		}
	}
	if d.hasBlock {
		words = append(words, "{...}")
	}
	return strings.Join(words, " ")
}
