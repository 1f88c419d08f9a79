package lbconfig

import (
	"fmt"
	"slices"
)

// Validate returns a *ValidationError with everything in c that nginx would refuse or that cannot
// work, or nil. It asks nothing about the host: whether a name resolves, an address exists, a port
// is free or a module is installed; for the last see ValidateOn.
//
// Beyond what nginx refuses, these are problems too: a stream without servers, a backend named
// twice, a server with both proxy_pass and return.
func (c Config) Validate() error { return c.problems().err() }

// Build is what an nginx was built with.
type Build struct {
	// StreamBuiltIn says whether the stream module is compiled in; loading it is an error then.
	StreamBuiltIn bool
	// Modules are the paths of the dynamic modules that are installed.
	Modules []string
}

// DebianBuild is Debian's and Ubuntu's nginx with the package libnginx-mod-stream.
func DebianBuild() Build { return Build{Modules: []string{string(ModuleDebian)}} }

// ValidateOn is Validate and, besides, what that build would refuse: stream without its module, a
// module that is not there or is compiled in.
func (c Config) ValidateOn(b Build) error {
	p := c.problems()
	loaded := b.StreamBuiltIn
	for i, m := range c.Main.LoadModules {
		path := fmt.Sprintf("Main.LoadModules[%d]", i)
		switch {
		case isStreamModule(m) && b.StreamBuiltIn:
			p.add(path, "module-loaded", "module \"ngx_stream_module\" is already loaded")
		case !slices.Contains(b.Modules, m):
			p.add(path, "module-missing", "no module %q: dlopen() would fail", m)
		}
		loaded = loaded || isStreamModule(m)
	}
	if !loaded {
		p.add("Stream", "module-missing", "unknown directive \"stream\": its module is neither compiled in nor loaded")
	}
	return p.err()
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
	switch {
	case c.Events == nil:
		p.add("Events", "no-events", "no \"events\" section in configuration")
	case c.Events.WorkerConnections < 0:
		p.add("Events.WorkerConnections", "negative", "is negative")
	}
	c.Stream.validate(&p)
	if _, err := c.Render(); err != nil {
		p.add("Config", "not-text", "%v", err)
	}
	return p
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
		if err := new(ErrorLog).parse(directive{args: []string{l.Path, l.Level}}); l.Level != "" && err != nil {
			p.add(path, "bad-level", "invalid log level %q", l.Level)
		}
	}
}
