// Package haproxy compares package lbconfig with the real HAProxy: where `haproxy -c` refuses a file, so must the
// library, and where the library accepts one, HAProxy must start, answer with its generation and listen.
package haproxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/quorate-dev/quorate/lab/oracle"
	"github.com/quorate-dev/quorate/lbconfig"
)

// Program is the judge.
const Program = "/usr/sbin/haproxy"

// casesOfEachKind is how many configurations are generated, and how many of those that are then damaged.
const casesOfEachKind = 200

// Run compares generated files, which the library accepts, and damaged ones. It needs root: what is
// accepted is started in a network namespace of its own, so that no port of the machine is touched.
func Run(ctx context.Context, o oracle.Options) (oracle.Result, error) {
	dir, err := os.MkdirTemp("", "quorate-haproxy")
	if err != nil {
		return oracle.Result{}, fmt.Errorf("oracle: haproxy: %w", err)
	}
	defer os.RemoveAll(dir)
	j := judge{dir: dir}
	if err := j.prepare(); err != nil {
		return oracle.Result{}, fmt.Errorf("oracle: haproxy: %w", err)
	}
	n := casesOfEachKind
	if o.Share > 0 && o.Share < 1 {
		n = max(1, int(float64(n)*o.Share))
	}
	t := tally{notes: map[string]int{}}
	for i := range n {
		// Each case has a generator of its own: a share of the cases is the beginning of all of them. What is
		// generated is meant to be right: if the library refuses it, nothing is shown.
		g := generator{rand: rand.New(rand.NewPCG(o.Seed, uint64(i))), dir: dir}
		c := g.config()
		file, err := c.Render()
		if err == nil {
			err = c.Validate()
		}
		if err != nil {
			return oracle.Result{}, fmt.Errorf("oracle: haproxy: generated %d: %w", i, err)
		}
		if err := t.compare(ctx, &j, fmt.Sprintf("generated %d", i), file); err != nil {
			return oracle.Result{}, err
		}
		if err := t.compare(ctx, &j, fmt.Sprintf("mutated %d", i), g.mutate(file)); err != nil {
			return oracle.Result{}, err
		}
		if o.Progress != nil && (i+1)%20 == 0 {
			o.Progress(fmt.Sprintf("haproxy: %d of %d", t.Cases, 2*n))
		}
	}
	for note, count := range t.notes {
		t.Notes = append(t.Notes, fmt.Sprintf("haproxy: %d %s", count, note))
	}
	sort.Strings(t.Notes)
	return t.Result, nil
}

// tally collects a Result.
type tally struct {
	oracle.Result
	notes map[string]int
}

// Verdicts.
const (
	accepted = "accepted"
	started  = "started and listens"
)

// ours is what the library says of a file.
func ours(file []byte) (c lbconfig.HAProxyConfig, verdict string) {
	c, err := lbconfig.ParseHAProxy(file)
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		return c, err.Error()
	}
	return c, accepted
}

// compare lets both judge one file.
func (t *tally) compare(ctx context.Context, j *judge, name string, file []byte) error {
	t.Cases++
	c, we := ours(file)
	they, err := j.check(ctx, file)
	if err != nil {
		return fmt.Errorf("oracle: haproxy: %s: %w", name, err)
	}
	switch {
	case we != accepted && they != accepted:
		t.notes["refused by both"]++
		return nil
	case we != accepted:
		t.notes["refused by the library alone"]++
		return nil
	case they == accepted:
		if they, err = j.start(ctx, c); err != nil {
			return fmt.Errorf("oracle: haproxy: %s: %w", name, err)
		}
		if they == started {
			t.notes["accepted by both, started and listening"]++
			return nil
		}
	}
	t.Disagreements = append(t.Disagreements, oracle.Disagreement{Case: name, Ours: we, Theirs: they, Minimal: j.minimal(ctx, file, they)})
	return nil
}

// minimal leaves out lines as long as the library still accepts what HAProxy refuses.
func (j *judge) minimal(ctx context.Context, file []byte, they string) string {
	lines := splitLines(file)
	for i := 0; i < len(lines); {
		fewer := slices.Delete(slices.Clone(lines), i, i+1)
		_, we := ours(joinLines(fewer))
		still, err := j.check(ctx, joinLines(fewer))
		if err == nil && we == accepted && still != accepted {
			lines, they = fewer, still
		} else {
			i++
		}
	}
	return string(joinLines(lines)) + "# " + they
}

// path is a file of the judge's directory.
func (j *judge) path(name string) string { return filepath.Join(j.dir, name) }
