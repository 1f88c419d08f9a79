//go:build !unix

package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

// checkPath takes what this system calls an absolute path.
func checkPath(path string) error {
	if filepath.IsAbs(path) && !strings.ContainsRune(path, 0) {
		return nil
	}
	return transport.ValidatePath(path)
}

func checkFile(f transport.File) error {
	if filepath.IsAbs(f.Path) {
		f.Path = "/" + filepath.ToSlash(f.Path)
	}
	return f.Validate()
}

// setOwner refuses: names of users and groups mean something else here.
func setOwner(_ *os.File, owner string) error {
	if owner == "" {
		return nil
	}
	return errors.ErrUnsupported
}

// syncDir does nothing: directories cannot be opened for that here.
func syncDir(string) error { return nil }
