package lbconfig_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/lbconfig"
)

// large returns a configuration with 500 backends.
func large() lbconfig.Config {
	var backends []netip.AddrPort
	for i := range 500 {
		backends = append(backends, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(1 + i%250)}), 6443))
	}
	return lbconfig.APIServer(lbconfig.Options{Backends: backends})
}

func BenchmarkRender(b *testing.B) {
	cfg := large()
	for b.Loop() {
		_, err := cfg.Render()
		require.NoError(b, err)
	}
}

func BenchmarkParse(b *testing.B) {
	file, err := large().Render()
	require.NoError(b, err)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		_, err := lbconfig.Parse(file)
		require.NoError(b, err)
	}
}

// A megabyte of what costs most for its length.
func BenchmarkParseMegabyte(b *testing.B) {
	for _, piece := range []string{"a;", "a{}", "server{}", "x;server{}", "# "} {
		text := []byte("stream {" + strings.Repeat(piece, (1<<20)/len(piece)) + "\n}")
		b.Run(piece, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = lbconfig.Parse(text) // some have too many statements
			}
		})
	}
}

func BenchmarkValidate(b *testing.B) {
	cfg := large()
	for b.Loop() {
		require.NoError(b, cfg.ValidateOn(lbconfig.DebianBuild()))
	}
}

func BenchmarkLint(b *testing.B) {
	cfg := large()
	for b.Loop() {
		require.Empty(b, cfg.Lint(lbconfig.Env{Version: lbconfig.DebianBuild().Version}))
	}
}

func BenchmarkDiff(b *testing.B) {
	cfg := large()
	down, err := cfg.SetDown("kube_apiserver", "10.1.0.1:6443", true)
	require.NoError(b, err)
	for b.Loop() {
		require.Len(b, lbconfig.Diff(cfg, down), 1)
	}
}

func BenchmarkParseLogLine(b *testing.B) {
	log, err := lbconfig.NewSessionLog(lbconfig.SessionFormat())
	require.NoError(b, err)
	line := fmt.Sprintf(`2026-11-22T14:47:38+00:00 127.0.0.1:41234 200 517 1378 0.004 "%s" "-, 0.001"`, "10.0.0.11:6443, 10.0.0.12:6443")
	for b.Loop() {
		_, err := log.Parse(line)
		require.NoError(b, err)
	}
}
