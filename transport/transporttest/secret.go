package transporttest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

var secretCases = []Case{
	{"Secret/errors", secretErrors},
}

// secretErrors: no error shows what a sensitive command was given or said, in any of fmt's ways.
func secretErrors(t *testing.T, h Host) {
	const secret = "tKq83ZpW-unlikely-to-be-anywhere"
	tr := connect(t, h)
	cmd := func(argv ...string) transport.Command {
		return transport.Command{Argv: argv, Env: []string{"QUORATE_S=" + secret}, Stdin: strings.NewReader(secret), Sensitive: true}
	}
	check := func(err error) {
		t.Helper()
		require.Error(t, err)
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			require.NotContains(t, text, secret)
		}
	}
	_, err := tr.Run(limited(t), cmd("quorate-no-such-program", secret))
	check(err)
	_, err = transport.RunOK(limited(t), tr, "host", cmd("cat", "/no-such-file-"+secret))
	check(err)
	_, err = transport.RunOK(limited(t), tr, "host", cmd("false", secret))
	check(err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	slow := cmd("sleep", "3600")
	_, err = tr.Run(ctx, slow)
	check(err)
	invalid := cmd("printf", secret+"\x00", secret)
	_, err = tr.Run(limited(t), invalid)
	check(err)
}
