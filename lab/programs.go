package lab

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Versions of what kubeadm does not name.
const (
	containerdVersion = "v2.4.2"
	corednsVersion    = "v1.15.0"
)

var (
	//go:embed modules/kube.go.txt
	kubeMain string
	//go:embed modules/etcd.go.txt
	etcdMain string
	//go:embed modules/coredns.go.txt
	corednsMain string
	//go:embed modules/pause.go.txt
	pauseMain string
)

// kubernetesLdflags makes the programs say version; without them they call themselves v0.0.0.
func kubernetesLdflags(version string) string {
	minor := strings.Split(version, ".")[1]
	var b strings.Builder
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, kv := range []string{"gitVersion=" + version, "gitMajor=1", "gitMinor=" + minor, "gitTreeState=clean"} {
			fmt.Fprintf(&b, " -X %s.%s", pkg, kv)
		}
	}
	return strings.TrimSpace(b.String())
}

// stagingVersion is the version of k8s.io/api and its sisters that belongs to a Kubernetes version.
func stagingVersion(version string) string { return "v0" + strings.TrimPrefix(version, "v1") }

// kubernetes is every Kubernetes program in one: it is what it is called as (172 MB instead of
// seven times 40 to 90, and one link instead of seven).
func kubernetes(version string) upstream {
	return upstream{
		module: "k8s.io/kubernetes", version: version, local: stagingVersion(version),
		main: kubeMain, output: "kube", ldflags: kubernetesLdflags(version),
	}
}

// kubeadmAlone is kubeadm of a version, without the rest.
func kubeadmAlone(version string) upstream {
	return upstream{
		module: "k8s.io/kubernetes", version: version, local: stagingVersion(version),
		packages: []string{"k8s.io/kubernetes/cmd/kubeadm"}, ldflags: kubernetesLdflags(version),
	}
}

// etcd is the etcd server of a version.
func etcd(version string) upstream {
	return upstream{module: "go.etcd.io/etcd/server/v3", version: version, main: etcdMain, output: "etcd"}
}

// containerd is the runtime with its shim and its client.
func containerd() upstream {
	const module = "github.com/containerd/containerd/v2"
	return upstream{
		module: module, version: containerdVersion, tags: "no_btrfs no_devmapper no_zfs",
		packages: []string{module + "/cmd/containerd", module + "/cmd/containerd-shim-runc-v2", module + "/cmd/ctr"},
		ldflags:  "-X " + module + "/version.Version=" + containerdVersion,
	}
}

// coredns is the cluster's name server.
func coredns() upstream {
	return upstream{
		module: "github.com/coredns/coredns", version: corednsVersion, main: corednsMain, output: "coredns",
		ldflags: "-X github.com/coredns/coredns/coremain.GitCommit=lab",
	}
}

// program builds u, or finds it in the cache, and returns the directory that holds it.
func (c cache) program(ctx context.Context, u upstream, progress func(string)) (string, error) {
	name := filepath.Base(strings.TrimSuffix(strings.TrimSuffix(u.module, "/v2"), "/server/v3"))
	if len(u.packages) == 1 {
		name = filepath.Base(u.packages[0])
	}
	return c.entry(ctx, name+"-"+u.version, u.recipe(), func(ctx context.Context, dir string) error {
		progress(fmt.Sprintf("building %s %s", name, u.version))
		return u.build(ctx, dir)
	})
}

// KubeadmBinary builds kubeadm alone, of any version from v1.22 on, and returns the program's path.
// It takes about two minutes the first time; the program stays in the cache.
func KubeadmBinary(ctx context.Context, version string, progress func(string)) (string, error) {
	c, err := openCache()
	if err != nil {
		return "", err
	}
	dir, err := c.program(ctx, kubeadmAlone(version), orSilent(progress))
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "kubeadm"), nil
}

// own builds a program of the lab's own: from a main package's text, or from a package of this module.
func (c cache) own(ctx context.Context, name, text string, progress func(string)) (string, error) {
	dir, err := c.entry(ctx, name, []string{"1", text}, func(ctx context.Context, dir string) error {
		progress("building " + name)
		src := filepath.Join(dir, "src")
		if err := os.MkdirAll(src, 0o755); err != nil {
			return err
		}
		defer os.RemoveAll(src)
		if err := os.WriteFile(filepath.Join(src, "main.go"), []byte(text), 0o644); err != nil {
			return err
		}
		argv := []string{"go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", filepath.Join(dir, name), "main.go"}
		_, err := tool{argv: argv, dir: src, env: goEnv()}.run(ctx)
		return err
	})
	return filepath.Join(dir, name), err
}

// orSilent is progress, or a function that drops what it is told.
func orSilent(progress func(string)) func(string) {
	if progress == nil {
		return func(string) {}
	}
	return progress
}
