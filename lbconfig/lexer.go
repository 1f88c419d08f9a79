package lbconfig

import "strings"

// tokenKind is what a token is.
type tokenKind int

const (
	tokenWord  tokenKind = iota
	tokenEnd             // ;
	tokenOpen            // {
	tokenClose           // }
	tokenEOF
)

// token is one word or mark of a file.
type token struct {
	kind tokenKind
	// text is a word without its quotes and escapes.
	text string
	// quoted says whether the word stood in quotes.
	quoted    bool
	line, col int
}

// lexer splits a file as nginx does (src/core/ngx_conf_file.c, ngx_conf_read_token): a word ends
// at white space, a semicolon or an opening brace, a comment begins where a word could, and a brace
// after a dollar sign belongs to a variable's name.
type lexer struct {
	src       string
	pos       int
	line, col int
}

func newLexer(src string) *lexer { return &lexer{src: src, line: 1, col: 1} }

// next returns the next token.
func (l *lexer) next() (token, error) {
	l.skipSpace()
	t := token{line: l.line, col: l.col}
	if l.pos == len(l.src) {
		t.kind = tokenEOF
		return t, nil
	}
	switch l.src[l.pos] {
	case ';':
		t.kind = tokenEnd
		l.advance(1)
		return t, nil
	case '{':
		t.kind = tokenOpen
		l.advance(1)
		return t, nil
	case '}':
		t.kind = tokenClose
		l.advance(1)
		return t, nil
	case '"', '\'':
		return l.quoted(t)
	default:
		return l.word(t)
	}
}

// word reads a word without quotes.
func (l *lexer) word(t token) (token, error) {
	start, variable := l.pos, false
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == '\\':
			l.advance(min(2, len(l.src)-l.pos))
			variable = false
			continue
		case c == '{' && variable:
			// ${name}: part of the word
		case isSpace(c) || c == ';' || c == '{':
			return l.finish(t, l.src[start:l.pos])
		}
		variable = c == '$'
		l.advance(1)
	}
	return l.finish(t, l.src[start:l.pos])
}

// quoted reads a word in quotes. Something other than the end of a word right after the closing
// quote is an error, except a closing parenthesis, which is a word of its own to nginx.
func (l *lexer) quoted(t token) (token, error) {
	quote := l.src[l.pos]
	l.advance(1)
	start := l.pos
	for l.pos < len(l.src) && l.src[l.pos] != quote {
		if l.src[l.pos] == '\\' {
			l.advance(1)
		}
		if l.pos < len(l.src) {
			l.advance(1)
		}
	}
	if l.pos == len(l.src) {
		return t, &ParseError{Line: t.line, Col: t.col, Msg: "unexpected end of file: a quote is not closed"}
	}
	raw := l.src[start:l.pos]
	l.advance(1)
	if l.pos < len(l.src) {
		if c := l.src[l.pos]; !isSpace(c) && c != ';' && c != '{' && c != ')' {
			return t, &ParseError{Line: l.line, Col: l.col, Msg: "unexpected " + quoteChar(c) + " after a quoted word"}
		}
	}
	t.quoted = true
	return l.finish(t, raw)
}

// finish makes raw the text of the word t.
func (l *lexer) finish(t token, raw string) (token, error) {
	if len(raw) > maxWord {
		return t, &ParseError{Line: t.line, Col: t.col, Msg: "too long parameter"}
	}
	if strings.IndexByte(raw, 0) >= 0 {
		return t, &ParseError{Line: t.line, Col: t.col, Msg: "a NUL in a word"}
	}
	t.text = unescape(raw)
	return t, nil
}

// unescape takes the escapes that nginx knows; a backslash before another character stays.
func unescape(raw string) string {
	if !strings.Contains(raw, `\`) {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			switch raw[i+1] {
			case '"', '\'', '\\':
				i++
				b.WriteByte(raw[i])
				continue
			case 't':
				i++
				b.WriteByte('\t')
				continue
			case 'r':
				i++
				b.WriteByte('\r')
				continue
			case 'n':
				i++
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(raw[i])
	}
	return b.String()
}

// skipSpace goes to the next token, over white space and comments.
func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case isSpace(c):
			l.advance(1)
		case c == '#':
			end := strings.IndexByte(l.src[l.pos:], '\n')
			if end < 0 {
				end = len(l.src) - l.pos
			}
			l.advance(end)
		default:
			return
		}
	}
}

// advance goes n bytes on.
func (l *lexer) advance(n int) {
	for range n {
		if l.src[l.pos] == '\n' {
			l.line, l.col = l.line+1, 1
		} else {
			l.col++
		}
		l.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func quoteChar(c byte) string { return `"` + string(rune(c)) + `"` }
