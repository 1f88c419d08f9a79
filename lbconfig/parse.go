package lbconfig

import "unicode/utf8"

// maxDepth is how deep blocks may be nested; stream needs three levels.
const maxDepth = 16

// maxWords is how many words a statement has at most; nginx's own limits are 7 for most directives
// and none for the others.
const maxWords = 10_000

// MaxFile is the longest text that is read, in bytes.
const MaxFile = 4 << 20

// maxStatements is how many statements a text has at most: far more than a balancer needs, and few
// enough for each to cost a few hundred bytes.
const maxStatements = 100_000

// Parse reads a main file, one that Render wrote or one that was typed. What nginx would refuse
// for its form, or for a value of a directive that has a type here, is a *ParseError with line and
// column; what is right in form and wrong in sense is Validate's. Directives that have no type here
// are kept with their places (see Kept). Comments are not.
//
// include is kept and not followed: see Config.Includes.
func Parse(file []byte) (Config, error) {
	list, err := statements(file)
	if err != nil {
		return Config{}, err
	}
	return fromStatements(list)
}

// fromStatements reads the statements of a main file.
func fromStatements(list []directive) (Config, error) {
	var c Config
	if err := moduleOrder(list); err != nil {
		return c, err
	}
	if err := formatOrder(list); err != nil {
		return c, err
	}
	if err := mainSchema().decode(&c, list); err != nil {
		return Config{}, err
	}
	return c, nil
}

// ParseStrict is Parse for a file in which every directive has a type here: any other is a
// *ParseError, so that nothing of what nginx would do is outside of the Config.
func ParseStrict(file []byte) (Config, error) {
	c, err := Parse(file)
	if err != nil {
		return c, err
	}
	if err := refuseKept(c.kept()); err != nil {
		return Config{}, err
	}
	return c, nil
}

// refuseKept refuses the first directive in the file that is kept.
func refuseKept(blocks []keptBlock) error {
	var first *Directive
	for _, b := range blocks {
		for i, d := range b.kept.Directives {
			if first == nil || d.Line < first.Line || d.Line == first.Line && d.Col < first.Col {
				first = &b.kept.Directives[i]
			}
		}
	}
	if first == nil {
		return nil
	}
	return noType(*first)
}

// statements reads a text as a list of statements.
func statements(text []byte) ([]directive, error) {
	if len(text) > MaxFile {
		return nil, &ParseError{Line: 1, Col: 1, Msg: "longer than 4 MiB"}
	}
	if !utf8.Valid(text) {
		return nil, &ParseError{Line: 1, Col: 1, Msg: "not UTF-8 text"}
	}
	p := parser{lex: newLexer(string(text))}
	return p.statements(0)
}

// parser builds statements from tokens.
type parser struct {
	lex *lexer
	// count of statements so far.
	count int
}

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
		if p.count++; p.count > maxStatements {
			return nil, &ParseError{Line: t.line, Col: t.col, Msg: "too many statements"}
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
			if len(d.args) >= maxWords {
				return d, &ParseError{Line: t.line, Col: t.col, Msg: "too many words"}
			}
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

// formatOrder refuses an access_log before the log_format that it names, which nginx does not know
// yet then. Render writes them the other way round.
func formatOrder(list []directive) error {
	late := map[string]bool{}
	for _, d := range list {
		if d.name != "stream" {
			continue
		}
		for _, f := range d.block {
			if f.name == "log_format" && len(f.args) > 0 {
				late[f.args[0]] = true
			}
		}
		if err := formatsBefore(d.block, late); err != nil {
			return err
		}
	}
	return nil
}

func formatsBefore(list []directive, late map[string]bool) error {
	for _, d := range list {
		switch {
		case d.name == "log_format" && len(d.args) > 0:
			delete(late, d.args[0])
		case d.name == "access_log" && len(d.args) > 1 && late[d.args[1]]:
			return failAt(d, "unknown log format %q", d.args[1])
		case d.name == "server":
			if err := formatsBefore(d.block, late); err != nil {
				return err
			}
		}
	}
	return nil
}
