package ha

import (
	"context"
	"errors"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/transport"
)

// planJoin makes a host a member of the cluster.
func (b *planner) planJoin(h Host) {
	f := b.obs.hosts[h.Name]
	after := b.prepared(h.Name)
	title := h.Name + " is a worker"
	if h.Role == RoleControlPlane {
		title = h.Name + " is a control plane, and its etcd member votes"
		if !b.version.AtLeast(overlapMinor) {
			after = append(after, b.lastControlPlaneJoin()...)
		}
	}
	after = append(after, b.initStep()...)
	changes := []Change{
		{API: "create a bootstrap token that lives for " + tokenTTL.String() + " and is revoked at the end"},
		fileChange(joinConfigPath, "", preview(b.spec.joinBundle(h, previewCredentials), b.version)),
		runChange("kubeadm", "join", "--config", joinConfigPath),
		runChange("rm", "-f", joinConfigPath),
	}
	if f.has(joinConfigPath) || f.has(initConfigPath) {
		changes = append([]Change{{Command: resetCommand()}, {API: "remove what an unfinished attempt left in the cluster: its etcd member and its Node"}}, changes...)
	}
	b.add(step{
		Step: Step{ID: stepID(h.Name, "join"), Host: h.Name, Title: title, After: after, Limit: limitJoin, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			if unfinished, err := r.exists(ctx, joinConfigPath); unfinished || err != nil {
				return false, err
			}
			via, err := r.controlPlane(ctx, h)
			if err != nil {
				return false, err
			}
			return r.joined(ctx, via, h)
		},
		do: func(ctx context.Context, r *stepRun) error { return r.joinHost(ctx, h) },
	})
}

// initStep is the plan's init, where it has one.
func (b *planner) initStep() []string {
	return b.planned(b.spec.byRole(RoleControlPlane)[0].Name, "init")
}

// overlapMinor is the first minor version whose control planes join at the same time: older kubeadms want every etcd member
// healthy before they begin (kubernetes#138403), and newer ones try to add their learner again, for two minutes, while etcd has
// another or has just been given one (cmd/kubeadm/app/util/etcd/etcd.go).
const overlapMinor = 37

// lastControlPlaneJoin returns the join that the next control plane waits for: etcd takes one learner at a
// time (DefaultMaxLearners in etcd's server/etcdserver/api/membership).
func (b *planner) lastControlPlaneJoin() []string {
	var last []string
	for _, h := range b.spec.byRole(RoleControlPlane) {
		if join := b.planned(h.Name, "join"); join != nil {
			last = join
		}
	}
	return last
}

// kubeletAsksItself says whether the kubelet of a control plane asks the apiserver beside it for its certificate.
func kubeletAsksItself(v kubeadmcfg.Version) bool {
	stage := v.KubeletLocalMode()
	return stage == kubeadmcfg.StageDefault || stage == kubeadmcfg.StageLocked
}

// refreshKubelet restarts the kubelet of h, once, when the apiserver beside it is ready. From Kubernetes 1.33 on a control
// plane's kubelet asks that apiserver for its certificate, its Node and its Services. It began to ask long before there was an
// answer, and by now sleeps between attempts: up to 16 seconds for the certificate (client-go util/certificate) and as long for
// the Services, without which it starts no pod ("services have not yet been read at least once"). Static pods go on meanwhile.
func (r *stepRun) refreshKubelet(ctx context.Context, h Host) {
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		// An apiserver that starts accepts connections and lets them wait.
		ctx, cancel := context.WithTimeout(ctx, 4*pollInterval)
		defer cancel()
		return r.readyAt(ctx, h, joinHostPort(h.Address, r.cluster.spec.apiServerPort())) == nil, nil
	})
	if err != nil {
		return
	}
	if _, err := r.conn.run(ctx, "systemctl", "restart", kubeletUnit); err == nil {
		r.report("the kubelet was restarted: the apiserver beside it is ready")
	}
}

// controlPlane returns a control plane other than h whose apiserver is ready.
func (s *session) controlPlane(ctx context.Context, h Host) (Host, error) {
	var others []Host
	for _, cp := range s.cluster.spec.byRole(RoleControlPlane) {
		if cp.Name == h.Name {
			continue
		}
		if conn := s.host(cp.Name); conn != nil {
			res, err := conn.exit(ctx, "test", "-e", adminKubeconfigPath)
			if err == nil && res.ExitCode == 0 {
				others = append(others, cp)
			}
		}
	}
	via, err := s.firstReady(ctx, others)
	if err != nil {
		return Host{}, fmt.Errorf("no other control plane answers: %w", err)
	}
	return via, nil
}

// joined says whether h is whole: its Node is there, and a control plane is marked as one, votes in etcd and serves.
func (s *session) joined(ctx context.Context, via, h Host) (bool, error) {
	conn := s.host(h.Name)
	if _, ok, err := conn.read(ctx, kubeletConfPath); !ok {
		return false, err
	}
	kube, err := s.kubeAt(ctx, via)
	if err != nil {
		return false, err
	}
	node, err := kube.CoreV1().Nodes().Get(ctx, h.Name, metav1.GetOptions{})
	if ok, err := found(err); !ok {
		return false, err
	}
	if h.Role != RoleControlPlane {
		return true, nil
	}
	if !nodeFactsOf(*node).controlPlane {
		return false, nil
	}
	members, err := s.etcdMembers(ctx, via)
	if err != nil || !votes(members, h) {
		return false, err
	}
	return s.apiReady(ctx, h) == nil, ctx.Err()
}

func (r *stepRun) joinHost(ctx context.Context, h Host) error {
	var via Host
	err := wait.PollUntilContextTimeout(ctx, pollInterval, apiPatience, true, func(ctx context.Context) (bool, error) {
		var err error
		via, err = r.controlPlane(ctx, h)
		return err == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for a control plane to join: %w", err)
	}
	err = r.attempt(ctx, joinConfigPath, func(ctx context.Context) (bool, error) { return r.joined(ctx, via, h) },
		func(ctx context.Context) error {
			c, err := r.credentialsFor(ctx, via, h)
			if err != nil {
				return err
			}
			text, err := kubeadmcfg.Render(r.cluster.spec.joinBundle(h, c), r.cluster.version)
			if err != nil {
				return err
			}
			if err := r.conn.write(ctx, transport.File{Path: joinConfigPath, Data: text, Mode: 0o600}); err != nil {
				return err
			}
			if h.Role == RoleControlPlane && kubeletAsksItself(r.cluster.version) {
				watched, stop := context.WithCancel(ctx)
				var wg sync.WaitGroup
				wg.Go(func() { r.refreshKubelet(watched, h) })
				defer wg.Wait()
				defer stop()
			}
			if err := r.stream(ctx, "kubeadm", "join", "--config", joinConfigPath); err != nil {
				return err
			}
			return r.waitJoined(ctx, via, h)
		},
		func(ctx context.Context) error { return r.cleanJoin(ctx, via, h) })
	if err == nil && h.Role == RoleControlPlane {
		// A host that was to be the first control plane in an earlier run may carry that run's mark.
		_, err = r.conn.run(ctx, "rm", "-f", initConfigPath)
	}
	return err
}

// joinedPatience is how long a node may take, after kubeadm join said it was done, until the cluster says so too.
const joinedPatience = apiPatience

func (r *stepRun) waitJoined(ctx context.Context, via, h Host) error {
	err := wait.PollUntilContextTimeout(ctx, pollInterval, joinedPatience, true, func(ctx context.Context) (bool, error) {
		ok, err := r.joined(ctx, via, h)
		return ok && err == nil, nil
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("kubeadm join went through and %s is not whole after %s: its Node, its etcd member or its apiserver is missing", h.Name, joinedPatience)
	}
	return err
}

// cleanJoin undoes an unfinished join: the etcd member first, through a healthy control plane; then the host; then the Node.
// While the member stays, so does its host as it is: without that member's vote the others may have no quorum.
func (r *stepRun) cleanJoin(ctx context.Context, via, h Host) error {
	if h.Role == RoleControlPlane {
		if err := r.removeMember(ctx, via, h); err != nil {
			return err
		}
	}
	node := func(ctx context.Context) error { return r.deleteNode(ctx, via, h.Name) }
	return errors.Join(r.cleanHost(ctx), insist(ctx, memberPatience, node)) // the apiserver has none while etcd elects a leader
}
