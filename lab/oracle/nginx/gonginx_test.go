package nginx

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tufanbarisyildirim/gonginx/parser"

	"github.com/quorate-dev/quorate/lbconfig"
)

// BenchmarkParse reads a file with 500 backends into lbconfig's types and into gonginx's list of
// directives, which has no types for stream and checks no values.
func BenchmarkParse(b *testing.B) {
	var backends []netip.AddrPort
	for i := range 500 {
		backends = append(backends, netip.MustParseAddrPort(fmt.Sprintf("10.1.%d.%d:6443", i/250, 1+i%250)))
	}
	file, err := lbconfig.APIServer(lbconfig.Options{Backends: backends}).Render()
	require.NoError(b, err)
	b.Run("lbconfig", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			_, err := lbconfig.Parse(file)
			require.NoError(b, err)
		}
	})
	b.Run("gonginx", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			_, err := parser.NewStringParser(string(file), parser.WithSkipValidDirectivesErr()).Parse()
			require.NoError(b, err)
		}
	})
}
