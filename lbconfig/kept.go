package lbconfig

import "slices"

// Directive is one statement that this package has no type for, kept as it stood.
type Directive struct {
	// Name and Args are its words, without quotes and escapes.
	Name string
	Args []string
	// HasBlock says whether a block follows, and Block is what is in it.
	HasBlock bool
	Block    []Directive
	// Line and Col are where it stood in the file that was parsed, from 1; nothing depends on them.
	Line, Col int
}

// Kept is the statements of a block that this package has no type for, and the places of all. The
// zero Kept is a block without any.
type Kept struct {
	// Directives in the order of the file.
	Directives []Directive
	// Order is the names of all the block's statements in the order of the file; an empty name is
	// the next of Directives. What it does not place is written next to its like, or where Render
	// writes it otherwise; so it need not be kept up to date when a Config is changed.
	Order []string
}

// Place says where in a file a statement stands.
type Place struct {
	// Block is main, events, stream, upstream or server, or the name of a kept block.
	Block string
	// Line and Col as in Directive.
	Line, Col int
}

// Include is one include directive. What it names is not read.
type Include struct {
	// Glob is its word.
	Glob string
	Place
}

// Includes returns the include directives of all blocks, kept ones too.
func (c Config) Includes() []Include {
	var out []Include
	for _, b := range c.kept() {
		out = append(out, includes(b.where.String(), b.kept.Directives)...)
	}
	return out
}

func includes(block string, list []Directive) []Include {
	var out []Include
	for _, d := range list {
		if d.Name == "include" && len(d.Args) == 1 {
			out = append(out, Include{Glob: d.Args[0], Place: Place{Block: block, Line: d.Line, Col: d.Col}})
		}
		out = append(out, includes(d.Name, d.Block)...)
	}
	return out
}

// arrange puts typed statements, in the order of Render, and kept ones in the order of the file.
func (k Kept) arrange(typed []directive) []directive {
	if len(k.Directives) == 0 && len(k.Order) == 0 {
		return typed
	}
	// Numbers stand for statements: typed ones from 0, kept ones from len(typed).
	waiting := map[string][]int{}
	for i, d := range typed {
		waiting[d.name] = append(waiting[d.name], i)
	}
	for i := range k.Directives {
		waiting[""] = append(waiting[""], len(typed)+i)
	}
	order := make([]int, 0, len(typed)+len(k.Directives))
	for _, name := range k.Order {
		if q := waiting[name]; len(q) > 0 {
			order, waiting[name] = append(order, q[0]), q[1:]
		}
	}
	order = insertUnplaced(order, typed, waiting)
	order = append(order, waiting[""]...)
	out := make([]directive, len(order))
	for i, n := range order {
		if n < len(typed) {
			out[i] = typed[n]
		} else {
			out[i] = k.Directives[n-len(typed)].statement()
		}
	}
	return out
}

// insertUnplaced adds the typed statements that the file did not have: each after the one that
// Render writes before it, a module before everything.
func insertUnplaced(order []int, typed []directive, waiting map[string][]int) []int {
	unplaced := map[int]bool{}
	for name, q := range waiting {
		for _, n := range q {
			if name != "" {
				unplaced[n] = true
			}
		}
	}
	if len(unplaced) == 0 {
		return order
	}
	for n := range typed {
		if !unplaced[n] {
			continue
		}
		at := 0
		if n > 0 {
			at = slices.Index(order, n-1) + 1
		}
		order = slices.Insert(order, at, n)
	}
	return order
}

// statement returns d as one to be written.
func (d Directive) statement() directive {
	out := directive{name: d.Name, args: d.Args, hasBlock: d.HasBlock, line: d.Line, col: d.Col, kept: true}
	for _, inner := range d.Block {
		out.block = append(out.block, inner.statement())
	}
	return out
}

// keep returns d as one that is kept.
func keep(d directive) Directive {
	out := Directive{Name: d.name, Args: d.args, HasBlock: d.hasBlock, Line: d.line, Col: d.col}
	for _, inner := range d.block {
		out.Block = append(out.Block, keep(inner))
	}
	return out
}

// keptBlock is what one block keeps.
type keptBlock struct {
	path  string
	where block
	kept  Kept
}

// kept returns what the blocks of c keep, in the order of the Config's fields.
func (c Config) kept() []keptBlock {
	out := []keptBlock{{"", inMain, c.Kept}}
	if c.Events != nil {
		out = append(out, keptBlock{"Events.", inEvents, c.Events.Kept})
	}
	return append(out, c.Stream.kept()...)
}

func (s Stream) kept() []keptBlock {
	out := []keptBlock{{"Stream.", inStream, s.Kept}}
	for i, u := range s.Upstreams {
		out = append(out, keptBlock{index("Stream.Upstreams", i) + ".", inUpstream, u.Kept})
	}
	for i, v := range s.Servers {
		out = append(out, keptBlock{index("Stream.Servers", i) + ".", inServer, v.Kept})
	}
	return out
}
