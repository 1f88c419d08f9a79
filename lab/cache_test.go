package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCacheBuildsOnceWhoeverAsks(t *testing.T) {
	t.Parallel()
	c := cache{dir: t.TempDir()}
	var built atomic.Int32
	var group sync.WaitGroup
	dirs := make([]string, 8)
	for n := range dirs {
		group.Go(func() {
			dir, err := c.entry(t.Context(), "thing", []string{"a", "b"}, func(_ context.Context, dir string) error {
				built.Add(1)
				return os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
			})
			assert.NoError(t, err)
			dirs[n] = dir
		})
	}
	group.Wait()
	assert.EqualValues(t, 1, built.Load())
	for _, dir := range dirs {
		assert.FileExists(t, filepath.Join(dir, "file"))
	}
}

func TestCacheKeepsNothingOfAFailedBuild(t *testing.T) {
	t.Parallel()
	c := cache{dir: t.TempDir()}
	_, err := c.entry(t.Context(), "thing", nil, func(_ context.Context, dir string) error {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "half"), nil, 0o644))
		return errors.New("broken")
	})
	require.ErrorContains(t, err, "build thing: broken")
	dir, err := c.entry(t.Context(), "thing", nil, func(context.Context, string) error { return nil })
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(dir, "half"))
}

func TestRecipesThatDifferHaveEntriesThatDiffer(t *testing.T) {
	t.Parallel()
	assert.NotEqual(t, recipeHash([]string{"ab", "c"}), recipeHash([]string{"a", "bc"}))
	assert.Equal(t, recipeHash([]string{"a"}), recipeHash([]string{"a"}))
}
