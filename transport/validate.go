package transport

import (
	"errors"
	"fmt"
	"strings"
)

// Validate reports everything that is wrong with c before anything is sent to a host: no program,
// a NUL byte in an argument or setting, a setting that is not "NAME=value". Implementations call it
// first. The error names the place, never the content.
func (c Command) Validate() error {
	var errs []error
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		errs = append(errs, errors.New("no program to run"))
	}
	for i, a := range c.Argv {
		if strings.ContainsRune(a, 0) {
			errs = append(errs, fmt.Errorf("argument %d contains a NUL byte", i))
		}
	}
	for i, kv := range c.Env {
		switch at := strings.IndexByte(kv, '='); {
		case at <= 0:
			errs = append(errs, fmt.Errorf("setting %d is not NAME=value", i))
		case strings.ContainsRune(kv, 0):
			errs = append(errs, fmt.Errorf("setting %d contains a NUL byte", i))
		}
	}
	return errors.Join(errs...)
}

// Validate reports everything that is wrong with f before anything is sent to a host: a path that
// is not absolute or names no file, a mode beyond the permission bits, a malformed owner.
func (f File) Validate() error {
	var errs []error
	if err := ValidatePath(f.Path); err != nil {
		errs = append(errs, err)
	} else if strings.HasSuffix(f.Path, "/") {
		errs = append(errs, fmt.Errorf("path %q names a directory", f.Path))
	}
	if f.Mode&^0o777 != 0 {
		errs = append(errs, fmt.Errorf("mode %v of %s holds more than permission bits", f.Mode, f.Path))
	}
	if strings.HasPrefix(f.Owner, "-") || strings.ContainsAny(f.Owner, "\x00\n /") {
		errs = append(errs, fmt.Errorf("owner %q is not user or user:group", f.Owner))
	}
	return errors.Join(errs...)
}

// ValidatePath reports what is wrong with the path of a file on a host: it must be absolute and
// hold no NUL byte.
func ValidatePath(path string) error {
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("path %q is not absolute", path)
	case strings.ContainsRune(path, 0):
		return fmt.Errorf("path %q contains a NUL byte", path)
	}
	return nil
}
