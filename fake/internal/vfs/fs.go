package vfs

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Owner is who a file belongs to.
type Owner struct{ UID, GID int }

// Info describes a file.
type Info struct {
	Name    string
	Mode    fs.FileMode
	Owner   Owner
	Size    int64
	ModTime time.Time
	// Target is where a symbolic link points to.
	Target string
}

type node struct {
	mode    fs.FileMode
	owner   Owner
	data    []byte
	target  string
	entries map[string]*node
	mtime   time.Time
}

// FS is a file system. It is safe for concurrent use. Returned content must not be changed.
type FS struct {
	mu      sync.RWMutex
	root    *node
	changes uint64
	// Computed answers reads below /proc and /sys; false means that there is no such file.
	// It is set before first use.
	Computed func(name string) ([]byte, bool)
	// Now stamps files. It is set before first use; nil leaves times zero.
	Now func() time.Time
}

// New returns an empty file system.
func New() *FS { return &FS{root: &node{mode: fs.ModeDir | 0o755, entries: map[string]*node{}}} }

// Changes counts the changes so far: equal counts mean equal content.
func (f *FS) Changes() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.changes
}

func pathError(op, name string, err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }

func computed(name string) bool {
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/sys/")
}

func (f *FS) now() time.Time {
	if f.Now == nil {
		return time.Time{}
	}
	return f.Now()
}

const maxLinks = 40 // as Linux: MAXSYMLINKS

// walk finds the directory that holds name's last element, that element, and its node (nil when absent).
func (f *FS) walk(name string, follow bool) (dir *node, base string, n *node, err error) {
	if !path.IsAbs(name) {
		return nil, "", nil, fmt.Errorf("vfs: path %q is not absolute", name)
	}
	links := 0
	rest := splitPath(name)
	dir, n = f.root, f.root
	stack := []*node{f.root}
	for i := 0; i < len(rest); i++ {
		elem := rest[i]
		if elem == ".." {
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
			n = stack[len(stack)-1]
			dir, base = n, "."
			continue
		}
		if n == nil {
			return nil, "", nil, syscall.ENOENT
		}
		if !n.mode.IsDir() {
			return nil, "", nil, syscall.ENOTDIR
		}
		dir, base = n, elem
		n = dir.entries[elem]
		if n != nil && n.mode&fs.ModeSymlink != 0 && (follow || i < len(rest)-1) {
			if links++; links > maxLinks {
				return nil, "", nil, syscall.ELOOP
			}
			tail := append(splitPath(n.target), rest[i+1:]...)
			if path.IsAbs(n.target) {
				stack = stack[:1]
			}
			n = stack[len(stack)-1]
			dir, base = n, "."
			rest, i = tail, -1
			continue
		}
		if n != nil && n.mode.IsDir() {
			stack = append(stack, n)
		}
	}
	return dir, base, n, nil
}

func splitPath(name string) []string {
	parts := strings.Split(name, "/")
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" || s == "." })
}

// Read returns a file's content.
func (f *FS) Read(name string) ([]byte, error) {
	if computed(name) && f.Computed != nil {
		if b, ok := f.Computed(path.Clean(name)); ok {
			return b, nil
		}
		return nil, pathError("open", name, syscall.ENOENT)
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, _, n, err := f.walk(name, true)
	switch {
	case err != nil:
		return nil, pathError("open", name, err)
	case n == nil:
		return nil, pathError("open", name, syscall.ENOENT)
	case n.mode.IsDir():
		return nil, pathError("read", name, syscall.EISDIR)
	}
	return n.data, nil
}

// Write creates the file or replaces its content in place; mode is for a new one. The directory must exist.
func (f *FS) Write(name string, data []byte, mode fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	dir, base, n, err := f.walk(name, true)
	switch {
	case err != nil:
		return pathError("open", name, err)
	case n != nil && n.mode.IsDir():
		return pathError("open", name, syscall.EISDIR)
	case n == nil:
		n = &node{mode: mode.Perm()}
		dir.entries[base] = n
	}
	n.data, n.mtime = slices.Clone(data), f.now()
	return nil
}

// Replace puts a new file in place of whatever has the name, as a rename does. Parents are made.
func (f *FS) Replace(name string, data []byte, mode fs.FileMode, owner Owner) error {
	if err := f.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	dir, base, n, err := f.walk(name, false)
	switch {
	case err != nil:
		return pathError("rename", name, err)
	case n != nil && n.mode.IsDir():
		return pathError("rename", name, syscall.EISDIR)
	}
	dir.entries[base] = &node{mode: mode.Perm(), owner: owner, data: slices.Clone(data), mtime: f.now()}
	return nil
}

// MkdirAll makes a directory and its parents.
func (f *FS) MkdirAll(name string, mode fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	at := ""
	for _, elem := range splitPath(name) {
		at += "/" + elem
		dir, base, n, err := f.walk(at, true)
		switch {
		case err != nil:
			return pathError("mkdir", name, err)
		case n == nil:
			dir.entries[base] = &node{mode: fs.ModeDir | mode.Perm(), entries: map[string]*node{}, mtime: f.now()}
		case !n.mode.IsDir():
			return pathError("mkdir", at, syscall.ENOTDIR)
		}
	}
	return nil
}

// Symlink makes a symbolic link at name that points to target.
func (f *FS) Symlink(target, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	dir, base, n, err := f.walk(name, false)
	switch {
	case err != nil:
		return pathError("symlink", name, err)
	case n != nil:
		return pathError("symlink", name, syscall.EEXIST)
	}
	dir.entries[base] = &node{mode: fs.ModeSymlink | 0o777, target: target, mtime: f.now()}
	return nil
}

// Rename moves a file or directory over whatever file has the new name.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	fromDir, fromBase, n, err := f.walk(from, false)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return pathError("rename", from, err)
	}
	toDir, toBase, old, err := f.walk(to, false)
	switch {
	case err != nil:
		return pathError("rename", to, err)
	case old != nil && old.mode.IsDir() && (!n.mode.IsDir() || len(old.entries) > 0):
		return pathError("rename", to, syscall.EEXIST)
	}
	delete(fromDir.entries, fromBase)
	toDir.entries[toBase] = n
	return nil
}

// Remove deletes a file, a link or an empty directory.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	dir, base, n, err := f.walk(name, false)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err == nil && n.mode.IsDir() && len(n.entries) > 0 {
		err = syscall.ENOTEMPTY
	}
	if err != nil {
		return pathError("remove", name, err)
	}
	delete(dir.entries, base)
	return nil
}

// RemoveAll deletes name and everything below it; it is no error when there is nothing.
func (f *FS) RemoveAll(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	dir, base, n, err := f.walk(name, false)
	if err != nil || n == nil {
		return nil
	}
	if n == f.root || base == "." {
		return pathError("remove", name, syscall.EBUSY)
	}
	delete(dir.entries, base)
	return nil
}
