package fake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
)

// BenchmarkBareHosts makes three hosts for control planes and two for workers, and boots them.
func BenchmarkBareHosts(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c, err := fake.New(fake.ControlPlanes(3), fake.Workers(2))
		require.NoError(b, err)
		require.NoError(b, c.Close())
	}
}

// BenchmarkBuildByHand builds a cluster of three control planes and two workers through Transports.
func BenchmarkBuildByHand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c, err := fake.New(fake.ControlPlanes(3), fake.Workers(2))
		require.NoError(b, err)
		newHand(b, c, "v1.37.2").build()
		require.NoError(b, c.Close())
	}
}
