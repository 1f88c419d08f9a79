// Package vfs is an in-memory Unix file system: directories, files, symbolic links, modes and
// owners, atomic rename, and files whose content is computed when they are read (/proc, /sys).
//
//	fs := vfs.New()
//	err := fs.MkdirAll("/etc/app", 0o755)
//	err = fs.Write("/etc/app/conf", []byte("x"), 0o600)
//	b, err := fs.Read("/etc/app/conf")
//
// Access is that of root: permissions are kept and shown, and not enforced. No hard links, devices or sockets.
package vfs
