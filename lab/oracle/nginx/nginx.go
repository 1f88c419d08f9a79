// Package nginx holds lbconfig to the real nginx: where `nginx -t` refuses a file lbconfig must too,
// and what lbconfig accepts must start and listen.
//
//	result, err := nginx.Run(ctx, oracle.Options{Seed: 1, Share: 1})
//
// It runs as root on a host with nginx and its stream module, each nginx in a network namespace that
// has the addresses of the cases. A refusal that is about the host (no such user, no such name, no
// such address, no such file) is not counted, since lbconfig asks nothing about hosts; Notes says
// how many there were.
package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/lab/namespace"
	"github.com/quorate-dev/quorate/lab/oracle"
	"github.com/quorate-dev/quorate/lbconfig"
)

// Program is the nginx that is asked.
const Program = "/usr/sbin/nginx"

// generated is how many configurations are drawn from the types, and how many texts from those.
const generated, mutated = 1000, 1000

// dirMark stands in a text for the directory of the one that runs it.
const dirMark = "/@DIR@"

// Run compares the verdicts on 1,000 configurations drawn from the types and as many texts made of
// them by moving words; Share is the part of both that is done. The same seed gives the same cases.
func Run(ctx context.Context, o oracle.Options) (oracle.Result, error) {
	j, err := newJudge(ctx)
	if err != nil {
		return oracle.Result{}, err
	}
	defer j.close()
	t := tally{stricter: map[string]int{}, shrunk: map[string]bool{}, say: o.Say}
	for i := range o.Number(generated) {
		if err := j.generated(ctx, &t, seedOf(o.Seed, i)); err != nil {
			return t.result(), err
		}
	}
	for i := range o.Number(mutated) {
		if err := j.mutated(ctx, &t, seedOf(o.Seed, i)); err != nil {
			return t.result(), err
		}
	}
	return t.result(), nil
}

// seedOf spreads a seed's cases: those of two seeds are different.
func seedOf(seed uint64, i int) int { return int((seed*1_000_003 + uint64(i)) & (1<<62 - 1)) }

// tally counts what came of the cases.
type tally struct {
	cases, bothRefuse, started, host int
	stricter                         map[string]int
	disagreements                    []oracle.Disagreement
	shrunk                           map[string]bool
	say                              func(string)
}

func (t *tally) result() oracle.Result {
	r := oracle.Result{Cases: t.cases, Disagreements: t.disagreements}
	r.Notes = append(r.Notes, fmt.Sprintf("%d refused by both, %d accepted by both, started and listening, %d refused by nginx for the host's sake",
		t.bothRefuse, t.started, t.host))
	codes := make([]string, 0, len(t.stricter))
	total := 0
	for c, n := range t.stricter {
		codes = append(codes, fmt.Sprintf("%s %d", c, n))
		total += n
	}
	slices.Sort(codes)
	r.Notes = append(r.Notes, fmt.Sprintf("%d refused by lbconfig alone: %s", total, strings.Join(codes, ", ")))
	return r
}

// generated judges one configuration drawn from the types.
func (j *judge) generated(ctx context.Context, t *tally, seed int) error {
	cfg := draw(seed)
	text, err := cfg.Render()
	if err != nil {
		t.cases++
		t.bothRefuse++ // there is no text to give to nginx
		return nil
	}
	if err := j.judge(ctx, t, fmt.Sprintf("generated %d", seed), string(text), cfg.ValidateOn(j.build)); err != nil {
		return err
	}
	return ctx.Err()
}

// mutated judges one text made of another.
func (j *judge) mutated(ctx context.Context, t *tally, seed int) error {
	text, err := drawValid(seed).Render()
	if err != nil {
		return err
	}
	file := mutate(string(text), seed)
	return errors.Join(j.judge(ctx, t, fmt.Sprintf("mutated %d", seed), file, j.ours(file)), ctx.Err())
}

// judge compares the two verdicts on a text, of which ours is given.
func (j *judge) judge(ctx context.Context, t *tally, name, text string, ours error) error {
	t.cases++
	if t.cases%100 == 0 {
		t.say(fmt.Sprintf("%d cases, %d disagreements", t.cases, len(t.disagreements)))
	}
	theirs, err := j.test(ctx, text)
	if err != nil {
		return err
	}
	switch {
	case theirs != "" && isHost(theirs):
		t.host++
	case theirs != "" && ours != nil:
		t.bothRefuse++
	case theirs != "":
		t.disagree(name, theirs, text, func() string {
			return j.shrink(ctx, text, func(s string) bool {
				if j.ours(s) != nil {
					return false
				}
				said, err := j.test(ctx, s)
				return err == nil && kind(said) == kind(theirs)
			})
		})
	case ours != nil:
		for _, code := range codes(ours) {
			t.stricter[code]++
		}
	default:
		said, err := j.start(ctx, text)
		if err != nil {
			return err
		}
		if said == "" {
			t.started++
			return nil
		}
		t.disagree(name, said, text, func() string {
			return j.shrink(ctx, text, func(s string) bool {
				if j.ours(s) != nil {
					return false
				}
				again, err := j.start(ctx, s)
				return err == nil && kind(again) == kind(said)
			})
		})
	}
	return nil
}

// disagree notes a disagreement. Only the first of a kind is shrunk: one fault makes many.
func (t *tally) disagree(name, theirs, text string, shrink func() string) {
	minimal := text
	if !t.shrunk[kind(theirs)] {
		t.shrunk[kind(theirs)] = true
		minimal = shrink()
	}
	t.disagreements = append(t.disagreements, oracle.Disagreement{Case: name, Ours: "accepted", Theirs: theirs, Minimal: minimal})
}

// kind is a message without what differs between cases.
func kind(message string) string {
	return digits.ReplaceAllString(quoted.ReplaceAllString(message, "..."), "0")
}

var digits = regexp.MustCompile(`[0-9]+`)

// codes returns the codes of an error of lbconfig, each once.
func codes(err error) []string {
	var invalid *lbconfig.ValidationError
	if !errors.As(err, &invalid) {
		var parse *lbconfig.ParseError
		if errors.As(err, &parse) {
			return []string{"parse: " + quoted.ReplaceAllString(parse.Msg, "...")}
		}
		return []string{"parse"}
	}
	var out []string
	for _, p := range invalid.Problems {
		if !slices.Contains(out, p.Code) {
			out = append(out, p.Code)
		}
	}
	return out
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// hostFaults are refusals that are about the host.
var hostFaults = regexp.MustCompile(`getpwnam\(|getgrnam\(|host not found|\(99: |\(98: |open\(\) "|mkdir\(\)|invalid IPv6 address in resolver|\(2: No such file|\(13: |\(20: |\(21: `)

func isHost(said string) bool { return hostFaults.MatchString(said) }

// judge asks nginx and lbconfig.
type judge struct {
	dir   string
	space *namespace.Namespace
	build lbconfig.Build
}

func newJudge(ctx context.Context) (*judge, error) {
	version, err := exec.CommandContext(ctx, Program, "-V").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("oracle nginx: %s -V: %w", Program, err)
	}
	j := &judge{}
	if j.build, err = lbconfig.ParseBuild(string(version)); err != nil {
		return nil, fmt.Errorf("oracle nginx: %w", err)
	}
	j.build.Included = []string{string(lbconfig.ModuleIncludeDebian)}
	if j.dir, err = os.MkdirTemp("", "oracle-nginx-"); err != nil {
		return nil, err
	}
	if j.space, err = namespace.New(ctx, "oracle-nginx-"+filepath.Base(j.dir)[len("oracle-nginx-"):]); err != nil {
		return nil, err
	}
	for _, a := range []string{"10.99.0.1/24", "10.99.0.2/24", "fd99::1/64"} {
		if err := j.space.Address(ctx, a); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (j *judge) close() {
	_ = j.space.Close()
	_ = os.RemoveAll(j.dir)
}

// ours is lbconfig's verdict on a text.
func (j *judge) ours(text string) error {
	cfg, err := lbconfig.Parse([]byte(text))
	if err != nil {
		return err
	}
	return cfg.ValidateOn(j.build)
}

// test returns why nginx -t refuses a text, and nothing when it does not.
func (j *judge) test(ctx context.Context, text string) (string, error) {
	path := filepath.Join(j.dir, "test.conf")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, dirMark, j.dir)), 0o644); err != nil {
		return "", err
	}
	var out bytes.Buffer
	err := j.space.Do(func() error {
		cmd := exec.CommandContext(ctx, Program, "-t", "-c", path)
		cmd.Dir = j.dir
		cmd.Stdout, cmd.Stderr = &out, &out
		return cmd.Run()
	})
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &exit):
		return verdict(out.String(), j.dir), ctx.Err()
	default:
		return "", err
	}
}

// verdict returns the first line of an error of nginx without its time and file.
func verdict(out, dir string) string {
	for line := range strings.Lines(out) {
		if _, message, ok := strings.Cut(line, "[emerg] "); ok {
			_, text, _ := strings.Cut(message, ": ")
			return strings.TrimSpace(strings.ReplaceAll(text, dir, dirMark))
		}
	}
	if out = strings.TrimSpace(out); out != "" {
		return out
	}
	return "refused"
}
