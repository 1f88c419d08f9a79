package vfs

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"syscall"
)

// Stat describes the file at name, following links.
func (f *FS) Stat(name string) (Info, error) { return f.stat(name, true) }

// Lstat describes the file at name, not following a link there.
func (f *FS) Lstat(name string) (Info, error) { return f.stat(name, false) }

func (f *FS) stat(name string, follow bool) (Info, error) {
	if computed(name) && f.Computed != nil {
		if b, ok := f.Computed(path.Clean(name)); ok {
			return Info{Name: path.Base(name), Mode: 0o444, Size: int64(len(b))}, nil
		}
		return Info{}, pathError("stat", name, syscall.ENOENT)
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, _, n, err := f.walk(name, follow)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return Info{}, pathError("stat", name, err)
	}
	return n.info(path.Base(name)), nil
}

func (n *node) info(name string) Info {
	return Info{Name: name, Mode: n.mode, Owner: n.owner, Size: int64(len(n.data)), ModTime: n.mtime, Target: n.target}
}

// Exists says whether there is a file at name.
func (f *FS) Exists(name string) bool {
	_, err := f.Stat(name)
	return err == nil
}

// List describes the entries of a directory, sorted by name. An absent directory has none.
func (f *FS) List(name string) []Info {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, _, n, err := f.walk(name, true)
	if err != nil || n == nil || !n.mode.IsDir() {
		return nil
	}
	var out []Info
	for _, base := range slices.Sorted(maps.Keys(n.entries)) {
		out = append(out, n.entries[base].info(base))
	}
	return out
}

// Walk calls f for name and everything below it, in order, links not followed.
func (f *FS) Walk(name string, visit func(name string, info Info)) {
	info, err := f.Lstat(name)
	if err != nil {
		return
	}
	visit(name, info)
	if info.Mode.IsDir() {
		for _, e := range f.List(name) {
			f.Walk(path.Join(name, e.Name), visit)
		}
	}
}

// Chmod sets the permission bits.
func (f *FS) Chmod(name string, mode fs.FileMode) error {
	return f.change("chmod", name, func(n *node) { n.mode = n.mode&^fs.ModePerm | mode.Perm() })
}

// Chown sets the owner.
func (f *FS) Chown(name string, owner Owner) error {
	return f.change("chown", name, func(n *node) { n.owner = owner })
}

func (f *FS) change(op, name string, do func(*node)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	_, _, n, err := f.walk(name, true)
	if err == nil && n == nil {
		err = syscall.ENOENT
	}
	if err != nil {
		return pathError(op, name, err)
	}
	do(n)
	return nil
}

// Clear empties a directory: what a reboot does to a tmpfs.
func (f *FS) Clear(name string) {
	_ = f.change("clear", name, func(n *node) { n.entries = map[string]*node{} }) // an absent directory is empty already
}
