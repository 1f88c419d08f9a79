package lbconfig

import (
	"fmt"
	"strings"
)

// ParseError says where and why a file could not be read.
type ParseError struct {
	// Line and Col are where, from 1; Col counts bytes.
	Line, Col int
	// Msg says why, in nginx's words where it has any.
	Msg string
}

// Error returns line, column and reason.
func (e *ParseError) Error() string {
	return fmt.Sprintf("lbconfig: parse: line %d, column %d: %s", e.Line, e.Col, e.Msg)
}

// Problem is one thing wrong with a Config.
type Problem struct {
	// Path in the Config, such as Stream.Servers[0].Listen[1].
	Path string
	// Code is short and stable, such as duplicate-listen.
	Code string
	// Message says what is wrong, in nginx's words where it has any.
	Message string
}

// String returns path and message.
func (p Problem) String() string { return p.Path + ": " + p.Message }

// ValidationError is everything wrong with a Config.
type ValidationError struct {
	// Problems in the order of the Config's fields; at least one.
	Problems []Problem
}

// Error returns all problems, one a line when there are several.
func (e *ValidationError) Error() string {
	if len(e.Problems) == 1 {
		return "lbconfig: invalid configuration: " + e.Problems[0].String()
	}
	var b strings.Builder
	b.WriteString("lbconfig: invalid configuration:")
	for _, p := range e.Problems {
		b.WriteString("\n  ")
		b.WriteString(p.String())
	}
	return b.String()
}
