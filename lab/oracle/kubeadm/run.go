// Package kubeadm compares the verdicts of kubeadmcfg with those of real kubeadms.
package kubeadm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/lab/oracle"
)

// Run compares the verdict of kubeadmcfg.ValidateFile with that of each kubeadm's own code over
// generated files. A full run fails when a field, a mutator or a rule of a kubeadm is in no case.
func Run(ctx context.Context, o oracle.Options) (oracle.Result, error) {
	var r oracle.Result
	var versions []*version
	for _, name := range versionNames {
		parsed, err := kubeadmcfg.ParseVersion(name)
		if err != nil {
			return r, err
		}
		f, err := readFacts(ctx, name, o.Progress)
		if err != nil {
			return r, err
		}
		versions = append(versions, &version{name: name, v: parsed, facts: f})
	}
	var missing []string
	for _, v := range versions {
		v.oldest, v.newest = versions[0].facts, versions[len(versions)-1].facts
		lines, err := v.run(ctx, o, &r)
		if err != nil {
			return r, fmt.Errorf("%s: %w", v.name, err)
		}
		missing = append(missing, lines...)
	}
	if len(missing) > 0 && o.Number(minimum) == minimum {
		return r, fmt.Errorf("not covered:\n  %s", strings.Join(missing, "\n  "))
	}
	return r, nil
}

// minimised is how many disagreements of a version are brought to their minimal form; it takes many
// questions for each.
const minimised = 25

// ours is kubeadmcfg's verdict.
func (v *version) ours(file string) verdict {
	if err := kubeadmcfg.ValidateFile([]byte(file), v.v); err != nil {
		return verdict{reason: err.Error()}
	}
	return verdict{accepted: true}
}

// run compares one version and adds to r; it returns what was not covered.
func (v *version) run(ctx context.Context, o oracle.Options, r *oracle.Result) ([]string, error) {
	begun := time.Now()
	j, err := startJudge(ctx, v.name, o.Progress)
	if err != nil {
		return nil, err
	}
	defer j.close()
	all := v.cases(o.Seed)
	cases := share(all, o.Seed, o.Number(len(all)))
	files := make([]string, len(cases))
	for i, c := range cases {
		files[i] = c.bundle.file()
	}
	verdicts, err := j.ask(files)
	if err != nil {
		return nil, err
	}
	program, err := v.sample(ctx, o, files, verdicts)
	if err != nil {
		return nil, err
	}
	cov := newCoverage(v)
	disagreements := 0
	for i, c := range cases {
		ours := v.ours(files[i])
		cov.add(c, verdicts[i])
		if ours.accepted == verdicts[i].accepted {
			continue
		}
		disagreements++
		d := oracle.Disagreement{Case: c.name, Ours: ours.String(), Theirs: verdicts[i].String(), Minimal: files[i]}
		if disagreements <= minimised {
			if d, err = v.disagreement(j, c, ours, verdicts[i]); err != nil {
				return nil, err
			}
		}
		r.Disagreements = append(r.Disagreements, d)
	}
	r.Cases += len(cases)
	r.Notes = append(r.Notes, fmt.Sprintf("%s: %d cases, %d disagreements, %s, %s, %.1f s", v.name, len(cases), disagreements, cov, program, time.Since(begun).Seconds()))
	return cov.missing(), nil
}

// disagreement makes the report of a case, with the smallest file in which the verdicts still differ
// in the same direction.
func (v *version) disagreement(j *judge, c testCase, ours, theirs verdict) (oracle.Disagreement, error) {
	best := c.bundle
	for {
		candidates := best.smaller()
		files := make([]string, len(candidates))
		for i, b := range candidates {
			files[i] = b.file()
		}
		verdicts, err := j.ask(files)
		if err != nil {
			return oracle.Disagreement{}, err
		}
		found := false
		for i, b := range candidates {
			if mine := v.ours(files[i]); mine.accepted == ours.accepted && verdicts[i].accepted == theirs.accepted {
				best, ours, theirs, found = b, mine, verdicts[i], true
				break
			}
		}
		if !found {
			return oracle.Disagreement{Case: c.name, Ours: ours.String(), Theirs: theirs.String(), Minimal: best.file()}, nil
		}
	}
}
