package lbconfig

import (
	"fmt"
	"strings"
)

// failAt returns a *ParseError at a statement.
func failAt(d directive, format string, args ...any) error {
	return &ParseError{Line: d.line, Col: d.col, Msg: fmt.Sprintf(format, args...)}
}

// unknownDirective says of a statement that it is no directive, or not one of this block.
func unknownDirective(d directive, where string) error {
	if d.name == "include" {
		return failAt(d, "\"include\" is not followed: give the text of %q in its place", strings.Join(d.args, " "))
	}
	known := find(mainCodecs(), d.name) != nil || find(eventsCodecs(), d.name) != nil || find(streamCodecs(), d.name) != nil ||
		find(upstreamCodecs(), d.name) != nil || find(serverCodecs(), d.name) != nil
	if known {
		return failAt(d, "%q directive is not allowed here, in %s", d.name, where)
	}
	return failAt(d, "unknown directive %q", d.name)
}
