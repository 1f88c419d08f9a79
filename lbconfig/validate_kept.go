package lbconfig

import "strings"

// validate judges the kept statements of one block.
func (b keptBlock) validate(p *problems) {
	seen := map[string]bool{}
	for i, d := range b.kept.Directives {
		path := index(b.path+"Kept.Directives", i)
		r := ruleOf(d.Name)
		switch {
		case d.Name == "include" && b.where == inMain && !d.HasBlock && len(d.Args) == 1 && isModuleInclude(d.Args[0]):
		case r == nil:
			p.add(path, "unknown-directive", "unknown directive %q", d.Name)
		case r.plus:
			p.add(path, "commercial", "unknown directive %q: only the commercial nginx has it", d.Name)
		case r.in&b.where == 0:
			p.add(path, "wrong-block", "%q directive is not allowed here, in %s", d.Name, b.where)
		case r.words == nil:
			p.add(path, "unchecked", "only nginx can judge %q", d.Name)
		case d.HasBlock:
			p.add(path, "bad-form", "directive %q is not terminated by \";\"", d.Name)
		case !r.words(d.Args):
			p.add(path, "bad-words", "invalid words in %q directive", d.Name)
		case seen[d.Name] && d.Name != "env" && d.Name != "error_log":
			p.add(path, "duplicate-directive", "%q directive is duplicate", d.Name)
		}
		seen[d.Name] = true
	}
}

// validateVersion refuses what is newer than v, by name and version. The zero v refuses nothing.
func (c Config) validateVersion(p *problems, v Version) {
	if v == (Version{}) {
		return
	}
	versions{p, v}.block("", "main", mainSchema().encode(&c))
}

// versions finds what a version does not have.
type versions struct {
	problems *problems
	have     Version
}

// block judges the statements of one block, and the blocks in it that have types.
func (v versions) block(path, where string, list []directive) {
	count := map[string]int{}
	for _, d := range list {
		at := join(path, d.name)
		if named[d.name] {
			at = index(at, count[d.name])
		}
		count[d.name]++
		v.rule(at, d.name, ruleOf(d.name))
		if r, ok := inside[where+" "+d.name]; ok {
			v.rule(at, d.name, &r)
		}
		if d.hasBlock {
			switch d.name {
			case "events", "stream", "upstream", "server":
				v.block(at, d.name, d.block)
			}
			continue
		}
		for _, a := range d.args {
			name, _ := param(a)
			if r, ok := parameters[d.name+" "+name]; ok {
				v.rule(at, name, &r)
			}
		}
		if d.name == "listen" && len(d.args) > 0 {
			v.portRange(at, d.args[0])
		}
	}
}

func (v versions) rule(path, name string, r *rule) {
	if r != nil && !r.plus && v.have.Compare(r.since) < 0 {
		v.problems.add(path, "too-new", "%q needs nginx %s, this is %s", name, r.since, v.have)
	}
}

// portRange refuses ranges of ports before 1.15.10.
func (v versions) portRange(path, address string) {
	if !strings.HasPrefix(address, "unix:") && strings.Contains(address[strings.LastIndexByte(address, ']')+1:], "-") {
		v.rule(path, "a range of ports", &rule{since: Version{1, 15, 10}})
	}
}
