package lbconfig_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// The lines were written by nginx 1.22.1 on Debian 12.
func TestSessionLogReadsNginxsLines(t *testing.T) {
	t.Parallel()
	log, err := lbconfig.NewSessionLog(lbconfig.SessionFormat())
	require.NoError(t, err)
	parse := func(line string) lbconfig.Session {
		s, err := log.Parse(line)
		require.NoError(t, err)
		assert.Len(t, s.Fields, 9)
		s.Fields = nil
		return s
	}
	at := time.Date(2026, 11, 22, 14, 47, 38, 0, time.UTC)
	client := netip.MustParseAddrPort("127.0.0.1:41234")
	carried := parse(`2026-11-22T14:47:38+00:00 127.0.0.1:41234 200 517 1378 0.004 "127.0.0.1:26598, 127.0.0.1:26599" "-, 0.001"` + "\n")
	assert.True(t, at.Equal(carried.Time))
	carried.Time = time.Time{}
	assert.Equal(t, lbconfig.Session{
		Client: client, Status: 200, BytesReceived: 517, BytesSent: 1378, Duration: 4 * time.Millisecond,
		Attempts: []lbconfig.Attempt{{Address: "127.0.0.1:26598"}, {Address: "127.0.0.1:26599", Connected: true, ConnectTime: time.Millisecond}},
	}, carried)

	refused := parse(`2026-11-22T14:47:38+00:00 ::1:41234 502 0 0 0.000 "127.0.0.1:26598, 127.0.0.1:26599" "-, -"`)
	assert.Equal(t, netip.MustParseAddrPort("[::1]:41234"), refused.Client)
	assert.Equal(t, []lbconfig.Attempt{{Address: "127.0.0.1:26598"}, {Address: "127.0.0.1:26599"}}, refused.Attempts)
	assert.False(t, refused.NoLiveUpstreams)

	none := parse(`2026-11-22T14:47:38+00:00 127.0.0.1:41234 502 0 0 0.000 "kube_apiserver" "-"`)
	assert.True(t, none.NoLiveUpstreams)
	assert.Equal(t, "kube_apiserver", none.Upstream)
	assert.Empty(t, none.Attempts)

	denied := parse(`2026-11-22T14:47:38+00:00 10.0.0.9:1 403 0 0 0.000 "-" "-"`)
	assert.Equal(t, 403, denied.Status)
	assert.Empty(t, denied.Attempts)

	six := parse(`2026-11-22T14:47:38+00:00 127.0.0.1:1 200 1 1 1.500 "[fd00::13]:6443" "0.500"`)
	assert.Equal(t, []lbconfig.Attempt{{Address: "[fd00::13]:6443", Connected: true, ConnectTime: 500 * time.Millisecond}}, six.Attempts)
}

func TestParseLogLineOfOtherFormats(t *testing.T) {
	t.Parallel()
	s, err := lbconfig.ParseLogLine(lbconfig.LogFormat{Escape: "json", Format: `{"t":$msec,"c":"$remote_addr","n":"$ssl_preread_server_name","u":"${upstream_addr}"}`},
		`{"t":1763822858.250,"c":"fd00::1","n":"a\u0009b","u":"unix:/run/a.sock"}`)
	require.NoError(t, err)
	assert.Equal(t, time.UnixMilli(1763822858250).UTC(), s.Time)
	assert.Equal(t, netip.AddrPortFrom(netip.MustParseAddr("fd00::1"), 0), s.Client)
	assert.Equal(t, "a\tb", s.Fields["ssl_preread_server_name"])
	assert.Equal(t, []lbconfig.Attempt{{Address: "unix:/run/a.sock"}}, s.Attempts)
	s, err = lbconfig.ParseLogLine(lbconfig.LogFormat{Format: "[$time_local] $hostname"}, `[22/Nov/2026:14:47:38 +0000] a\x09b`)
	require.NoError(t, err)
	assert.Equal(t, "a\tb", s.Fields["hostname"])
	assert.Equal(t, 2026, s.Time.Year())
}

func TestSessionLogRefuses(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{
		"$status$protocol": "nothing stands between $status and $protocol", "$status $status": "$status occurs twice",
		"plain": "has no variables", "${status": "closing bracket", "$ x": "invalid variable name",
	} {
		_, err := lbconfig.NewSessionLog(lbconfig.LogFormat{Name: "f", Format: format})
		assert.ErrorContains(t, err, want)
	}
	for _, line := range []string{"", "x", "999", "200 x"} {
		_, err := lbconfig.ParseLogLine(lbconfig.LogFormat{Format: "$status $time_iso8601 $remote_addr"}, line)
		assert.Error(t, err, line)
	}
	_, err := lbconfig.ParseLogLine(lbconfig.LogFormat{Format: "$time_iso8601 x"}, "yesterday x")
	assert.ErrorContains(t, err, "$time_iso8601")
}
