package lbconfig_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

func TestFragmentIsTheStreamBlock(t *testing.T) {
	t.Parallel()
	s := lbconfig.APIServer(lbconfig.Options{Backends: threeBackends()}).Stream
	require.NoError(t, s.Validate())
	fragment, err := s.Render()
	require.NoError(t, err)
	golden(t, "fragment.conf", fragment)
	back, err := lbconfig.ParseFragment(fragment)
	require.NoError(t, err)
	assert.Equal(t, s, back)

	empty, err := lbconfig.Stream{}.Render()
	require.NoError(t, err)
	assert.Equal(t, "stream {}\n", string(empty))
	line, err := lbconfig.FragmentInclude("")
	require.NoError(t, err)
	assert.Equal(t, "include /etc/quorate/stream.conf;\n", line)
	_, err = lbconfig.FragmentInclude("a\x00b")
	assert.ErrorContains(t, err, "not text")
}

func TestParseFragmentRefusesMore(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"events {} stream {}", "server { listen 1; }", "stream {} stream {}", "stream { access_log x; }", "stream {"} {
		_, err := lbconfig.ParseFragment([]byte(text))
		var parse *lbconfig.ParseError
		assert.ErrorAs(t, err, &parse, text)
	}
}
