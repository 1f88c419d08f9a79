// Package balance measures what clients notice of a load balancer's backends: stopped, hung,
// unplugged, removed, added, all gone for a while. Everything is on this machine, in network
// namespaces of its own; it needs root.
//
//	results, err := balance.Measure(ctx, []balance.Engine{balance.NginxDefaults(), balance.Nginx(lbconfig.DeadHosts)}, balance.Load{})
//	fmt.Print(balance.Table(results))
//
// An Engine is a program with a configuration file and a way to read it again; another one is one more
// function like Nginx.
package balance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
)

// Engine is a load balancer to measure.
type Engine struct {
	// Name in the table.
	Name string
	// Config returns the text of its file, for these backends, when it is to listen on listen and have
	// its own files in dir. The file is dir/balancer.conf.
	Config func(listen netip.AddrPort, backends []netip.AddrPort, dir string) ([]byte, error)
	// Argv starts it in the foreground.
	Argv func(dir string) []string
	// Reload makes the process read its file again.
	Reload func(ctx context.Context, process *os.Process, dir string) error
	// Check looks at what it left in dir when it has ended. Nil: nothing is looked at.
	Check func(dir string) error
}

// Load is what clients do. The zero Load is the one that documents quote.
type Load struct {
	// Rate is new connections a second, each with a TLS handshake, one request and one answer. Unset: 200.
	Rate int
	// Limit is how long one may take. Unset: 2 s.
	Limit time.Duration
	// Fault is how long a fault lasts, After how long it is watched when it is over, which
	// should be longer than an engine remembers it. Unset: 12 s and 11 s.
	Fault, After time.Duration
	// Progress gets a line for each fault; nil drops them.
	Progress func(string)
}

func (l Load) withDefaults() Load {
	l.Rate = max(l.Rate, 0)
	if l.Rate == 0 {
		l.Rate = 200
	}
	if l.Limit == 0 {
		l.Limit = 2 * time.Second
	}
	if l.Fault == 0 {
		l.Fault = 12 * time.Second
	}
	if l.After == 0 {
		l.After = 11 * time.Second
	}
	if l.Progress == nil {
		l.Progress = func(string) {}
	}
	return l
}

// Result is what clients noticed of one fault.
type Result struct {
	Engine, Fault string
	// During and After count the connections begun while the fault lasted and when it was over.
	During, After Count
	// Void says that connections straight to a living backend failed or took long too: the machine stood still, and
	// nothing is said of the engine.
	Void bool
}

// Count is what became of connections.
type Count struct {
	Connections, Failed int
	// Slowest of those that did not fail.
	Slowest time.Duration
	// Slow is how many of those took over 100 ms.
	Slow int
	// Back is when the first one after the begin did not fail.
	Back time.Duration
}

// fault is one thing that happens to backends.
type fault struct {
	name string
	// length is the share of Load.Fault that it lasts.
	length float64
	begin  func(ctx context.Context, b *bench) error
	end    func(ctx context.Context, b *bench) error
	// all says that no backend is left.
	all bool
}

var faults = []fault{
	{"one stopped", 1, func(_ context.Context, b *bench) error { return b.backends[0].stop() }, func(_ context.Context, b *bench) error { return b.backends[0].start() }, false},
	{"one hung", 1, func(_ context.Context, b *bench) error { b.backends[0].hang(true); return nil }, func(_ context.Context, b *bench) error { b.backends[0].hang(false); return nil }, false},
	{"one unplugged", 1, func(ctx context.Context, b *bench) error { return b.backends[0].port.Cable(ctx, false) }, func(ctx context.Context, b *bench) error { return b.backends[0].port.Cable(ctx, true) }, false},
	{"one removed by a reload", 0.25, func(ctx context.Context, b *bench) error { return b.reload(ctx, b.backends[1:3]) }, func(ctx context.Context, b *bench) error { return b.reload(ctx, b.backends[:3]) }, false},
	{"one added by a reload", 0.25, func(ctx context.Context, b *bench) error { return b.reload(ctx, b.backends) }, func(ctx context.Context, b *bench) error { return b.reload(ctx, b.backends[:3]) }, false},
	{"all stopped", 0.25, func(_ context.Context, b *bench) error { return b.all((*backend).stop) }, func(_ context.Context, b *bench) error { return b.all((*backend).start) }, true},
}

// Measure measures one engine after the other.
func Measure(ctx context.Context, engines []Engine, load Load) ([]Result, error) {
	load = load.withDefaults()
	var out []Result
	for _, e := range engines {
		results, err := measure(ctx, e, load)
		out = append(out, results...)
		if err != nil {
			return out, fmt.Errorf("balance: %s: %w", e.Name, err)
		}
	}
	return out, nil
}

func measure(ctx context.Context, e Engine, load Load) (out []Result, err error) {
	b, err := newBench(ctx, e)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if warm, _ := b.load(ctx, load, load.After/2); warm.Failed > 0 {
		return nil, fmt.Errorf("%d of %d connections failed before anything was wrong", warm.Failed, warm.Connections)
	}
	for _, f := range faults {
		r, err := b.suffer(ctx, f, load)
		for try := 1; err == nil && r.Void && try < tries; try++ {
			load.Progress(r.String() + "; void: the machine stood still")
			r, err = b.suffer(ctx, f, load)
		}
		if err != nil {
			return out, fmt.Errorf("%s: %w", f.name, err)
		}
		load.Progress(r.String())
		out = append(out, r)
	}
	return out, ctx.Err()
}

const (
	// stallLimit is how slow a connection straight to a living backend makes a result void.
	stallLimit = 100 * time.Millisecond
	// tries is how often a fault is looked at until its result counts, void or not.
	tries = 4
)

// suffer has one fault begin and end under load.
func (b *bench) suffer(ctx context.Context, f fault, load Load) (Result, error) {
	if err := f.begin(ctx, b); err != nil {
		return Result{}, err
	}
	r := Result{Engine: b.engine.Name, Fault: f.name}
	var during, after Count
	r.During, during = b.load(ctx, load, time.Duration(float64(load.Fault)*f.length))
	if err := f.end(ctx, b); err != nil {
		return r, err
	}
	r.After, after = b.load(ctx, load, load.After)
	if f.all {
		during = Count{}
	}
	r.Void = during.Failed+after.Failed > 0 || max(during.Slowest, after.Slowest) > stallLimit
	return r, nil
}

// String returns the result in one line.
func (r Result) String() string {
	return fmt.Sprintf("%-28s %-24s during: %4d of %4d failed, %4d slow, slowest %5.2f s; after: %4d of %4d failed, slowest %5.2f s, back after %5.2f s",
		r.Engine, r.Fault, r.During.Failed, r.During.Connections, r.During.Slow, r.During.Slowest.Seconds(),
		r.After.Failed, r.After.Connections, r.After.Slowest.Seconds(), r.After.Back.Seconds())
}

// Table returns results as lines of text.
func Table(results []Result) string {
	var b strings.Builder
	for _, r := range results {
		b.WriteString(r.String() + "\n")
	}
	return b.String()
}
