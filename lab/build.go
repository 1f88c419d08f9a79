package lab

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Artifacts are what hosts of one Kubernetes version are made of. They lie in the cache, belong to
// no run, and must not be changed.
type Artifacts struct {
	// Version is the Kubernetes version, as "v1.37.2".
	Version string
	// Debian is the root tree of a host, Node the layer over it with containerd and Kubernetes.
	Debian, Node string
	// State is a /var/lib/containerd that holds the images.
	State string
	// Images holds the images as docker archives.
	Images string
	// Tags are the names of the images that kubeadm of this version asks for.
	Tags []string
	// Kubeadm and Kubectl are the programs, for use on this machine.
	Kubeadm, Kubectl string
	// Etcd is the directory of the etcd program.
	Etcd string
}

// versionForm is what a version looks like.
var versionForm = regexp.MustCompile(`^v1\.\d+\.\d+$`)

// Build returns what hosts of a Kubernetes version ("v1.37.2") are made of, building what the cache
// under os.UserCacheDir does not hold: Kubernetes, etcd, containerd and CoreDNS from their Go
// modules, the Debian root tree, and the images. From nothing it takes about ten minutes on two
// cores and 4 GB of memory; from the cache less than a second. progress, which may be nil, gets a line for each
// thing that is being built. It needs root, and Debian's mmdebstrap.
func Build(ctx context.Context, version string, progress func(string)) (*Artifacts, error) {
	progress = orSilent(progress)
	if !versionForm.MatchString(version) {
		return nil, fmt.Errorf("lab: build: %q is not a Kubernetes version like v1.37.2", version)
	}
	c, err := openCache()
	if err != nil {
		return nil, err
	}
	debian, err := c.debianTree(ctx, progress)
	if err != nil {
		return nil, err
	}
	kube, err := c.program(ctx, kubernetes(version), progress)
	if err != nil {
		return nil, err
	}
	runtime, err := c.program(ctx, containerd(), progress)
	if err != nil {
		return nil, err
	}
	node, err := c.nodeTree(ctx, kube, runtime)
	if err != nil {
		return nil, err
	}
	a := &Artifacts{
		Version: version, Debian: debian, Node: node,
		Kubeadm: filepath.Join(node, "usr/bin/kubeadm"), Kubectl: filepath.Join(node, "usr/bin/kubectl"),
	}
	if a.Tags, err = imageTags(ctx, a.Kubeadm, version); err != nil {
		return nil, fmt.Errorf("lab: build: list the images: %w", err)
	}
	return a, a.addImages(ctx, c, kube, runtime, progress)
}

// addImages builds the images and the state that holds them.
func (a *Artifacts) addImages(ctx context.Context, c cache, kube, runtime string, progress func(string)) error {
	etcdVersion, err := etcdVersion(a.Tags)
	if err != nil {
		return err
	}
	if a.Etcd, err = c.program(ctx, etcd(etcdVersion), progress); err != nil {
		return err
	}
	names, err := c.program(ctx, coredns(), progress)
	if err != nil {
		return err
	}
	pause, err := c.own(ctx, "pause", pauseMain, progress)
	if err != nil {
		return err
	}
	pod, err := c.podProgram(ctx, progress)
	if err != nil {
		return err
	}
	set := imageSet{
		debian: a.Debian, kube: filepath.Join(kube, "kube"), etcd: filepath.Join(a.Etcd, "etcd"),
		coredns: filepath.Join(names, "coredns"), pause: pause, pod: pod, tags: a.Tags,
	}
	// By its content: a change of go.mod that leaves the program as it is leaves the images, too.
	text, err := os.ReadFile(pod)
	if err != nil {
		return err
	}
	recipe := append([]string{"4", set.debian, set.kube, set.etcd, set.coredns, set.pause, recipeHash([]string{string(text)}), PodImage}, a.Tags...)
	a.Images, err = c.entry(ctx, "images-"+a.Version, recipe, func(ctx context.Context, dir string) error {
		progress("packing the images")
		return set.save(ctx, dir)
	})
	if err != nil {
		return err
	}
	a.State, err = c.containerdState(ctx, runtime, a.Images, progress)
	return err
}

// etcdVersion finds the etcd version that a kubeadm asks for: "registry.k8s.io/etcd:3.7.0-0" is v3.7.0.
func etcdVersion(tags []string) (string, error) {
	for _, tag := range tags {
		if _, version, ok := strings.Cut(tag, "/etcd:"); ok {
			version, _, _ = strings.Cut(version, "-")
			return "v" + version, nil
		}
	}
	return "", fmt.Errorf("lab: build: kubeadm names no etcd image: %q", tags)
}

// podSources are the lab's own program and the module that it is built in.
//
//go:embed cniplugin/*.go go.mod go.sum
var podSources embed.FS

// podProgram builds the lab's own program, package cniplugin of this module, from the sources that
// this program carries: it works in any directory.
func (c cache) podProgram(ctx context.Context, progress func(string)) (string, error) {
	sources := map[string]string{}
	err := fs.WalkDir(podSources, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := podSources.ReadFile(name)
		if name == "go.mod" {
			// It uses nothing of the module above, which is not there where it is built.
			text = aboveModule.ReplaceAll(text, nil)
		}
		sources[name] = string(text)
		return err
	})
	if err != nil {
		return "", err
	}
	entry, err := c.entry(ctx, "pod", []string{"2", hashFiles(sources)}, func(ctx context.Context, dir string) error {
		progress("building the network plugin")
		src := filepath.Join(dir, "src")
		if err := writeTree(src, sources, 0o644); err != nil {
			return err
		}
		argv := []string{"go", "build", "-mod=mod", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", filepath.Join(dir, "lab-pod"), "./cniplugin"}
		if _, err := (tool{argv: argv, dir: src, env: goEnv()}).run(ctx); err != nil {
			return err
		}
		return os.RemoveAll(src)
	})
	return filepath.Join(entry, "lab-pod"), err
}

// aboveModule matches the lines of the lab's go.mod that name the module above it.
var aboveModule = regexp.MustCompile(`(?m)^.*github\.com/quorate-dev/quorate (v|=>).*$`)
