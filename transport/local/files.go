package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/internal/launch"
)

// chunk is how much is read or written between two looks at the context.
const chunk = 1 << 20

// begin returns err, or why nothing is to be done.
func begin(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return launch.ContextError(ctx)
	}
	return err
}

// readFile reads a file with this process's rights.
func readFile(ctx context.Context, path string) ([]byte, error) {
	err := begin(ctx, checkPath(path))
	var data []byte
	if err == nil {
		data, err = readAll(ctx, path)
	}
	if err != nil {
		return nil, fmt.Errorf("local: read %s: %w", path, reason(err))
	}
	return data, nil
}

func readAll(ctx context.Context, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data []byte
	if info, err := f.Stat(); err == nil {
		if info.IsDir() {
			return nil, errors.New("is a directory")
		}
		data = make([]byte, 0, info.Size()+1) // files in /proc say 0
	}
	for {
		if ctx.Err() != nil {
			return nil, launch.ContextError(ctx)
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := f.Read(data[len(data):min(cap(data), len(data)+chunk)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// writeFile puts a file in place with this process's rights.
func writeFile(ctx context.Context, f transport.File) error {
	err := begin(ctx, checkFile(f))
	if err == nil {
		err = replace(ctx, f)
	}
	if err != nil {
		return fmt.Errorf("local: write %s: %w", f.Path, reason(err))
	}
	return nil
}

// replace writes a hidden file beside f.Path and renames it.
func replace(ctx context.Context, f transport.File) (err error) {
	if info, err := os.Stat(f.Path); err == nil && info.IsDir() {
		return errors.New("is a directory")
	}
	dir := filepath.Dir(f.Path)
	if err := makeDirs(dir); err != nil {
		return err
	}
	base := filepath.Base(f.Path)
	temp, err := os.CreateTemp(dir, "."+base[:min(len(base), 200)]+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if err := fill(ctx, temp, f.Data); err != nil {
		return err
	}
	if err := setOwner(temp, f.Owner); err != nil {
		return err
	}
	mode := f.Mode.Perm()
	if mode == 0 {
		mode = 0o644
	}
	if err := temp.Chmod(mode); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return launch.ContextError(ctx)
	}
	if err := os.Rename(temp.Name(), f.Path); err != nil {
		return err
	}
	return syncDir(dir)
}

// fill writes data while ctx lasts.
func fill(ctx context.Context, to *os.File, data []byte) error {
	for len(data) > 0 {
		if ctx.Err() != nil {
			return launch.ContextError(ctx)
		}
		n := min(len(data), chunk)
		if _, err := to.Write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	if ctx.Err() != nil {
		return launch.ContextError(ctx)
	}
	return nil
}

// makeDirs makes the missing ones of dir and its parents, with mode 0755 whatever the umask.
func makeDirs(dir string) error {
	err := os.Mkdir(dir, 0o755)
	switch {
	case err == nil:
		return os.Chmod(dir, 0o755)
	case errors.Is(err, fs.ErrExist):
		return nil
	case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir:
		return err
	}
	if err := makeDirs(filepath.Dir(dir)); err != nil {
		return err
	}
	return makeDirs(dir)
}
