package lab

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// importConfig is the configuration of a containerd that only imports images: nothing of it is
// outside of its directory, and it starts no pods.
const importConfig = `version = 3
root = %q
state = %q
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs"]
[grpc]
  address = %q
[ttrpc]
  address = %q
`

// containerdState returns a /var/lib/containerd that holds the images, unpacked. Importing them on
// each host instead would take seconds a host, and a copy of everything.
func (c cache) containerdState(ctx context.Context, runtime, images string, progress func(string)) (string, error) {
	dir, err := c.entry(ctx, "state", []string{"2", runtime, images, importConfig}, func(ctx context.Context, dir string) error {
		progress("importing the images")
		return importImages(ctx, runtime, images, filepath.Join(dir, "containerd"))
	})
	return filepath.Join(dir, "containerd"), err
}

// importImages runs a containerd with its state in root and imports the archives of a directory.
func importImages(ctx context.Context, runtime, images, root string) error {
	// A socket's path has 107 bytes, so it cannot lie in the cache.
	short, err := os.MkdirTemp("", "ctr")
	if err != nil {
		return err
	}
	defer os.RemoveAll(short)
	socket, config := filepath.Join(short, "s"), filepath.Join(short, "config.toml")
	text := fmt.Sprintf(importConfig, root, filepath.Join(short, "state"), socket, socket+".ttrpc")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log, err := os.Create(filepath.Join(short, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	daemon := exec.CommandContext(ctx, filepath.Join(runtime, "containerd"), "--config", config)
	daemon.Stdout, daemon.Stderr = log, log
	endAsGroup(daemon)
	daemon.Cancel = func() error { return daemon.Process.Signal(syscall.SIGTERM) }
	if err := daemon.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	err = func() error {
		err := poll(ctx, func() (bool, error) {
			select {
			case err := <-ended:
				ended <- err
				return false, fmt.Errorf("containerd ended: %v", err)
			default:
			}
			_, err := os.Stat(socket)
			return err == nil, nil
		})
		if err != nil {
			return err
		}
		archives, err := filepath.Glob(filepath.Join(images, "*.tar"))
		if err != nil {
			return err
		}
		for _, archive := range archives {
			if _, err := run(ctx, filepath.Join(runtime, "ctr"), "-a", socket, "-n", "k8s.io", "images", "import", archive); err != nil {
				return err
			}
		}
		return nil
	}()
	cancel()
	<-ended
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%w\n%s", err, tail(string(text)))
	}
	return nil
}

// linkTree makes a copy of a directory that shares the files' content through hard links, so that
// it takes no time and the machine's page cache holds it once for all hosts. Databases are copied:
// they are the only files that containerd changes in place.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case entry.IsDir():
			if err := os.MkdirAll(target, 0o700); err != nil {
				return err
			}
			if err := os.Chmod(target, info.Mode()); err != nil {
				return err
			}
			return chownLike(target, info)
		case strings.HasSuffix(name, ".db"):
			return copyFile(path, target, info.Mode())
		case entry.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		default:
			return os.Link(path, target)
		}
	})
}

// chownLike gives path the owner that info has.
func chownLike(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Lchown(path, int(stat.Uid), int(stat.Gid))
	}
	return nil
}

// copyFile copies a file's content.
func copyFile(from, to string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode.Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}
