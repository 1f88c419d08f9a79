package ha

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func samplePlan() *Plan {
	return &Plan{
		Cluster: "prod", Version: "v1.37.2", Operation: Operation{Kind: OperationApply},
		Notes: []string{"node old is in the cluster and not in the cluster file"},
		Steps: []Step{
			{ID: "cp1/swap", Host: "cp1", Title: "swap is off and stays off", Limit: 2 * time.Minute, Changes: []Change{
				fileChange("/etc/fstab", "a\n/swap none swap sw 0 0\n", "a\n# /swap none swap sw 0 0\n"), runChange("swapoff", "-a")}},
			{ID: "cp1/init", Host: "cp1", Title: "the first control plane runs", After: []string{"cp1/swap"}, Limit: 15 * time.Minute, Changes: []Change{
				{API: "create a bootstrap token"}, runChange("kubeadm", "init", "--config", initConfigPath)}},
			{ID: "w1/join", Host: "w1", Title: "w1 is a worker", After: []string{"cp1/init"}, Limit: 25 * time.Minute},
		},
	}
}

func TestPlanString(t *testing.T) {
	t.Parallel()
	golden(t, "plan.txt", samplePlan().String())
	golden(t, "plan-empty.txt", (&Plan{Cluster: "prod", Version: "v1.37.2"}).String())
	one := &Plan{Cluster: "prod", Version: "v1.37.2", Steps: []Step{{ID: "a/b", Host: "a", Title: "t"}}}
	assert.Contains(t, one.String(), "1 step on 1 host.")
}

func TestPlanHosts(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"cp1", "w1"}, samplePlan().Hosts())
	assert.Empty(t, (&Plan{}).Hosts())
	assert.True(t, (&Plan{Notes: []string{"a note"}}).Empty(), "a note is nothing to do")
	assert.False(t, samplePlan().Empty())
}

// The hash is part of the format: a Plan that was approved yesterday has to be recognised today.
func TestPlanHashIsStable(t *testing.T) {
	t.Parallel()
	golden(t, "plan.sha256", samplePlan().Hash()+"\n")
	data, err := json.MarshalIndent(samplePlan(), "", "  ")
	require.NoError(t, err)
	golden(t, "plan.json", string(data)+"\n")
}

func TestPlanHashSeesEveryChange(t *testing.T) {
	t.Parallel()
	seen := map[string]string{samplePlan().Hash(): "the plan itself"}
	for name, change := range map[string]func(*Plan){
		"cluster":               func(p *Plan) { p.Cluster = "staging" },
		"version":               func(p *Plan) { p.Version = "v1.37.3" },
		"operation":             func(p *Plan) { p.Operation.Kind = OperationReset },
		"host":                  func(p *Plan) { p.Operation.Host = "cp1" },
		"order":                 func(p *Plan) { slices.Reverse(p.Steps) },
		"a step":                func(p *Plan) { p.Steps = p.Steps[1:] },
		"a title":               func(p *Plan) { p.Steps[0].Title = "x" },
		"after":                 func(p *Plan) { p.Steps[1].After = nil },
		"a limit":               func(p *Plan) { p.Steps[0].Limit++ },
		"a diff":                func(p *Plan) { p.Steps[0].Changes[0].Diff += "+x\n" },
		"a command":             func(p *Plan) { p.Steps[0].Changes[1].Command = []string{"swapoff", "-a", "-v"} },
		"words cut differently": func(p *Plan) { p.Steps[0].Changes[1].Command = []string{"swapoff -a"} },
	} {
		p := samplePlan()
		change(p)
		hash := p.Hash()
		assert.NotContains(t, seen, hash, "%s and %s have the same hash", name, seen[hash])
		seen[hash] = name
	}
}

// A Plan goes through JSON and comes back the same, with the same hash.
func TestPlanRoundTrip(t *testing.T) {
	t.Parallel()
	words := rapid.StringMatching(`[a-zA-Z0-9/ .<>&"'é-]{0,20}`)
	change := rapid.Custom(func(t *rapid.T) Change {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return fileChange("/etc/"+words.Draw(t, "path"), words.Draw(t, "old"), words.Draw(t, "new"))
		case 1:
			return Change{Command: rapid.SliceOfN(words, 1, 4).Draw(t, "argv")}
		}
		return Change{API: "x" + words.Draw(t, "api")}
	})
	some := func(t *rapid.T, g *rapid.Generator[string]) []string {
		if l := rapid.SliceOfN(g, 0, 3).Draw(t, "list"); len(l) > 0 {
			return l
		}
		return nil
	}
	step := rapid.Custom(func(t *rapid.T) Step {
		s := Step{ID: words.Draw(t, "id"), Host: words.Draw(t, "host"), Title: words.Draw(t, "title"), After: some(t, words),
			Limit: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "limit"))}
		if l := rapid.SliceOfN(change, 0, 3).Draw(t, "changes"); len(l) > 0 {
			s.Changes = l
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		p := &Plan{Cluster: words.Draw(t, "cluster"), Version: "v1.37.2", Operation: Operation{Kind: OperationRemove, Host: words.Draw(t, "host")},
			Steps: rapid.SliceOfN(step, 1, 5).Draw(t, "steps"), Notes: some(t, words)}
		data, err := json.Marshal(p)
		require.NoError(t, err)
		var back Plan
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, p, &back)
		assert.Equal(t, p.Hash(), back.Hash())
	})
}

func TestChangedSince(t *testing.T) {
	t.Parallel()
	p, fresh := samplePlan(), samplePlan()
	fresh.Steps = append(fresh.Steps[1:], Step{ID: "w2/join", Host: "w2"}) // cp1/swap is gone, w2/join new
	fresh.Steps[0].Limit = time.Hour
	e := p.changedSince(fresh)
	assert.Equal(t, &PlanChangedError{New: []string{"w2/join"}, Gone: []string{"cp1/swap"}, Changed: []string{"cp1/init"}}, e)
	assert.EqualError(t, e, "ha: apply: the hosts changed since the plan was made: new: w2/join; gone: cp1/swap; changed: cp1/init")
	assert.ErrorIs(t, e, ErrPlanChanged)
	assert.Len(t, p.Steps, 3, "the plan itself is left as it was")

	same := p.changedSince(samplePlan())
	assert.Equal(t, &PlanChangedError{}, same)
	assert.EqualError(t, same, "ha: apply: the hosts changed since the plan was made")
}

func TestPlanOfAnUnknownOperation(t *testing.T) {
	t.Parallel()
	_, err := testCluster(t, validSpec()).planOf(t.Context(), Operation{Kind: "Explode"})
	require.ErrorContains(t, err, `"Explode" is not an operation`)
}

func TestPlanResetWantsTheNameOfTheCluster(t *testing.T) {
	t.Parallel()
	for _, confirm := range []string{"", "yes", "Prod", "prod "} {
		_, err := testCluster(t, validSpec()).PlanReset(t.Context(), confirm)
		require.ErrorIs(t, err, ErrNotConfirmed)
	}
}

func TestHostsErrorUnwrapsEveryCause(t *testing.T) {
	t.Parallel()
	one, two := errors.New("one"), errors.New("two")
	err := error(&HostsError{Problems: []Problem{{Host: "cp1", Message: "m1", Err: one}, {Host: "cp2", Message: "m2", Err: two}, {Host: "cp3", Message: "m3"}}})
	assert.ErrorIs(t, err, one)
	assert.ErrorIs(t, err, two)
	assert.EqualError(t, err, "ha: hosts: 3 problems:\n  cp1: m1\n  cp2: m2\n  cp3: m3")
}
