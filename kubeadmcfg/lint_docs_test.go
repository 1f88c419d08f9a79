package kubeadmcfg

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const lintDocs = "../docs/lint.md"

// Between these lines docs/lint.md is written from Rules (go test -run LintDocs -update).
const docsBegin, docsEnd = "<!-- kubeadmcfg rules: begin -->\n", "<!-- kubeadmcfg rules: end -->\n"

func TestLintDocsAreTheRules(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Code | Found | Why | What to do | Source |\n|---|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;")
	for _, r := range Rules() {
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", r.Code, cell.Replace(r.Title), cell.Replace(r.Why), cell.Replace(r.Fix), cell.Replace(r.Source))
	}
	text, err := os.ReadFile(lintDocs)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(text), docsBegin)
	_, after, ok2 := strings.Cut(rest, docsEnd)
	require.True(t, ok && ok2, "%s has no place for the rules", lintDocs)
	want := before + docsBegin + table.String() + docsEnd + after
	if updating() {
		require.NoError(t, os.WriteFile(lintDocs, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(text))
}

func TestRulesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		assert.Regexp(t, regexp.MustCompile(`^KC\d{3}$`), r.Code)
		assert.False(t, seen[r.Code], "%s is there twice", r.Code)
		seen[r.Code] = true
		for _, s := range []string{r.Title, r.Why, r.Fix, r.Source} {
			assert.NotEmpty(t, s, r.Code)
		}
	}
}
