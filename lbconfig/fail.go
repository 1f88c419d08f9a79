package lbconfig

import (
	"fmt"
	"strings"
)

// failAt returns a *ParseError at a statement.
func failAt(d directive, format string, args ...any) error {
	return &ParseError{Line: d.line, Col: d.col, Msg: fmt.Sprintf(format, args...)}
}

// noType says of a kept directive why a strict reader does not take it.
func noType(d Directive) error {
	at := directive{line: d.Line, col: d.Col}
	switch r := ruleOf(d.Name); {
	case d.Name == "include":
		return failAt(at, "\"include\" is not followed: give the text of %q in its place", strings.Join(d.Args, " "))
	case r == nil || r.plus:
		return failAt(at, "unknown directive %q", d.Name)
	default:
		return failAt(at, "%q directive has no type here", d.Name)
	}
}

// index returns the path of an item of a list.
func index(path string, i int) string { return path + "[" + itoa(i) + "]" }
