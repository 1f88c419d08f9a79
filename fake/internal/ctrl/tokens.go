package ctrl

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/quorate-dev/quorate/fake/internal/kapi"
)

const jwsPrefix = "jws-kubeconfig-"

// tokens is the token cleaner and the bootstrap signer: expired tokens go, the others sign cluster-info.
func (c *Control) tokens(s *kapi.Store) {
	now := c.World.NowLocked()
	sign := map[string]string{} // id to secret
	for _, o := range s.List(s.Core("secrets"), "kube-system") {
		if !strings.HasPrefix(o.Name, "bootstrap-token-") {
			continue
		}
		sec := *kapi.Typed[corev1.Secret](o)
		if sec.Type != "bootstrap.kubernetes.io/token" {
			continue
		}
		if at, ok := kapi.ExpiresAt(sec); ok {
			if !now.Before(at) {
				s.Remove(s.Core("secrets"), o.Namespace, o.Name)
				continue
			}
			c.wakeAt(s.ID+"/"+o.UID+"/"+at.String(), at)
		}
		if string(sec.Data["usage-bootstrap-signing"]) == "true" {
			sign[string(sec.Data["token-id"])] = string(sec.Data["token-secret"])
		}
	}
	o, err := s.Get(s.Core("configmaps"), "kube-public", "cluster-info")
	if err != nil {
		return
	}
	cm := *kapi.Typed[corev1.ConfigMap](o)
	cm.Data = maps.Clone(cm.Data)
	cm.TypeMeta = metav1.TypeMeta{Kind: "ConfigMap", APIVersion: "v1"}
	changed := false
	for k := range cm.Data {
		if id, ok := strings.CutPrefix(k, jwsPrefix); ok && sign[id] == "" {
			delete(cm.Data, k)
			changed = true
		}
	}
	for id, secret := range sign {
		sig, err := jws.ComputeDetachedSignature(cm.Data["kubeconfig"], id, secret)
		if err == nil && cm.Data[jwsPrefix+id] != sig {
			cm.Data[jwsPrefix+id] = sig
			changed = true
		}
	}
	if changed {
		_, _ = s.Put(s.Core("configmaps"), "kube-public", "cluster-info", "", &cm) // it was read under this lock
	}
}

// nextCIDR is the first free /24 of a range.
func nextCIDR(cluster string, used map[string]bool) string {
	p, err := netip.ParsePrefix(cluster)
	if err != nil || !p.Addr().Is4() || p.Bits() > 24 {
		return ""
	}
	a := p.Masked().Addr().As4()
	base := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8
	for i := range uint32(1) << (24 - p.Bits()) {
		n := base + i<<8
		if cidr := fmt.Sprintf("%d.%d.%d.0/24", n>>24, n>>16&255, n>>8&255); !used[cidr] {
			return cidr
		}
	}
	return ""
}
