package ctrl

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
	"github.com/quorate-dev/quorate/fake/internal/pki"
)

const mirrorAnnotation = "kubernetes.io/config.mirror"

func string64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func map2lease(name string, now time.Time) *coordinationv1.Lease {
	seconds := int32(40)
	t := metav1.NewMicroTime(now)
	return &coordinationv1.Lease{TypeMeta: metav1.TypeMeta{Kind: "Lease", APIVersion: "coordination.k8s.io/v1"}, ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "kube-node-lease"}, Spec: coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &t}}
}

// clusterCA reads the authority that the controller manager of the host signs with.
func (n *Node) clusterCA() (*pki.CA, error) {
	f := flagsOf(argv(n.component("kube-controller-manager").pod))
	cert, err := n.Host.FS.Read(f["cluster-signing-cert-file"])
	if err != nil {
		return nil, err
	}
	key, err := n.Host.FS.Read(f["cluster-signing-key-file"])
	if err != nil {
		return nil, err
	}
	return pki.ParseCA(cert, key)
}

// syncPods runs what the API has for this node, and shows the static pods there.
func (n *Node) syncPods(s *kapi.Store, st *kubeletState) {
	name := n.name(st)
	n.mirror(s, name)
	res := s.Core("pods")
	here := map[string]bool{}
	for _, o := range s.List(res, "") {
		pod := *kapi.Typed[corev1.Pod](o)
		if pod.Spec.NodeName != name || pod.Annotations[mirrorAnnotation] != "" {
			continue
		}
		here[o.UID] = true
		if pod.DeletionTimestamp != nil {
			n.endPod(s, &pod)
			continue
		}
		k := n.containers[o.UID]
		if k == nil {
			if !pod.Spec.HostNetwork && !n.networkReady() {
				continue
			}
			k = &container{key: o.UID, pod: &pod}
			n.containers[o.UID] = k
		}
		n.run(k, podStart)
		n.reportPod(s, &pod, k)
	}
	for key, k := range n.containers {
		if !strings.HasPrefix(key, "static:") && !here[key] {
			k.halt()
			delete(n.containers, key)
		}
	}
}

// endPod stops a pod that is being deleted and then takes it out of the API.
func (n *Node) endPod(s *kapi.Store, pod *corev1.Pod) {
	key := string(pod.UID)
	k := n.containers[key]
	if k == nil {
		k = &container{key: key, pod: pod}
		n.containers[key] = k
	}
	if k.starting {
		return
	}
	k.starting = true // nothing else happens to it
	boots := n.Host.Boots
	n.c.World.Soon(podStop, func() {
		k.starting = false
		if !n.Host.Up || n.Host.Boots != boots || n.kubelet() == nil || !n.heard {
			return
		}
		k.halt()
		delete(n.containers, key)
		if o, err := s.Get(s.Core("pods"), pod.Namespace, pod.Name); err == nil && o.UID == key {
			s.Remove(s.Core("pods"), pod.Namespace, pod.Name)
		}
	})
}

func (n *Node) reportPod(s *kapi.Store, pod *corev1.Pod, k *container) {
	status := podStatus(pod, k, n.Host.Addr.String(), n.podIP(pod))
	if same(pod.Status, status) {
		return
	}
	pod.Status = status
	pod.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
	_, _ = s.Put(s.Core("pods"), pod.Namespace, pod.Name, "status", pod) // it was read under this lock
}

func (n *Node) podIP(pod *corev1.Pod) string {
	if pod.Spec.HostNetwork {
		return n.Host.Addr.String()
	}
	if pod.Status.PodIP != "" {
		return pod.Status.PodIP
	}
	a := n.Host.Addr.As4()
	return fmt.Sprintf("10.244.%d.%d", a[3], 2+n.c.World.Serial("pod ip "+n.Host.Name)%250)
}

// podStatus is the status of a pod on a node as its container is.
func podStatus(pod *corev1.Pod, k *container, hostIP, podIP string) corev1.PodStatus {
	out := *pod.Status.DeepCopy()
	ready := k.running
	out.Phase = corev1.PodPending
	out.HostIP, out.HostIPs = hostIP, []corev1.HostIP{{IP: hostIP}}
	if ready {
		out.Phase = corev1.PodRunning
		out.PodIP, out.PodIPs = podIP, []corev1.PodIP{{IP: podIP}}
	}
	at := metav1.NewTime(k.started.Truncate(time.Second))
	if ready {
		out.StartTime = &at
	}
	for _, t := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		ok := ready || t == corev1.PodScheduled || t == corev1.PodInitialized
		setPodCondition(&out, t, ok, at)
	}
	out.ContainerStatuses = nil
	for _, c := range pod.Spec.Containers {
		cs := corev1.ContainerStatus{Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: ready, Started: &ready, RestartCount: k.restarts}
		if ready {
			cs.State.Running = &corev1.ContainerStateRunning{StartedAt: at}
			cs.ContainerID = "containerd://" + k.key
		} else if k.failure != "" {
			cs.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: k.failure}
		} else {
			cs.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
		}
		out.ContainerStatuses = append(out.ContainerStatuses, cs)
	}
	return out
}

func setPodCondition(st *corev1.PodStatus, t corev1.PodConditionType, ok bool, at metav1.Time) {
	want := corev1.ConditionFalse
	if ok {
		want = corev1.ConditionTrue
	}
	i := slices.IndexFunc(st.Conditions, func(c corev1.PodCondition) bool { return c.Type == t })
	if i < 0 {
		st.Conditions = append(st.Conditions, corev1.PodCondition{Type: t})
		i = len(st.Conditions) - 1
	}
	if st.Conditions[i].Status != want {
		st.Conditions[i].Status, st.Conditions[i].LastTransitionTime = want, at
	}
}

// mirror shows the static pods in the API and takes away those that are gone.
func (n *Node) mirror(s *kapi.Store, node string) {
	res := s.Core("pods")
	want := map[string]*container{}
	for key, k := range n.containers {
		if strings.HasPrefix(key, "static:") {
			want[ns(k.pod)+"/"+k.pod.Name+"-"+node] = k
		}
	}
	for _, o := range s.List(res, "") {
		pod := *kapi.Typed[corev1.Pod](o)
		if pod.Spec.NodeName != node || pod.Annotations[mirrorAnnotation] == "" {
			continue
		}
		k := want[o.Namespace+"/"+o.Name]
		if k == nil || pod.Annotations[mirrorAnnotation] != k.hash {
			s.Remove(res, o.Namespace, o.Name)
			continue
		}
		delete(want, o.Namespace+"/"+o.Name)
		n.reportPod(s, &pod, k)
	}
	for _, k := range want {
		pod := k.pod.DeepCopy()
		pod.Name, pod.Namespace = pod.Name+"-"+node, ns(k.pod)
		pod.Spec.NodeName = node
		if pod.Annotations == nil {
			pod.Annotations = map[string]string{}
		}
		pod.Annotations[mirrorAnnotation], pod.Annotations["kubernetes.io/config.hash"], pod.Annotations["kubernetes.io/config.source"] = k.hash, k.hash, "file"
		pod.Status = podStatus(pod, k, n.Host.Addr.String(), n.Host.Addr.String())
		_, _ = s.Put(res, pod.Namespace, pod.Name, "", pod) // a name that is taken by a real pod stays that pod's
	}
}

func ns(pod *corev1.Pod) string {
	if pod.Namespace == "" {
		return "default"
	}
	return pod.Namespace
}

// podEffects is what pods do to their host: a network plugin installs its configuration, kube-proxy
// makes its links.
func (n *Node) podEffects(pod *corev1.Pod) {
	for _, v := range pod.Spec.Volumes {
		if v.HostPath == nil {
			continue
		}
		switch path.Clean(v.HostPath.Path) {
		case "/etc/cni/net.d":
			name := pod.GenerateName
			if name == "" {
				name = pod.Name
			}
			name = strings.TrimSuffix(name, "-")
			conf := fmt.Sprintf("{\"cniVersion\":\"1.0.0\",\"name\":%q,\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"cni0\"}]}\n", name)
			_ = n.Host.FS.Replace("/etc/cni/net.d/10-"+name+".conflist", []byte(conf), 0o644, n.Host.RootOwner()) // the directory is made
			n.Host.AddLink("cni0")
		}
	}
}
