package lbconfig

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Validate returns a *ValidationError with everything in c that nginx would refuse or that cannot
// work, or nil. It asks nothing about the host: whether a name resolves, an address or a user exists, a
// port is free or a module is installed; for the last and for versions see ValidateOn.
//
// Beyond what nginx refuses, these are problems too: a stream without servers, a backend named
// twice, a server with both proxy_pass and return, a listener that ends TLS, and a kept directive that
// only nginx can judge, such as map, http or include (code unchecked; see Ignore).
func (c Config) Validate() error { return c.problems().err() }

// ValidateOn is Validate and, besides, what that build would refuse: stream without its module, a
// module that is not there or is compiled in, directives and parameters that are newer than its
// version (code too-new) or only the commercial nginx's (commercial, which Validate has too).
func (c Config) ValidateOn(b Build) error {
	p := c.problems()
	c.validateModules(&p, b)
	c.validateVersion(&p, b.Version)
	return p.err()
}

// Ignore returns err without the problems of some codes: nil when none is left. An err that is no
// *ValidationError comes back as it is.
func Ignore(err error, codes ...string) error {
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	left := problems(slices.DeleteFunc(slices.Clone(invalid.Problems), func(p Problem) bool { return slices.Contains(codes, p.Code) }))
	return left.err()
}

// validateModules compares the modules that c loads with those of the build.
func (c Config) validateModules(p *problems, b Build) {
	loaded := b.StreamBuiltIn
	for i, m := range c.Main.LoadModules {
		path := index("Main.LoadModules", i)
		switch {
		case isStreamModule(m) && b.StreamBuiltIn:
			p.add(path, "module-loaded", "module \"ngx_stream_module\" is already loaded")
		case !slices.Contains(b.Modules, m):
			p.add(path, "module-missing", "no module %q: dlopen() would fail", m)
		}
		loaded = loaded || isStreamModule(m)
	}
	for i, d := range c.Kept.Directives {
		if d.Name != "include" || len(d.Args) != 1 {
			continue
		}
		path := index("Kept.Directives", i)
		switch known := isModuleInclude(d.Args[0]); {
		case known && !slices.Contains(b.Included, d.Args[0]) && !b.StreamBuiltIn:
			p.add(path, "module-missing", "%s loads no module there", d.Args[0])
		case known && loaded && !b.StreamBuiltIn:
			p.add(path, "module-loaded", "module \"ngx_stream_module\" is already loaded")
		}
		loaded = loaded || slices.Contains(b.Included, d.Args[0])
	}
	if !loaded && len(streamSchema().encode(&c.Stream)) > 0 {
		p.add("Stream", "module-missing", "unknown directive \"stream\": its module is neither compiled in nor loaded")
	}
}

// problems are collected, never stopped at.
type problems []Problem

func (p *problems) add(path, code, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &ValidationError{Problems: p}
}

func (c Config) problems() problems {
	var p problems
	c.Main.validate(&p)
	if c.Events == nil {
		p.add("Events", "no-events", "no \"events\" section in configuration")
	} else {
		c.Events.validate(&p)
	}
	c.Stream.validate(&p)
	for _, b := range c.kept() {
		b.validate(&p)
	}
	if _, err := c.Render(); err != nil {
		p.add("Config", "not-text", "%v", err)
	}
	return c.withoutDefined(p)
}

// withoutDefined drops the problems of variables that kept directives define.
func (c Config) withoutDefined(p problems) problems {
	defined := map[string]bool{}
	for _, b := range c.kept() {
		for _, d := range b.kept.Directives {
			at := -1
			switch d.Name {
			case "set":
				at = 0
			case "map", "split_clients":
				at = 1
			case "geo":
				at = len(d.Args) - 1
			}
			if at >= 0 && at < len(d.Args) {
				defined[unknownVariable(strings.TrimPrefix(d.Args[at], "$"))] = true
			}
		}
	}
	return slices.DeleteFunc(p, func(x Problem) bool { return x.Code == "unknown-variable" && defined[x.Message] })
}

func (e Events) validate(p *problems) {
	if e.WorkerConnections < 0 {
		p.add("Events.WorkerConnections", "negative", "is negative")
	}
	if e.Use != "" && e.Use != "epoll" {
		p.add("Events.Use", "bad-method", "invalid event type %q: on Linux nginx has epoll", e.Use)
	}
	p.duration("Events.AcceptMutexDelay", e.AcceptMutexDelay)
}

func (m Main) validate(p *problems) {
	for i, path := range m.LoadModules {
		switch {
		case path == "":
			p.add(fmt.Sprintf("Main.LoadModules[%d]", i), "empty", "no path")
		case slices.Contains(m.LoadModules[:i], path):
			p.add(fmt.Sprintf("Main.LoadModules[%d]", i), "module-loaded", "module %q is already loaded", path)
		}
	}
	if m.User == "" && m.Group != "" {
		p.add("Main.Group", "no-user", "a group without a user")
	}
	if n, err := parseNumber(m.WorkerProcesses); m.WorkerProcesses != "" && m.WorkerProcesses != "auto" && (err != nil || n == 0) {
		p.add("Main.WorkerProcesses", "bad-number", "%q is neither auto nor a number above zero", m.WorkerProcesses)
	}
	if m.WorkerRlimitNofile < 0 {
		p.add("Main.WorkerRlimitNofile", "negative", "is negative")
	}
	p.duration("Main.WorkerShutdownTimeout", m.WorkerShutdownTimeout)
	for i, l := range m.ErrorLogs {
		path := fmt.Sprintf("Main.ErrorLogs[%d]", i)
		if l.Path == "" {
			p.add(path, "empty", "no path")
		}
		p.logPath(path, l.Path)
		if err := new(ErrorLog).parse(directive{args: []string{l.Path, l.Level}}); l.Level != "" && err != nil {
			p.add(path, "bad-level", "invalid log level %q", l.Level)
		}
	}
}
