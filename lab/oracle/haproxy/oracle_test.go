package haproxy_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab/oracle"
	"github.com/quorate-dev/quorate/lab/oracle/haproxy"
)

// The real HAProxy and the library agree on a tenth of the cases; all of them are lab/cmd/oracle's.
func TestAgreement(t *testing.T) {
	if _, err := os.Stat(haproxy.Program); err != nil {
		t.Skip("needs haproxy")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	r, err := haproxy.Run(t.Context(), oracle.Options{Seed: 1, Share: 0.1})
	require.NoError(t, err)
	assert.Equal(t, 40, r.Cases)
	assert.Empty(t, r.Disagreements)
	assert.NotEmpty(t, r.Notes)
}
