package lbconfig_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// seeds adds every file of testdata, and more.
func seeds(f *testing.F, more ...string) {
	for _, pattern := range []string{"testdata/*.conf", "testdata/accepted/*.conf", "testdata/refused/*.conf"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, name := range files {
			text, err := os.ReadFile(name)
			require.NoError(f, err)
			f.Add(text)
		}
	}
	for _, s := range more {
		f.Add([]byte(s))
	}
}

// whatParses checks what holds for everything that Parse takes: rendering and parsing it again
// changes nothing, and no judgement of it panics.
func whatParses(t *testing.T, cfg lbconfig.Config) {
	out, err := cfg.Render()
	if err != nil {
		// A word that needs quotes may be too long with them.
		require.ErrorContains(t, err, "longer than nginx reads")
		return
	}
	back, err := lbconfig.Parse(out)
	require.NoError(t, err, "%s", out)
	require.Equal(t, unplaced(cfg), unplaced(back), "%s", out)
	require.Empty(t, lbconfig.Diff(cfg, back))
	_ = cfg.ValidateOn(lbconfig.DebianBuild())
	_ = cfg.Lint(lbconfig.Env{Nodes: 3, DualStack: true, CertSANs: []string{"a"}, Version: lbconfig.Version{Major: 1, Minor: 9}})
	_ = cfg.Includes()
}

func FuzzParse(f *testing.F) {
	seeds(f, handWritten)
	f.Fuzz(func(t *testing.T, file []byte) {
		cfg, err := lbconfig.Parse(file)
		if err != nil {
			var parse *lbconfig.ParseError
			require.ErrorAs(t, err, &parse)
			return
		}
		whatParses(t, cfg)
	})
}

func FuzzParseStrict(f *testing.F) {
	seeds(f, handWritten)
	f.Fuzz(func(t *testing.T, file []byte) {
		cfg, err := lbconfig.ParseStrict(file)
		if err != nil {
			var parse *lbconfig.ParseError
			require.ErrorAs(t, err, &parse)
			return
		}
		require.Equal(t, cfg, unplaced(cfg), "nothing is kept")
		whatParses(t, cfg)
	})
}

func FuzzParseFragment(f *testing.F) {
	seeds(f, "stream {}", "stream { map $a $b { default 1; } server { listen 1; include x; return y; } }")
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := lbconfig.ParseFragment(text)
		if err != nil {
			var parse *lbconfig.ParseError
			require.ErrorAs(t, err, &parse)
			return
		}
		out, err := s.Render()
		if err != nil {
			require.ErrorContains(t, err, "longer than nginx reads")
			return
		}
		back, err := lbconfig.ParseFragment(out)
		require.NoError(t, err, "%s", out)
		require.Equal(t, unplacedStream(s), unplacedStream(back))
	})
}

func FuzzParseLogLine(f *testing.F) {
	own := lbconfig.SessionFormat().Format
	for _, line := range []string{
		`2026-11-22T14:47:38+00:00 127.0.0.1:41234 200 517 1378 0.004 "127.0.0.1:26598, 127.0.0.1:26599" "-, 0.001"`,
		`2026-11-22T14:47:38+00:00 ::1:41234 502 0 0 0.000 "kube_apiserver" "-"`,
	} {
		f.Add(own, "", line)
	}
	f.Add("$msec|$upstream_addr|${hostname}", "json", `1.000|a:1, b|\u0001`)
	f.Add("$a $b $time_local", "none", "")
	f.Fuzz(func(t *testing.T, format, escape, line string) {
		s, err := lbconfig.ParseLogLine(lbconfig.LogFormat{Format: format, Escape: escape}, line)
		if err == nil {
			require.NotNil(t, s.Fields)
		}
	})
}

// A megabyte of anything is a bounded amount of work: a pass over it, blocks of at most 16 levels,
// 100,000 statements. What would be more is refused.
func TestLongInput(t *testing.T) {
	t.Parallel()
	const n = 1 << 20
	refused := func(text, msg string) {
		t.Helper()
		_, err := lbconfig.Parse([]byte(text))
		assert.ErrorContains(t, err, msg)
	}
	refused(strings.Repeat("a{", n/2), "blocks are nested too deeply")
	refused(strings.Repeat("a", n), "too long parameter")
	refused("pid \""+strings.Repeat("\\\\", n/2), "a quote is not closed")
	refused(strings.Repeat("a ", n/2), "too many words")
	refused(strings.Repeat("{", n), "unexpected")
	refused(strings.Repeat("#", lbconfig.MaxFile+1), "longer than 4 MiB")
	for _, c := range []struct{ before, piece, after string }{
		{piece: "#"}, {piece: " \n"}, {piece: "a;"}, {piece: "a{}"}, {"stream { upstream u {", "server a:1;", "} }"},
		{"stream {", "server {}", "}"}, {"stream {", "x;server{}", "}"},
	} {
		long := func(n int) []byte { return []byte(c.before + strings.Repeat(c.piece, n/len(c.piece)) + c.after) }
		_, err := lbconfig.Parse(long(n))
		if err != nil {
			require.ErrorContains(t, err, "too many statements", c.piece)
		}
		cfg, err := lbconfig.Parse(long(n / 32))
		require.NoError(t, err)
		_, err = cfg.Render()
		require.NoError(t, err)
		_ = cfg.Validate()
		assert.Empty(t, lbconfig.Diff(cfg, cfg))
		_ = cfg.Lint(lbconfig.Env{})
	}
}
