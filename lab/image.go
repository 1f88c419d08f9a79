package lab

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// image is a container image of one layer.
type image struct {
	// tags are the names it goes by.
	tags []string
	// files maps a path in the image to a file of this machine, or to a link: "-> target".
	files map[string]string
	// entrypoint is the program it runs when the pod names none.
	entrypoint []string
}

// save writes the image as a docker-archive, which `ctr images import` reads.
func (i image) save(file string) error {
	layer := file + ".layer"
	defer os.Remove(layer)
	diffID, err := i.writeLayer(layer)
	if err != nil {
		return fmt.Errorf("layer of %s: %w", i.tags[0], err)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"created":      time.Unix(0, 0).UTC(),
		"config": map[string]any{
			"Env":        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
			"Entrypoint": i.entrypoint,
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + diffID}},
		"history": []any{map[string]any{"created": time.Unix(0, 0).UTC(), "created_by": "quorate lab"}},
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(config)
	configName := hex.EncodeToString(sum[:]) + ".json"
	manifest, err := json.Marshal([]any{map[string]any{"Config": configName, "RepoTags": i.tags, "Layers": []string{diffID + ".tar"}}})
	if err != nil {
		return err
	}
	return writeFile(file, func(w io.Writer) error {
		archive := tar.NewWriter(w)
		for _, member := range []struct {
			name string
			data []byte
		}{{configName, config}, {"manifest.json", manifest}} {
			if err := archive.WriteHeader(&tar.Header{Name: member.name, Mode: 0o644, Size: int64(len(member.data))}); err != nil {
				return err
			}
			if _, err := archive.Write(member.data); err != nil {
				return err
			}
		}
		if err := addFile(archive, diffID+".tar", layer); err != nil {
			return err
		}
		return archive.Close()
	})
}

// writeLayer writes the image's files as a tar and returns its digest.
func (i image) writeLayer(file string) (string, error) {
	digest := sha256.New()
	err := writeFile(file, func(w io.Writer) error {
		archive := tar.NewWriter(io.MultiWriter(w, digest))
		made := map[string]bool{}
		for _, dir := range []string{"tmp/", "etc/", "run/", "var/", "proc/", "sys/", "dev/"} {
			mode := int64(0o755)
			if dir == "tmp/" {
				mode = 0o1777
			}
			made[dir] = true
			if err := archive.WriteHeader(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: mode}); err != nil {
				return err
			}
		}
		for _, name := range sortedKeys(i.files) {
			if err := addParents(archive, made, name); err != nil {
				return err
			}
			source := i.files[name]
			if target, ok := strings.CutPrefix(source, "-> "); ok {
				if err := archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}); err != nil {
					return err
				}
				continue
			}
			if err := addFile(archive, name, source); err != nil {
				return err
			}
		}
		return archive.Close()
	})
	return hex.EncodeToString(digest.Sum(nil)), err
}

// addParents adds the directories above name that were not added before.
func addParents(archive *tar.Writer, made map[string]bool, name string) error {
	var missing []string
	for dir := path.Dir(name); dir != "." && !made[dir+"/"]; dir = path.Dir(dir) {
		missing = append(missing, dir+"/")
	}
	for n := len(missing) - 1; n >= 0; n-- {
		made[missing[n]] = true
		if err := archive.WriteHeader(&tar.Header{Name: missing[n], Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			return err
		}
	}
	return nil
}

// addFile adds a file of this machine under name.
func addFile(archive *tar.Writer, name, source string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(archive, f)
	return err
}

// writeFile makes file with what write writes.
func writeFile(file string, write func(io.Writer) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// closure returns what the programs need of a root tree to run: themselves, the programs behind
// their links, and the shared libraries that they are linked with, by path in the tree.
func closure(ldd func(program string) (string, error), root string, programs ...string) (map[string]string, error) {
	files := map[string]string{}
	add := func(name string) error {
		for range 10 {
			name = strings.TrimPrefix(path.Clean("/"+name), "/")
			// A merged /usr: /lib is usr/lib.
			for _, top := range []string{"lib", "lib64", "bin", "sbin"} {
				if strings.HasPrefix(name, top+"/") {
					files[top] = "-> usr/" + top
					name = "usr/" + name
				}
			}
			full := filepath.Join(root, name)
			target, err := os.Readlink(full)
			if err != nil {
				files[name] = full
				return nil
			}
			files[name] = "-> " + target
			if path.IsAbs(target) {
				name = target
			} else {
				name = path.Join(path.Dir(name), target)
			}
		}
		return fmt.Errorf("%s: too many links", name)
	}
	for _, program := range programs {
		if err := add(program); err != nil {
			return nil, err
		}
		libraries, err := ldd(program)
		if err != nil {
			return nil, err
		}
		for _, word := range strings.Fields(libraries) {
			if strings.HasPrefix(word, "/") {
				if err := add(word); err != nil {
					return nil, err
				}
			}
		}
	}
	return files, nil
}
