package lbconfig

import "unicode/utf8"

// maxDepth is how deep blocks may be nested; stream needs three levels.
const maxDepth = 16

// Parse reads a main file, one that Render wrote or one that was typed, as nginx would: anything
// it would refuse for its form, and any directive that is not in the types of this package, is a
// *ParseError with line and column. What is right in form and wrong in sense is Validate's.
// Comments and the order of directives of different kinds are not kept.
func Parse(file []byte) (Config, error) {
	var c Config
	if !utf8.Valid(file) {
		return c, &ParseError{Line: 1, Col: 1, Msg: "not UTF-8 text"}
	}
	p := parser{lex: newLexer(string(file))}
	list, err := p.statements(0)
	if err != nil {
		return c, err
	}
	if err := moduleOrder(list); err != nil {
		return c, err
	}
	if err := decodeBlock(&c, "the main file", list, mainCodecs()); err != nil {
		return Config{}, err
	}
	return c, nil
}

// parser builds statements from tokens.
type parser struct{ lex *lexer }

// statements reads up to the end of a block, or of the file at depth 0.
func (p *parser) statements(depth int) ([]directive, error) {
	var out []directive
	for {
		t, err := p.lex.next()
		if err != nil {
			return nil, err
		}
		switch {
		case t.kind == tokenEOF && depth == 0, t.kind == tokenClose && depth > 0:
			return out, nil
		case t.kind == tokenEOF:
			return nil, unexpected(t, `end of file, expecting "}"`)
		case t.kind == tokenClose:
			return nil, unexpected(t, `"}"`)
		case t.kind == tokenEnd:
			return nil, unexpected(t, `";"`)
		case t.kind == tokenOpen:
			return nil, unexpected(t, `"{"`)
		}
		d, err := p.statement(t, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
}

// statement reads what follows a directive's name.
func (p *parser) statement(name token, depth int) (directive, error) {
	d := directive{name: name.text, line: name.line, col: name.col}
	for {
		t, err := p.lex.next()
		if err != nil {
			return d, err
		}
		switch t.kind {
		case tokenWord:
			d.args = append(d.args, t.text)
		case tokenEnd:
			return d, nil
		case tokenOpen:
			if depth >= maxDepth {
				return d, &ParseError{Line: t.line, Col: t.col, Msg: "blocks are nested too deeply"}
			}
			d.hasBlock = true
			d.block, err = p.statements(depth + 1)
			return d, err
		case tokenClose:
			return d, unexpected(t, `"}"`)
		default:
			return d, unexpected(t, `end of file, expecting ";" or "}"`)
		}
	}
}

func unexpected(t token, what string) error {
	return &ParseError{Line: t.line, Col: t.col, Msg: "unexpected " + what}
}

// moduleOrder refuses a load_module after a block, by when nginx has settled its modules.
func moduleOrder(list []directive) error {
	block := false
	for _, d := range list {
		if d.name == "load_module" && block {
			return failAt(d, "\"load_module\" directive is specified too late")
		}
		block = block || d.hasBlock
	}
	return nil
}
