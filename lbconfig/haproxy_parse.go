package lbconfig

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseHAProxy reads a configuration of the statements that HAProxyConfig has, in any order and with
// comments: Parse(Render(c)) equals c. Errors are *ParseError. Any other statement is an error, as are quotes, backslashes
// and variables, a section global or defaults that is there twice, one without a mode, and a statement that would replace an earlier one.
func ParseHAProxy(file []byte) (HAProxyConfig, error) {
	p := haproxyParser{seen: map[string]bool{}}
	text := string(file)
	if text != "" && !strings.HasSuffix(text, "\n") {
		return p.c, &ParseError{Line: strings.Count(text, "\n") + 1, Col: 1, Msg: "Missing LF on last line, file might have been truncated"}
	}
	line := 0
	for l := range strings.Lines(text) {
		line++
		words, err := haproxyWords(l)
		if err == nil && len(words) > 0 {
			err = p.statement(words)
		}
		if err != nil {
			return HAProxyConfig{}, &ParseError{Line: line, Col: 1 + len(l) - len(strings.TrimLeft(l, " \t")), Msg: err.Error()}
		}
	}
	for _, s := range []string{"global", "defaults"} {
		if !p.seen[s] {
			return HAProxyConfig{}, &ParseError{Line: line + 1, Col: 1, Msg: "no section " + s}
		}
	}
	if !p.seen["defaults/mode"] {
		return HAProxyConfig{}, &ParseError{Line: line + 1, Col: 1, Msg: "no mode in section defaults"}
	}
	return p.c, nil
}

// haproxyWords are the words of a line up to a comment.
func haproxyWords(line string) ([]string, error) {
	line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "#")
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	for _, w := range words {
		if !haproxyPlain(w) {
			return nil, fmt.Errorf("%q: quotes, escapes and variables are not read", w)
		}
	}
	return words, nil
}

// haproxyParser collects what the lines say.
type haproxyParser struct {
	c       HAProxyConfig
	section string          // the one that the lines belong to, with its name
	kind    string          // its first word
	seen    map[string]bool // sections and statements that there are once
}

// statement takes one line.
func (p *haproxyParser) statement(words []string) error {
	switch words[0] {
	case "global", "defaults":
		if len(words) != 1 {
			return fmt.Errorf("'%s' cannot handle a name here", words[0])
		}
		if len(p.c.Frontends)+len(p.c.Backends) > 0 {
			return fmt.Errorf("'%s' after a frontend or backend, for which it does not hold", words[0])
		}
		p.kind, p.section = words[0], words[0]
		return p.once(words[0])
	case "frontend", "backend":
		if len(words) != 2 {
			return fmt.Errorf("'%s' expects a name", words[0])
		}
		p.kind, p.section = words[0], words[0]+" "+words[1]
		if err := p.once(p.section); err != nil {
			return err
		}
		if p.kind == "frontend" {
			p.c.Frontends = append(p.c.Frontends, HAProxyFrontend{Name: words[1]})
		} else {
			p.c.Backends = append(p.c.Backends, HAProxyBackend{Name: words[1]})
		}
		return nil
	}
	switch p.kind {
	case "global":
		return p.global(words)
	case "defaults":
		return p.defaults(words)
	case "frontend":
		return p.frontend(words)
	case "backend":
		return p.backend(words)
	}
	return fmt.Errorf("unknown keyword '%s' out of section", words[0])
}

// once refuses what would replace an earlier statement.
func (p *haproxyParser) once(key string) error {
	if p.seen[key] {
		return fmt.Errorf("'%s' is there already", key)
	}
	p.seen[key] = true
	return nil
}

func (p *haproxyParser) unknown(words []string) error {
	return fmt.Errorf("unknown statement '%s' in section '%s'", strings.Join(words, " "), p.section)
}

func (p *haproxyParser) global(words []string) error {
	g := &p.c.Global
	if err := p.once("global/" + words[0]); err != nil {
		return err
	}
	rest := words[1:]
	switch words[0] {
	case "description":
		return setHAProxyWord(&g.Description, rest)
	case "log":
		return g.Log.parse(rest)
	case "user":
		return setHAProxyWord(&g.User, rest)
	case "group":
		return setHAProxyWord(&g.Group, rest)
	case "maxconn":
		return setHAProxyNumber(&g.MaxConn, rest)
	case "nbthread":
		return setHAProxyNumber(&g.Threads, rest)
	case "hard-stop-after":
		return setHAProxyTime(&g.HardStopAfter, rest)
	case "server-state-file":
		return setHAProxyWord(&g.ServerStateFile, rest)
	case "stats":
		return g.StatsSocket.parse(rest)
	}
	return p.unknown(words)
}

func (l *HAProxyLog) parse(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("'log' expects a target and a facility")
	}
	l.Target, words = words[0], words[1:]
	if words[0] == "format" {
		if len(words) < 3 {
			return fmt.Errorf("'log' expects a format and a facility")
		}
		l.Format, words = words[1], words[2:]
	}
	l.Facility = words[0]
	if len(words) > 2 {
		return fmt.Errorf("'log': unknown argument '%s'", words[2])
	}
	if len(words) == 2 {
		l.Level = words[1]
	}
	return nil
}

func (s *HAProxyStatsSocket) parse(words []string) error {
	if len(words) < 2 || words[0] != "socket" {
		return fmt.Errorf("'stats' expects socket and a path")
	}
	s.Path = words[1]
	for rest := words[2:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) < 2 {
			return fmt.Errorf("'stats socket': '%s' expects a value", rest[0])
		}
		switch {
		case rest[0] == "mode" && s.Mode == "":
			s.Mode = rest[1]
		case rest[0] == "level" && s.Level == "":
			s.Level = rest[1]
		case rest[0] == "expose-fd" && rest[1] == "listeners" && !s.ExposeFDListeners:
			s.ExposeFDListeners = true
		default:
			return fmt.Errorf("'stats socket': unknown argument '%s %s'", rest[0], rest[1])
		}
	}
	return nil
}

func (p *haproxyParser) defaults(words []string) error {
	d := &p.c.Defaults
	key := words[0]
	if len(words) > 1 && (key == "option" || key == "timeout") {
		key += " " + words[1]
	}
	if err := p.once("defaults/" + key); err != nil {
		return err
	}
	if words[0] == "timeout" && len(words) > 1 {
		for _, t := range d.timeouts() {
			if t.name == words[1] {
				return setHAProxyTime(t.value, words[2:])
			}
		}
		return p.unknown(words)
	}
	switch strings.Join(words, " ") {
	case "mode tcp":
	case "log global":
		d.LogGlobal = true
	case "option tcplog":
		d.TCPLog = true
	case "option dontlog-normal":
		d.DontLogNormal = true
	case "option clitcpka":
		d.ClientKeepalive = true
	case "option srvtcpka":
		d.ServerKeepalive = true
	case "option redispatch 1":
		d.Redispatch = true
	case "load-server-state-from-file global":
		d.LoadServerState = true
	default:
		if words[0] == "retries" {
			return setHAProxyNumber(&d.Retries, words[1:])
		}
		return p.unknown(words)
	}
	return nil
}

func (p *haproxyParser) frontend(words []string) error {
	f := &p.c.Frontends[len(p.c.Frontends)-1]
	switch {
	case words[0] == "bind" && len(words) == 2:
		a, err := parseHAProxyAddress(words[1])
		if err != nil {
			return fmt.Errorf("'bind': '%s' is not an address and a port", words[1])
		}
		f.Binds = append(f.Binds, a)
		return nil
	case words[0] == "default_backend":
		if err := p.once(p.section + "/default_backend"); err != nil {
			return err
		}
		return setHAProxyWord(&f.DefaultBackend, words[1:])
	}
	return p.unknown(words)
}

func (p *haproxyParser) backend(words []string) error {
	b := &p.c.Backends[len(p.c.Backends)-1]
	if words[0] == "server" {
		if len(words) < 3 {
			return fmt.Errorf("'server' expects a name and an address")
		}
		a, err := parseHAProxyAddress(words[2])
		if err != nil {
			return fmt.Errorf("'server %s': '%s' is not an address and a port", words[1], words[2])
		}
		s := HAProxyServer{Name: words[1], Address: a}
		b.Servers = append(b.Servers, s)
		return b.Servers[len(b.Servers)-1].parse(words[3:])
	}
	key := words[0]
	if key == "option" && len(words) > 1 {
		key += " " + words[1]
	}
	if err := p.once(p.section + "/" + key); err != nil {
		return err
	}
	switch {
	case words[0] == "balance":
		return setHAProxyWord((*string)(&b.Balance), words[1:])
	case slices.Equal(words, []string{"option", "allbackups"}):
		b.AllBackups = true
	case key == "option httpchk" && len(words) == 4:
		if b.HTTPCheck == nil {
			b.HTTPCheck = &HAProxyHTTPCheck{}
		}
		b.HTTPCheck.Method, b.HTTPCheck.Path = words[2], words[3]
	case len(words) == 4 && words[0] == "http-check" && words[1] == "expect" && words[2] == "status":
		if b.HTTPCheck == nil {
			return fmt.Errorf("'http-check expect' before 'option httpchk'")
		}
		return setHAProxyNumber(&b.HTTPCheck.Status, words[3:])
	case words[0] == "default-server":
		if len(b.Servers) > 0 {
			return fmt.Errorf("'default-server' after a server, for which it does not hold")
		}
		if len(words) == 1 {
			return fmt.Errorf("'default-server' expects settings")
		}
		return b.DefaultServer.parse(words[1:])
	default:
		return p.unknown(words)
	}
	return nil
}

// parse reads settings from a line.
func (v *HAProxyServerSettings) parse(words []string) error {
	for len(words) > 0 {
		used, err := v.one(words)
		if err != nil {
			return err
		}
		words = words[used:]
	}
	return nil
}

// one reads the setting at the beginning of words and says how many of them it is.
func (v *HAProxyServerSettings) one(words []string) (int, error) {
	twice := fmt.Errorf("'%s' is there already", words[0])
	for _, f := range v.flags() {
		if n := len(f.words); len(words) >= n && slices.Equal(words[:n], f.words) {
			if *f.value {
				return 0, twice
			}
			*f.value = true
			return n, nil
		}
	}
	arg := words[1:min(2, len(words))]
	for _, f := range v.texts() {
		if f.name == words[0] {
			if *f.value != "" {
				return 0, twice
			}
			return 2, setHAProxyWord(f.value, arg)
		}
	}
	for _, f := range v.times() {
		if f.name == words[0] {
			if *f.value != 0 {
				return 0, twice
			}
			return 2, setHAProxyTime(f.value, arg)
		}
	}
	for _, f := range v.numbers() {
		if f.name == words[0] {
			if *f.value != 0 {
				return 0, twice
			}
			return 2, setHAProxyNumber(f.value, arg)
		}
	}
	return 0, fmt.Errorf("unknown setting '%s'", words[0])
}

func setHAProxyWord(into *string, words []string) error {
	if len(words) != 1 {
		return fmt.Errorf("expects one argument, has %d", len(words))
	}
	*into = words[0]
	return nil
}

// setHAProxyNumber reads a number above zero: zero is what an unset one is, and HAProxy takes it for other things.
func setHAProxyNumber(into *int, words []string) error {
	var text string
	if err := setHAProxyWord(&text, words); err != nil {
		return err
	}
	n, err := parseNumber(text)
	if err != nil || n == 0 || n > math.MaxInt32 {
		return fmt.Errorf("'%s' is not a number above zero", text)
	}
	*into = n
	return nil
}

// setHAProxyTime reads a number with one unit; without a unit it is milliseconds.
func setHAProxyTime(into *time.Duration, words []string) error {
	var text string
	if err := setHAProxyWord(&text, words); err != nil {
		return err
	}
	digits := strings.TrimRight(text, "dhms")
	unit := time.Duration(0)
	switch suffix := text[len(digits):]; suffix {
	case "":
		unit = time.Millisecond
	default:
		for _, u := range haproxyUnits {
			if u.name == suffix {
				unit = u.unit
			}
		}
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || unit == 0 || n == 0 || time.Duration(n) > maxHAProxyTime/unit {
		return fmt.Errorf("'%s' is not a time above zero that HAProxy can count", text)
	}
	*into = time.Duration(n) * unit
	return nil
}

// maxHAProxyTime is what HAProxy counts in 31 bits of milliseconds.
const maxHAProxyTime = math.MaxInt32 * time.Millisecond
