package ha

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever is in the files comes back, to the last newline.
func TestSplitFiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := rapid.MapOfN(rapid.StringMatching(`/etc/[a-z]{1,8}`), rapid.StringMatching(`[ab= >\n]{0,20}`), 0, 6).Draw(rt, "files")
		paths := slices.Collect(maps.Keys(want))
		var printed strings.Builder
		for i, p := range paths {
			if i > 0 {
				printed.WriteString("\n")
			}
			printed.WriteString("==> " + p + " <==\n" + want[p])
		}
		got, err := splitFiles(printed.String(), paths)
		require.NoError(rt, err)
		assert.Equal(rt, want, got)
	})
	_, err := splitFiles("==> /etc/a <==\nx", []string{"/etc/a", "/etc/b"})
	require.ErrorContains(t, err, "/etc/b")
	_, err = splitFiles("", []string{"/etc/a"})
	require.ErrorContains(t, err, "/etc/a")
}
