package balance_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lab/balance"
	"github.com/quorate-dev/quorate/lbconfig"
)

// With QUORATE_BALANCE=full it measures what the docstrings of lbconfig's policies quote, on a machine
// that does nothing else, and QUORATE_BALANCE_ENGINE is a part of the name of the only engine; otherwise
// less of it, and in either case what does not depend on how fast the machine is holds.
func TestEnginesUnderFaults(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := os.Stat("/usr/sbin/nginx"); err != nil {
		t.Skip("no nginx here")
	}
	if _, err := os.Stat("/usr/sbin/haproxy"); err != nil {
		t.Skip("no haproxy here")
	}
	engines := []balance.Engine{balance.Nginx(lbconfig.DeadHosts), balance.Nginx(lbconfig.FastRecovery), balance.HAProxy()}
	load := balance.Load{Rate: 50, Fault: 3 * time.Second, After: 5500 * time.Millisecond, Progress: func(s string) { t.Log(s) }}
	if os.Getenv("QUORATE_BALANCE") == "full" {
		engines = append([]balance.Engine{balance.NginxDefaults()}, engines...)
		load = balance.Load{Progress: load.Progress}
	}
	if name := os.Getenv("QUORATE_BALANCE_ENGINE"); name != "" {
		engines = slices.DeleteFunc(engines, func(e balance.Engine) bool { return !strings.Contains(e.Name, name) })
	}
	results, err := balance.Measure(t.Context(), engines, load)
	require.NoError(t, err)
	require.NotEmpty(t, results)
	for _, r := range results {
		if r.Void {
			t.Errorf("%s: the machine stood still each time", r)
			continue
		}
		switch r.Fault {
		case "one stopped", "one removed by a reload", "one added by a reload":
			assert.Zero(t, r.During.Failed, r.String())
			assert.Zero(t, r.After.Failed, r.String())
		case "all stopped":
			assert.Equal(t, r.During.Connections, r.During.Failed, r.String())
		}
	}
	t.Log("\n" + balance.Table(results))
}
