package etcdsim

import (
	"context"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
)

// rpcTimeout is how long a request without quorum takes to fail: etcd's request time-out with its
// default election time-out.
const rpcTimeout = 7 * time.Second

type clusterRPC struct {
	etcdserverpb.UnimplementedClusterServer
	n *Node
}

type maintenanceRPC struct {
	etcdserverpb.UnimplementedMaintenanceServer
	n *Node
}

func (n *Node) register() {
	etcdserverpb.RegisterClusterServer(n.server, &clusterRPC{n: n})
	etcdserverpb.RegisterMaintenanceServer(n.server, &maintenanceRPC{n: n})
}

// do runs f with the lock held; a request that cannot be agreed on takes its time-out.
func (n *Node) do(ctx context.Context, f func() error) error {
	var err error
	n.reg.World.Do(func() {
		if n.stopped {
			err = rpctypes.ErrGRPCStopped
			return
		}
		err = f()
	})
	if err == rpctypes.ErrGRPCTimeout {
		if werr := n.reg.World.Sleep(ctx, rpcTimeout); werr != nil {
			return werr
		}
	}
	return err
}

func (n *Node) header() *etcdserverpb.ResponseHeader {
	return &etcdserverpb.ResponseHeader{ClusterId: n.cluster.ID, MemberId: n.member.ID, Revision: n.cluster.store.RV(), RaftTerm: n.cluster.term}
}

func (c *Cluster) list() []*etcdserverpb.Member {
	var out []*etcdserverpb.Member
	for _, m := range c.Members() {
		out = append(out, &etcdserverpb.Member{ID: m.ID, Name: m.Name, PeerURLs: m.PeerURLs, ClientURLs: m.ClientURLs, IsLearner: m.Learner})
	}
	return out
}

// MemberList is the Cluster service's.
func (s *clusterRPC) MemberList(ctx context.Context, req *etcdserverpb.MemberListRequest) (resp *etcdserverpb.MemberListResponse, err error) {
	err = s.n.do(ctx, func() error {
		if req.Linearizable && !s.n.cluster.quorumFrom(s.n) {
			return rpctypes.ErrGRPCTimeout
		}
		resp = &etcdserverpb.MemberListResponse{Header: s.n.header(), Members: s.n.cluster.list()}
		return nil
	})
	return resp, err
}

// MemberAdd is the Cluster service's.
func (s *clusterRPC) MemberAdd(ctx context.Context, req *etcdserverpb.MemberAddRequest) (resp *etcdserverpb.MemberAddResponse, err error) {
	err = s.n.do(ctx, func() error {
		m, err := s.n.cluster.add(s.n, req.PeerURLs, req.IsLearner)
		if err != nil {
			return err
		}
		resp = &etcdserverpb.MemberAddResponse{Header: s.n.header(), Member: &etcdserverpb.Member{ID: m.ID, PeerURLs: m.PeerURLs, IsLearner: m.Learner}, Members: s.n.cluster.list()}
		return nil
	})
	return resp, err
}

// MemberRemove is the Cluster service's.
func (s *clusterRPC) MemberRemove(ctx context.Context, req *etcdserverpb.MemberRemoveRequest) (resp *etcdserverpb.MemberRemoveResponse, err error) {
	err = s.n.do(ctx, func() error {
		if err := s.n.cluster.remove(s.n, req.ID); err != nil {
			return err
		}
		resp = &etcdserverpb.MemberRemoveResponse{Header: s.n.header(), Members: s.n.cluster.list()}
		return nil
	})
	return resp, err
}

// MemberUpdate is the Cluster service's.
func (s *clusterRPC) MemberUpdate(ctx context.Context, req *etcdserverpb.MemberUpdateRequest) (resp *etcdserverpb.MemberUpdateResponse, err error) {
	err = s.n.do(ctx, func() error {
		m := s.n.cluster.members[req.ID]
		if m == nil {
			return rpctypes.ErrGRPCMemberNotFound
		}
		m.PeerURLs = req.PeerURLs
		resp = &etcdserverpb.MemberUpdateResponse{Header: s.n.header(), Members: s.n.cluster.list()}
		return nil
	})
	return resp, err
}

// MemberPromote is the Cluster service's.
func (s *clusterRPC) MemberPromote(ctx context.Context, req *etcdserverpb.MemberPromoteRequest) (resp *etcdserverpb.MemberPromoteResponse, err error) {
	err = s.n.do(ctx, func() error {
		if err := s.n.cluster.promote(s.n, req.ID); err != nil {
			return err
		}
		resp = &etcdserverpb.MemberPromoteResponse{Header: s.n.header(), Members: s.n.cluster.list()}
		return nil
	})
	return resp, err
}

// Status is the Maintenance service's. It is answered by a member alone, without the others.
func (s *maintenanceRPC) Status(ctx context.Context, _ *etcdserverpb.StatusRequest) (resp *etcdserverpb.StatusResponse, err error) {
	err = s.n.do(ctx, func() error {
		resp = &etcdserverpb.StatusResponse{Header: s.n.header(), Version: "3.7.0", StorageVersion: "3.7.0", DbSize: 1 << 20, DbSizeInUse: 1 << 19, RaftIndex: uint64(s.n.cluster.store.RV()), RaftAppliedIndex: uint64(s.n.cluster.store.RV()), RaftTerm: s.n.cluster.term, IsLearner: s.n.member.Learner}
		if s.n.cluster.quorumFrom(s.n) {
			resp.Leader = s.n.cluster.Leader()
		}
		if resp.Leader == 0 {
			resp.Errors = append(resp.Errors, "etcdserver: no leader")
		}
		return nil
	})
	return resp, err
}

// MoveLeader is the Maintenance service's. Only the leader does it.
func (s *maintenanceRPC) MoveLeader(ctx context.Context, req *etcdserverpb.MoveLeaderRequest) (resp *etcdserverpb.MoveLeaderResponse, err error) {
	err = s.n.do(ctx, func() error {
		c := s.n.cluster
		target := c.members[req.TargetID]
		switch {
		case c.Leader() != s.n.member.ID:
			return rpctypes.ErrGRPCNotLeader
		case target == nil || target.Learner || target.node == nil:
			return rpctypes.ErrGRPCBadLeaderTransferee
		}
		c.leader = target.ID
		c.term++
		resp = &etcdserverpb.MoveLeaderResponse{Header: s.n.header()}
		return nil
	})
	return resp, err
}

// Alarm is the Maintenance service's: there is none.
func (s *maintenanceRPC) Alarm(ctx context.Context, req *etcdserverpb.AlarmRequest) (resp *etcdserverpb.AlarmResponse, err error) {
	err = s.n.do(ctx, func() error {
		resp = &etcdserverpb.AlarmResponse{Header: s.n.header()}
		return nil
	})
	return resp, err
}
