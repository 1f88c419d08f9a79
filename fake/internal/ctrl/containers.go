package ctrl

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/fake/internal/etcdsim"
)

// container is a pod's container on a host. Its key is "static:FILE" or the pod's UID.
type container struct {
	key      string
	pod      *corev1.Pod
	hash     string
	running  bool
	starting bool
	retryAt  time.Time // after a failed start
	failure  string
	restarts int32
	started  time.Time
	proc     process
}

// process is what a simulated program in a container holds.
type process interface{ stop() }

func (k *container) halt() {
	if k.proc != nil {
		k.proc.stop()
		k.proc = nil
	}
	k.running = false
}

// program is the base name of what the pod's first container runs.
func program(pod *corev1.Pod) string {
	if len(pod.Spec.Containers) == 0 || len(pod.Spec.Containers[0].Command) == 0 {
		return ""
	}
	return path.Base(pod.Spec.Containers[0].Command[0])
}

// argv is the command line of the pod's first container.
func argv(pod *corev1.Pod) []string {
	c := pod.Spec.Containers[0]
	return append(append([]string{}, c.Command...), c.Args...)
}

// component returns the static pod that runs a program; nil when there is none.
func (n *Node) component(name string) *container {
	for _, k := range n.containers {
		if strings.HasPrefix(k.key, "static:") && program(k.pod) == name {
			return k
		}
	}
	return nil
}

// Component says whether a static pod's program runs on the host.
func (n *Node) Component(name string) bool {
	k := n.component(name)
	return k != nil && k.running
}

// Failure is why a static pod's program does not run, as its log would say; empty when unknown.
func (n *Node) Failure(name string) string {
	if k := n.component(name); k != nil && !k.running {
		return k.failure
	}
	return ""
}

// StopAll removes every pod from the host, as removing all sandboxes through the CRI does.
func (n *Node) StopAll() {
	n.halt()
	n.c.Kick()
}

// staticPods reads the manifests, by file name. A file that is no pod is skipped, as the kubelet logs and skips it.
func (n *Node) staticPods(dir string) map[string]*container {
	out := map[string]*container{}
	for _, e := range n.Host.FS.List(dir) {
		if e.Mode.IsDir() || strings.HasPrefix(e.Name, ".") {
			continue
		}
		data, err := n.Host.FS.Read(path.Join(dir, e.Name))
		if err != nil {
			continue
		}
		key := "static:" + e.Name
		sum := sha256.Sum256(data)
		hash := hex.EncodeToString(sum[:16])
		if k := n.containers[key]; k != nil && k.hash == hash {
			out[key] = k
			continue
		}
		var pod corev1.Pod
		if err := yaml.Unmarshal(data, &pod); err != nil || pod.Kind != "Pod" || len(pod.Spec.Containers) == 0 {
			continue
		}
		out[key] = &container{key: key, pod: &pod, hash: hash}
	}
	return out
}

// syncStatic starts and stops static pods as the manifests say.
func (n *Node) syncStatic(st *kubeletState) {
	dir := st.config.StaticPodPath
	want := map[string]*container{}
	if dir != "" {
		want = n.staticPods(dir)
	}
	for key, k := range n.containers {
		if !strings.HasPrefix(key, "static:") {
			continue
		}
		if w := want[key]; w == nil || w.hash != k.hash {
			k.halt()
			delete(n.containers, key)
			n.c.Kick()
		}
	}
	for key, w := range want {
		if n.containers[key] == nil {
			n.containers[key] = w
		}
		n.run(n.containers[key], staticPodStart)
	}
}

// run starts a container that does not run, after the time that takes.
func (n *Node) run(k *container, after time.Duration) {
	now := n.c.World.NowLocked()
	if k.running || k.starting || n.c.World.Virtual() && now.Before(k.retryAt) {
		return
	}
	k.starting = true
	boots := n.Host.Boots
	n.c.World.Soon(after, func() {
		k.starting = false
		if n.containers[k.key] != k || !n.Host.Up || n.Host.Boots != boots || n.kubelet() == nil || n.Host.Unit("containerd.service").Active() != "active" {
			return
		}
		proc, err := n.start(k)
		if err != nil {
			first := k.failure != err.Error()
			k.failure = err.Error()
			k.restarts++
			k.retryAt = n.c.World.NowLocked().Add(crashBackoff)
			n.c.World.Later(crashBackoff, n.kick)
			if first {
				n.c.Kick()
			}
			return
		}
		k.proc, k.running, k.failure, k.started = proc, true, "", n.c.World.NowLocked()
		n.Host.RetryUnits()
		n.c.Kick()
	})
}

// start runs the container's program.
func (n *Node) start(k *container) (process, error) {
	switch program(k.pod) {
	case "etcd":
		e, err := n.c.Etcd.Start(n.Host, argv(k.pod))
		if err != nil {
			return nil, err
		}
		return etcdProcess{e}, nil
	case "kube-apiserver":
		return n.startAPIServer(argv(k.pod))
	case "kube-controller-manager":
		return n.startClient(k, "127.0.0.1:10257")
	case "kube-scheduler":
		return n.startClient(k, "127.0.0.1:10259")
	}
	n.podEffects(k.pod)
	return nil, nil
}

type etcdProcess struct{ *etcdsim.Node }

func (e etcdProcess) stop() { e.Stop() }

// containerExited notes that etcd's process ended by itself.
func (c *Control) containerExited(e *etcdsim.Node) {
	for _, n := range c.hosts {
		for _, k := range n.containers {
			if p, ok := k.proc.(etcdProcess); ok && p.Node == e {
				k.proc, k.running = nil, false
				k.failure = "etcd: the member has been permanently removed from the cluster"
			}
		}
	}
	c.Kick()
}

func (n *Node) etcd() *etcdsim.Node {
	if k := n.component("etcd"); k != nil && k.running {
		if p, ok := k.proc.(etcdProcess); ok {
			return p.Node
		}
	}
	return nil
}
