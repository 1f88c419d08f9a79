package lab

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mountsBelow returns the mount points at or below dir, the deepest last.
func mountsBelow(dir string) ([]string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var mounts []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 1 && (fields[1] == dir || strings.HasPrefix(fields[1], dir+"/")) {
			mounts = append(mounts, fields[1])
		}
	}
	return mounts, lines.Err()
}

// unmountBelow unmounts everything at or below dir.
func unmountBelow(dir string) error {
	mounts, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	var errs []error
	for n := len(mounts) - 1; n >= 0; n-- {
		if err := unix.Unmount(mounts[n], unix.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("lab: unmount %s: %w", mounts[n], err))
		}
	}
	return errors.Join(errs...)
}

// mountOverlay lays a writable layer over read-only ones (the topmost first) at dir/root.
func mountOverlay(dir string, layers ...string) error {
	for _, name := range []string{"upper", "work", "root"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", strings.Join(layers, ":"), dir, dir)
	if err := unix.Mount("overlay", filepath.Join(dir, "root"), "overlay", 0, options); err != nil {
		return fmt.Errorf("mount an overlay: %w", err)
	}
	return nil
}
