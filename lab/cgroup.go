package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// cgroupRoot is the group that all hosts' groups lie in, in every hierarchy.
const cgroupRoot = "quorate-lab"

// hierarchies returns the directories at which this machine's cgroup hierarchies are mounted.
func hierarchies() ([]string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var dirs []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			dirs = append(dirs, fields[1])
		}
	}
	return dirs, lines.Err()
}

// makeCgroups makes the group name in every hierarchy and returns their directories. A host must be
// in a group of its own in each of them, also in an empty unified one beside version 1: its services
// and pods are named below it, and hosts that shared one would share those.
func makeCgroups(name string) ([]string, error) {
	roots, err := hierarchies()
	if err != nil {
		return nil, fmt.Errorf("lab: find the cgroup hierarchies: %w", err)
	}
	if len(roots) == 0 {
		return nil, errors.New("lab: this machine has no cgroup hierarchy mounted")
	}
	var dirs []string
	for _, root := range roots {
		dir := root
		for _, part := range strings.Split(filepath.Join(cgroupRoot, name), "/") {
			parent := dir
			dir = filepath.Join(dir, part)
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, fmt.Errorf("lab: make a cgroup: %w", err)
			}
			if err := inheritCpuset(parent, dir); err != nil {
				return nil, err
			}
		}
		dirs = append(dirs, dir)
		if err := giveProcessorTime(filepath.Join(root, cgroupRoot)); err != nil {
			return nil, err
		}
	}
	return dirs, nil
}

// labShares is the weight of all hosts together when processors are short: that of 4 busy
// processes outside. With the default, all hosts would get as much as one compiler, and clusters
// fall apart while something is built.
const labShares = "4096"

// giveProcessorTime sets that weight on the group of all hosts, in the hierarchy that has it.
func giveProcessorTime(group string) error {
	err := os.WriteFile(filepath.Join(group, "cpu.shares"), []byte(labShares), 0o644)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil // another hierarchy: a file that it does not have cannot be made either
	}
	return err
}

// inheritCpuset gives a new version 1 cpuset its parent's processors and memory: it begins with
// none, and takes no process until it has some.
func inheritCpuset(parent, dir string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		have, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(have)) != "" {
			continue
		}
		if err != nil {
			return err
		}
		value, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil {
			return err
		}
		if len(strings.TrimSpace(string(value))) == 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), value, 0o644); err != nil {
			return fmt.Errorf("lab: set up a cpuset: %w", err)
		}
	}
	return nil
}

// processesIn returns the processes in a group and the groups below it, in any hierarchy.
func processesIn(name string) ([]int, error) {
	roots, err := hierarchies()
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	var pids []int
	for _, root := range roots {
		err := filepath.WalkDir(filepath.Join(root, cgroupRoot, name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil // groups come and go while we look
			}
			text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
			if err != nil {
				return nil
			}
			for _, field := range strings.Fields(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil && pid > 0 && !seen[pid] {
					seen[pid] = true
					pids = append(pids, pid)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return pids, nil
}

// killCgroups kills every process in a group until there is none: what is killed may have forked.
func killCgroups(ctx context.Context, name string) error {
	err := poll(ctx, func() (bool, error) {
		pids, err := processesIn(name)
		if err != nil {
			return false, err
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
				return false, fmt.Errorf("kill process %d: %w", pid, err)
			}
		}
		return len(pids) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("lab: end the processes of %s: %w", name, err)
	}
	return nil
}

// removeCgroups removes an empty group with all below it, in every hierarchy.
func removeCgroups(ctx context.Context, name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		top := filepath.Join(root, cgroupRoot, name)
		// A group is busy for a moment after its last process.
		err := poll(ctx, func() (bool, error) {
			var dirs []string
			err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					dirs = append(dirs, path)
				}
				return nil
			})
			if err != nil {
				return false, err
			}
			busy := false
			for n := len(dirs) - 1; n >= 0; n-- {
				if err := os.Remove(dirs[n]); err != nil && !errors.Is(err, fs.ErrNotExist) {
					busy = true
				}
			}
			return !busy, nil
		})
		if err != nil {
			return fmt.Errorf("lab: remove the cgroup %s: %w", top, err)
		}
	}
	return nil
}
