// Command oracle compares this module's verdicts with those of the real programs:
//
//	go run ./cmd/oracle                  # all judges, every case
//	go run ./cmd/oracle -share 0.1 nginx # one judge, a tenth of its cases
//
// It prints the disagreements, each judge's notes, and a last line with all counts. It exits with 1
// when there is a disagreement or a judge failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/quorate-dev/quorate/lab/oracle"
	"github.com/quorate-dev/quorate/lab/oracle/haproxy"
	"github.com/quorate-dev/quorate/lab/oracle/kubeadm"
	"github.com/quorate-dev/quorate/lab/oracle/nginx"
)

// judge is one of the programs to compare with.
type judge struct {
	name string
	run  func(context.Context, oracle.Options) (oracle.Result, error)
}

// judges in the order of the last line.
var judges = []judge{
	{"kubeadm", kubeadm.Run},
	{"nginx", nginx.Run},
	{"haproxy", haproxy.Run},
}

func main() {
	seed := flag.Uint64("seed", 1, "seed of the cases")
	share := flag.Float64("share", 1, "share of the cases to compare")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	begun := time.Now()
	o := oracle.Options{Seed: *seed, Share: *share, Progress: func(line string) {
		fmt.Printf("%7.1f s  %s\n", time.Since(begun).Seconds(), line)
	}}
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// run runs the named judges, or all.
func run(ctx context.Context, o oracle.Options, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(judges, func(j judge) bool { return j.name == name }) {
			return fmt.Errorf("no judge is called %q", name)
		}
	}
	var counts []string
	var failed []error
	for _, j := range judges {
		if len(names) > 0 && !slices.Contains(names, j.name) {
			continue
		}
		result, err := j.run(ctx, o)
		report(j.name, result)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", j.name, err))
		}
		if n := len(result.Disagreements); n > 0 {
			failed = append(failed, fmt.Errorf("%s: %d disagreements", j.name, n))
		}
		counts = append(counts, fmt.Sprintf("%s %d disagreements %d", j.name, result.Cases, len(result.Disagreements)))
	}
	fmt.Println("oracle: " + strings.Join(counts, "; "))
	return errors.Join(failed...)
}

// report prints what a judge found.
func report(name string, r oracle.Result) {
	for _, d := range r.Disagreements {
		fmt.Printf("%s: %s\n  ours:   %s\n  theirs: %s\n  minimal:\n    %s\n", name, d.Case, d.Ours, d.Theirs,
			strings.ReplaceAll(strings.TrimRight(d.Minimal, "\n"), "\n", "\n    "))
	}
	for _, note := range r.Notes {
		fmt.Printf("%s: %s\n", name, note)
	}
}
