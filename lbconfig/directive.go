package lbconfig

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// directive is one statement of a file: its words, and the block that follows them if any.
type directive struct {
	name  string
	args  []string
	block []directive
	// hasBlock tells an empty block from none.
	hasBlock bool
	// line and col are where the name stands, from 1.
	line, col int
	// kept says that it has no type here. Its name may need quotes then, as in a map.
	kept bool
}

// writeDirectives writes statements, blocks indented by four spaces.
func writeDirectives(out *bytes.Buffer, list []directive, depth int) error {
	indent := strings.Repeat("    ", depth)
	for i, d := range list {
		if d.hasBlock && depth == 0 && i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(indent)
		name := d.name
		if d.kept {
			var err error
			if name, err = quoteWord(name); err != nil {
				return fmt.Errorf("a directive's name: %w", err)
			}
		}
		out.WriteString(name)
		for _, a := range d.args {
			word, err := quoteWord(a)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			out.WriteByte(' ')
			out.WriteString(word)
		}
		switch {
		case !d.hasBlock:
			out.WriteString(";\n")
		case len(d.block) == 0:
			out.WriteString(" {}\n")
		default:
			out.WriteString(" {\n")
			if err := writeDirectives(out, d.block, depth+1); err != nil {
				return err
			}
			out.WriteString(indent)
			out.WriteString("}\n")
		}
	}
	return nil
}

// maxWord is how long a word may be: nginx reads its file through a buffer of 4096 bytes, which
// must hold a word with its quotes (NGX_CONF_BUFFER).
const maxWord = 4000

// quoteWord returns s as one word of a file, in quotes where it needs them.
func quoteWord(s string) (string, error) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return "", fmt.Errorf("%q is not text", s)
	}
	word := s
	if s == "" || strings.ContainsAny(s, " \t\r\n;{}\"'\\#") {
		word = `"` + wordEscaper.Replace(s) + `"`
	}
	if len(word) > maxWord {
		return "", fmt.Errorf("a word of %d bytes is longer than nginx reads", len(word))
	}
	return word, nil
}

var wordEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`)
