package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReportCountsWhatRan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events string
		want   count
		shown  string
	}{
		"pass, fail and skip": {
			events: `{"Action":"run","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"why it failed\n"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"output","Package":"p","Test":"C","Output":"why it was skipped\n"}
{"Action":"skip","Package":"p","Test":"C"}
{"Action":"fail","Package":"p"}`,
			want: count{1, 1, 1}, shown: "why it was skipped",
		},
		"a test counts through its subtests": {
			events: `{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x"}
{"Action":"run","Package":"p","Test":"A/y"}
{"Action":"pass","Package":"p","Test":"A/x"}
{"Action":"skip","Package":"p","Test":"A/y"}
{"Action":"pass","Package":"p","Test":"A"}`,
			want: count{1, 0, 1},
		},
		"a subtest with a slash in its name": {
			events: `{"Action":"run","Package":"p","Test":"A"}
{"Action":"run","Package":"p","Test":"A/x/y"}
{"Action":"pass","Package":"p","Test":"A/x/y"}
{"Action":"pass","Package":"p","Test":"A"}`,
			want: count{1, 0, 0},
		},
		"a package that does not compile": {
			events: `{"Action":"fail","Package":"p"}`, want: count{0, 1, 0}, shown: "FAIL  p",
		},
		"progress is shown": {
			events: `{"Action":"output","Package":"p","Test":"A","Output":"    x_test.go:7: lab: booting cp1\n"}
{"Action":"pass","Package":"p","Test":"A"}`,
			want: count{1, 0, 0}, shown: "      booting cp1\n",
		},
		"a package without tests": {events: `{"Action":"skip","Package":"p"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var shown strings.Builder
			got, err := report(strings.NewReader(test.events), &shown)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			assert.Contains(t, shown.String(), test.shown)
		})
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 0, count{passed: 1}.exitCode(true))
	assert.Equal(t, 1, count{passed: 1, failed: 1}.exitCode(false))
	assert.Equal(t, 0, count{passed: 1, skipped: 1}.exitCode(false))
	assert.Equal(t, 1, count{passed: 1, skipped: 1}.exitCode(true), "a skip fails where none is allowed")
	assert.Equal(t, 1, count{}.exitCode(false), "nothing ran")
	assert.Equal(t, "lab: 1 passed, 2 failed, 3 skipped", count{1, 2, 3}.String())
}
