package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// cache is a directory of finished builds. An entry's name holds the hash of everything it was
// made from, so an entry is never updated: another recipe is another entry.
type cache struct{ dir string }

// openCache returns the cache under the user's cache directory.
func openCache() (cache, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return cache{}, fmt.Errorf("lab: find the user's cache directory: %w", err)
	}
	c := cache{dir: filepath.Join(base, "quorate-lab")}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return cache{}, fmt.Errorf("lab: make the cache directory: %w", err)
	}
	return c, nil
}

// recipeHash is a short hash of what an entry is made from.
func recipeHash(recipe []string) string {
	h := sha256.New()
	for _, part := range recipe {
		fmt.Fprintf(h, "%d:", len(part))
		h.Write([]byte(part))
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// entry returns the directory of the entry kind made from recipe. When there is none, build fills
// a new directory, which gets its name only when build succeeded: a crash leaves no half entry.
// Several processes may ask at once; one builds, the others wait.
func (c cache) entry(ctx context.Context, kind string, recipe []string, build func(ctx context.Context, dir string) error) (string, error) {
	final := filepath.Join(c.dir, kind+"-"+recipeHash(recipe))
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	lock, err := lockFile(ctx, final+".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	partial := final + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("lab: clear %s: %w", partial, err)
	}
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return "", fmt.Errorf("lab: build %s: %w", kind, err)
	}
	if err := build(ctx, partial); err != nil {
		return "", fmt.Errorf("lab: build %s: %w", kind, err)
	}
	if err := os.Rename(partial, final); err != nil {
		return "", fmt.Errorf("lab: build %s: %w", kind, err)
	}
	return final, nil
}

// lockFile takes the exclusive lock on path, waiting for whoever holds it. The lock ends with
// the file's Close or with the process, however that ends.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lab: lock: %w", err)
	}
	err = poll(ctx, func() (bool, error) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == unix.EWOULDBLOCK {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lab: lock %s: %w", path, err)
	}
	return f, nil
}

// hashFiles returns the names and content of files for a recipe.
func hashFiles(files map[string]string) string {
	var b strings.Builder
	for _, name := range sortedKeys(files) {
		fmt.Fprintf(&b, "%s\x00%s\x00", name, files[name])
	}
	return b.String()
}
