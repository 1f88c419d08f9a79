//go:build unix

package local

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

func checkPath(path string) error { return transport.ValidatePath(path) }

func checkFile(f transport.File) error { return f.Validate() }

// setOwner gives f to "user" or "user:group", by name or number.
func setOwner(f *os.File, owner string) error {
	if owner == "" {
		return nil
	}
	name, group, _ := strings.Cut(owner, ":")
	uid, gid := -1, -1
	if name != "" {
		id, err := number(name, func(s string) (string, error) {
			u, err := user.Lookup(s)
			if err != nil {
				return "", err
			}
			return u.Uid, nil
		})
		if err != nil {
			return fmt.Errorf("owner: %w", err)
		}
		uid = id
	}
	if group != "" {
		id, err := number(group, func(s string) (string, error) {
			g, err := user.LookupGroup(s)
			if err != nil {
				return "", err
			}
			return g.Gid, nil
		})
		if err != nil {
			return fmt.Errorf("owner: %w", err)
		}
		gid = id
	}
	return f.Chown(uid, gid)
}

// number looks name up, and takes it for a number when it is not known, as chown(1) does.
func number(name string, lookup func(string) (string, error)) (int, error) {
	id, err := lookup(name)
	if err != nil {
		n, nerr := strconv.Atoi(name)
		if nerr != nil || n < 0 {
			return 0, err
		}
		return n, nil
	}
	return strconv.Atoi(id)
}

// syncDir makes a rename in dir survive a crash.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
