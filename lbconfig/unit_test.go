package lbconfig_test

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quorate-dev/quorate/lbconfig"
)

// The logs that the unit's nginx writes are those that are rotated, and the signal goes to the unit.
func TestLogRotation(t *testing.T) {
	t.Parallel()
	text := string(lbconfig.LogRotation(lbconfig.UnitOptions{LogDirectory: "/var/log/elsewhere"}))
	assert.True(t, strings.HasPrefix(text, "/var/log/elsewhere/*.log {\n"))
	assert.Contains(t, text, "--signal=USR1 "+lbconfig.UnitName)
	defaults := string(lbconfig.LogRotation(lbconfig.UnitOptions{}))
	for _, log := range []string{lbconfig.DefaultErrorLog, lbconfig.DefaultAccessLog} {
		assert.True(t, strings.HasPrefix(defaults, path.Dir(log)+"/*.log {\n"), log)
	}
}
