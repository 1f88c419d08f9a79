package lbconfig

import (
	"fmt"
	"slices"
	"strings"
)

// DiffHAProxy returns what leads from a to b, by meaning: sections and servers are matched by their names, so that one
// more control plane is two changes (its server and the one for when none is ready) besides the description, which differs
// whenever anything does. It is empty when a and b do the same.
func DiffHAProxy(a, b HAProxyConfig) []Change {
	var out []Change
	old, now := a.statements(), b.statements()
	for _, s := range now {
		i := slices.IndexFunc(old, func(o haproxyStatement) bool { return o.path == s.path })
		switch {
		case i < 0:
			out = append(out, Change{Path: s.path, Op: Added, New: s.text})
		case old[i].text != s.text:
			out = append(out, Change{Path: s.path, Op: Changed, Old: old[i].text, New: s.text})
		}
	}
	for _, s := range old {
		if !slices.ContainsFunc(now, func(n haproxyStatement) bool { return n.path == s.path }) {
			out = append(out, Change{Path: s.path, Op: Removed, Old: s.text})
		}
	}
	return out
}

// haproxyStatement is one statement and what it is called; a number tells equals apart.
type haproxyStatement struct{ path, text string }

func (c HAProxyConfig) statements() []haproxyStatement {
	var out []haproxyStatement
	count := map[string]int{}
	for _, s := range c.sections() {
		at := strings.TrimSpace(s.kind + " " + s.name)
		for _, words := range s.lines {
			words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
			named := 1
			if slices.Contains([]string{"option", "timeout", "server", "bind", "stats"}, words[0]) {
				named = 2
			}
			path := at + "/" + strings.Join(words[:min(named, len(words))], " ")
			if count[path]++; count[path] > 1 {
				path = fmt.Sprintf("%s#%d", path, count[path])
			}
			out = append(out, haproxyStatement{path, strings.Join(words, " ")})
		}
	}
	return out
}
