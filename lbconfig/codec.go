package lbconfig

import (
	"strconv"
	"strings"
	"time"
)

// codec ties one directive of a block to a part of T, both ways. A block's codecs, in order, are
// how it is written; by name, how it is read.
type codec[T any] struct {
	name string
	// minArgs and maxArgs bound the words after the name.
	minArgs, maxArgs int
	// block says whether a block follows.
	block bool
	// repeat says whether it may occur more than once.
	repeat bool
	// keep says of a statement that it is right and that no type holds it. Nil: of none.
	keep func(d directive) bool
	// get returns the statements for what is set in t.
	get func(t *T) []directive
	// set takes a statement into t.
	set func(t *T, d directive) error
}

// statement returns one plain statement.
func statement(name string, args ...string) []directive { return []directive{{name: name, args: args}} }

// schema is a kind of block: its directives, and where its other ones are kept.
type schema[T any] struct {
	where  block
	codecs []codec[T]
	kept   func(*T) *Kept
}

// encode returns the statements of t.
func (s schema[T]) encode(t *T) []directive { return s.kept(t).arrange(s.typed(t)) }

// typed returns the statements of t that have a type.
func (s schema[T]) typed(t *T) []directive {
	var out []directive
	for _, c := range s.codecs {
		out = append(out, c.get(t)...)
	}
	return out
}

// decode takes the statements of a block into t, and keeps those that have no type.
func (s schema[T]) decode(t *T, list []directive) error {
	seen := make(map[string]bool, min(len(list), len(s.codecs)))
	kept := s.kept(t)
	order := make([]string, 0, len(list))
	for _, d := range list {
		took, err := s.take(t, d, seen)
		switch {
		case err != nil:
			return err
		case took:
			order = append(order, d.name)
		default:
			if r := ruleOf(d.name); r != nil && r.in&s.where == 0 {
				return failAt(d, "%q directive is not allowed here, in %s", d.name, s.where)
			}
			kept.Directives = append(kept.Directives, keep(d))
			order = append(order, "")
		}
	}
	if len(kept.Directives) > 0 {
		kept.Order = written(order, s.typed(t))
	}
	return nil
}

// take takes one statement if it has a type that can hold it.
func (s schema[T]) take(t *T, d directive, seen map[string]bool) (bool, error) {
	c := find(s.codecs, d.name)
	if c == nil || c.keep != nil && c.keep(d) {
		return false, nil
	}
	if err := c.shape(d); err != nil {
		return false, err
	}
	if seen[d.name] && !c.repeat {
		return false, failAt(d, "%q directive is duplicate", d.name)
	}
	seen[d.name] = true
	return true, c.set(t, d)
}

// written returns order without what is not written: a rate of 0, a stream without anything.
func written(order []string, typed []directive) []string {
	count := map[string]int{}
	for _, d := range typed {
		count[d.name]++
	}
	out := order[:0]
	for _, name := range order {
		if name == "" || count[name] > 0 {
			out = append(out, name)
			count[name]--
		}
	}
	return out
}

func find[T any](codecs []codec[T], name string) *codec[T] {
	for i := range codecs {
		if codecs[i].name == name {
			return &codecs[i]
		}
	}
	return nil
}

// shape checks the number of words, and that a block is there when it must be.
func (c *codec[T]) shape(d directive) error {
	switch {
	case c.block && !d.hasBlock:
		return failAt(d, "directive %q has no opening \"{\"", d.name)
	case !c.block && d.hasBlock:
		return failAt(d, "directive %q is not terminated by \";\"", d.name)
	case len(d.args) < c.minArgs || len(d.args) > c.maxArgs:
		return failAt(d, "invalid number of arguments in %q directive", d.name)
	default:
		return nil
	}
}

// text is a directive of one word.
func text[T any](name string, field func(*T) *string) codec[T] {
	return codec[T]{name: name, minArgs: 1, maxArgs: 1,
		get: func(t *T) []directive {
			if *field(t) == "" {
				return nil
			}
			return statement(name, *field(t))
		},
		set: func(t *T, d directive) error {
			if d.args[0] == "" {
				return failAt(d, "invalid value \"\" in %q directive", name)
			}
			*field(t) = d.args[0]
			return nil
		}}
}

// number is a directive of one positive number.
func number[T any](name string, field func(*T) *int) codec[T] {
	return codec[T]{name: name, minArgs: 1, maxArgs: 1,
		get: func(t *T) []directive {
			if *field(t) == 0 {
				return nil
			}
			return statement(name, strconv.Itoa(*field(t)))
		},
		set: func(t *T, d directive) error {
			n, err := parseNumber(d.args[0])
			if err != nil || n == 0 {
				return failAt(d, "invalid number in %q directive", name)
			}
			*field(t) = n
			return nil
		}}
}

// duration is a directive of one time above zero: in all that are here, zero would end every
// session at once.
func duration[T any](name string, field func(*T) *time.Duration) codec[T] {
	return codec[T]{name: name, minArgs: 1, maxArgs: 1,
		get: func(t *T) []directive {
			if *field(t) == 0 {
				return nil
			}
			return statement(name, formatTime(*field(t)))
		},
		set: func(t *T, d directive) error {
			v, err := parseTime(d.args[0], time.Millisecond)
			if err != nil || v == 0 {
				return failAt(d, "%q directive invalid value", name)
			}
			*field(t) = v
			return nil
		}}
}

// optional makes zero a value of a directive, where it is the default.
func optional[T any](c codec[T]) codec[T] {
	set := c.set
	c.set = func(t *T, d directive) error {
		if strings.Trim(d.args[0], "0") == "" && d.args[0] != "" || d.args[0] == "0s" {
			return nil
		}
		return set(t, d)
	}
	return c
}

// variable keeps statements whose value has variables, where a type holds none.
func variable[T any](c codec[T]) codec[T] {
	c.keep = func(d directive) bool { return len(d.args) == 1 && strings.Contains(d.args[0], "$") }
	return c
}

// size is a directive of one number of bytes.
func size[T any](name string, field func(*T) *Size) codec[T] {
	return codec[T]{name: name, minArgs: 1, maxArgs: 1,
		get: func(t *T) []directive {
			if *field(t) == 0 {
				return nil
			}
			return statement(name, formatSize(*field(t)))
		},
		set: func(t *T, d directive) error {
			v, err := parseSize(d.args[0])
			if err != nil || v == 0 {
				return failAt(d, "%q directive invalid value", name)
			}
			*field(t) = v
			return nil
		}}
}

// toggle is a directive of on or off.
func toggle[T any](name string, field func(*T) **bool) codec[T] {
	return codec[T]{name: name, minArgs: 1, maxArgs: 1,
		get: func(t *T) []directive {
			if *field(t) == nil {
				return nil
			}
			return statement(name, formatSwitch(**field(t)))
		},
		set: func(t *T, d directive) error {
			on, err := parseSwitch(d.args[0])
			if err != nil {
				return failAt(d, "invalid value %q in %q directive, it must be \"on\" or \"off\"", d.args[0], name)
			}
			*field(t) = &on
			return nil
		}}
}

// list is a directive that may occur more than once, each an item of a slice.
func list[T, I any](name string, minArgs, maxArgs int, field func(*T) *[]I, get func(I) []string, set func(*I, directive) error) codec[T] {
	return codec[T]{name: name, minArgs: minArgs, maxArgs: maxArgs, repeat: true,
		get: func(t *T) []directive {
			var out []directive
			for _, item := range *field(t) {
				out = append(out, statement(name, get(item)...)...)
			}
			return out
		},
		set: func(t *T, d directive) error {
			var item I
			if err := set(&item, d); err != nil {
				return err
			}
			*field(t) = append(*field(t), item)
			return nil
		}}
}
