package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// PodImage is the image of the lab's own program. Its entrypoint is /lab-pod: with the argument
// "network" it is the network plugin, with "serve" a web server on port 8080 that answers with its
// host name, a pod's name, and with "get URL..." a client that prints what the servers answered.
const PodImage = "quorate.lab/pod:1"

// imageSet is what imageSet.save needs: the programs, and the tags that kubeadm asks for.
type imageSet struct {
	debian, kube, etcd, coredns, pause, pod string
	tags                                    []string
}

// proxyTools are the programs that kube-proxy runs.
var proxyTools = []string{
	"usr/bin/dash", "usr/sbin/nft", "usr/sbin/xtables-nft-multi", "usr/sbin/conntrack", "usr/sbin/ipset", "usr/bin/kmod",
}

// save writes the archives into dir: one file for all the Kubernetes programs, and one each for
// etcd, CoreDNS, pause and the lab's own program.
func (s imageSet) save(ctx context.Context, dir string) error {
	kubernetes := image{files: map[string]string{"usr/local/bin/kube": s.kube}}
	var images []image
	for _, tag := range s.tags {
		name, _, ok := strings.Cut(tag[strings.LastIndex(tag, "/")+1:], ":")
		if !ok {
			return fmt.Errorf("kubeadm names an image without a tag: %q", tag)
		}
		switch name {
		case "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy":
			kubernetes.tags = append(kubernetes.tags, tag)
			kubernetes.files["usr/local/bin/"+name] = "-> kube"
		case "etcd":
			images = append(images, image{tags: []string{tag}, files: map[string]string{"usr/local/bin/etcd": s.etcd}, entrypoint: []string{"etcd"}})
		case "coredns":
			images = append(images, image{tags: []string{tag}, files: map[string]string{"coredns": s.coredns}, entrypoint: []string{"/coredns"}})
		case "pause":
			images = append(images, image{tags: []string{tag}, files: map[string]string{"pause": s.pause}, entrypoint: []string{"/pause"}})
		default:
			return fmt.Errorf("kubeadm names an image that the lab does not make: %s", tag)
		}
	}
	tools, err := s.proxyFiles(ctx)
	if err != nil {
		return err
	}
	for name, source := range tools {
		kubernetes.files[name] = source
	}
	images = append(images, kubernetes, image{tags: []string{PodImage}, files: map[string]string{"lab-pod": s.pod}, entrypoint: []string{"/lab-pod"}})
	for _, i := range images {
		name := strings.NewReplacer("/", "_", ":", "_").Replace(i.tags[0]) + ".tar"
		if err := i.save(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// proxyFiles returns kube-proxy's tools with their libraries, iptables being the nft variant.
func (s imageSet) proxyFiles(ctx context.Context) (map[string]string, error) {
	files, err := closure(func(program string) (string, error) {
		return run(ctx, "chroot", s.debian, "ldd", "/"+program)
	}, s.debian, proxyTools...)
	if err != nil {
		return nil, err
	}
	extensions, err := filepath.Glob(filepath.Join(s.debian, "usr/lib/*/xtables/*.so"))
	if err != nil {
		return nil, err
	}
	for _, extension := range extensions {
		name, err := filepath.Rel(s.debian, extension)
		if err != nil {
			return nil, err
		}
		files[name] = extension
		if target, err := os.Readlink(extension); err == nil {
			files[name] = "-> " + target
		}
	}
	for _, name := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
		files["usr/sbin/"+name] = "-> xtables-nft-multi"
	}
	files["usr/sbin/modprobe"] = "-> ../bin/kmod"
	files["usr/bin/sh"] = "-> dash"
	return files, nil
}

// imageTags returns the tags that a kubeadm program asks for.
func imageTags(ctx context.Context, kubeadm, version string) ([]string, error) {
	out, err := run(ctx, kubeadm, "config", "images", "list", "--kubernetes-version", version)
	return strings.Fields(out), err
}
