package nginx

import (
	"fmt"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab/oracle"
	"github.com/quorate-dev/quorate/lbconfig"
)

// QUORATE_ORACLE_SHARE is the part of the full run that the test does, and QUORATE_ORACLE_SEED its seed.
func TestNginxAgrees(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := os.Stat(Program); err != nil {
		t.Skip("no nginx here")
	}
	o := oracle.Options{Seed: 1, Share: 0.05, Progress: func(s string) { t.Log(s) }}
	if s := os.Getenv("QUORATE_ORACLE_SHARE"); s != "" {
		var err error
		o.Share, err = strconv.ParseFloat(s, 64)
		require.NoError(t, err)
	}
	if s := os.Getenv("QUORATE_ORACLE_SEED"); s != "" {
		var err error
		o.Seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	result, err := Run(t.Context(), o)
	require.NoError(t, err)
	for _, n := range result.Notes {
		t.Log(n)
	}
	for _, d := range result.Disagreements {
		t.Errorf("%s: we: %s; nginx: %s\n%s", d.Case, d.Ours, d.Theirs, d.Minimal)
	}
	assert.Positive(t, result.Cases)
}

// Every field of the types is set in some case.
func TestCasesSetEveryField(t *testing.T) {
	t.Parallel()
	set := map[string]bool{}
	all := map[string]bool{}
	for i := range generated {
		fields(reflect.ValueOf(draw(seedOf(1, i))), "Config", set, all)
	}
	for f := range all {
		assert.True(t, set[f], "%s is never set", f)
	}
	assert.Greater(t, len(all), 100)
}

func fields(v reflect.Value, path string, set, all map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fields(v.Elem(), path, set, all)
		}
	case reflect.Slice:
		for i := range v.Len() {
			fields(v.Index(i), path+"[]", set, all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if v.Type() == reflect.TypeFor[lbconfig.Directive]() && name != "Name" && name != "Args" || name == "Order" {
				continue // given by Parse, or judged by nobody
			}
			at := fmt.Sprintf("%s.%s", path, name)
			all[at] = true
			set[at] = set[at] || !v.Field(i).IsZero()
			fields(v.Field(i), at, set, all)
		}
	}
}

// The same seed makes the same cases.
func TestCasesAreThoseOfTheirSeed(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		seed := seedOf(7, i)
		assert.Equal(t, draw(seed), draw(seed))
		text, err := drawValid(seed).Render()
		require.NoError(t, err)
		assert.Equal(t, mutate(string(text), seed), mutate(string(text), seed))
	}
}
