package ha

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

// proxyTables are the nftables tables that kube-proxy owns (pkg/proxy/nftables/proxier.go). kubeadm reset leaves them, and the
// next cluster's kube-proxy starts on what it finds: with v1.37.2 the map of Services stayed empty on hosts that were reset and
// built again, so that no pod of theirs reached the API.
var proxyTables = []string{"table ip kube-proxy", "table ip6 kube-proxy"}

// dropProxyTables deletes what kube-proxy in mode nftables left in the kernel of the step's host, and nothing else.
func (r *stepRun) dropProxyTables(ctx context.Context) error {
	res, err := r.conn.exit(ctx, "nft", "list", "tables")
	if errors.Is(err, transport.ErrNotStarted) || err == nil && res.ExitCode != 0 {
		return nil // no nft, or no nftables in the kernel: nothing can be there
	}
	if err != nil {
		return err
	}
	for text := range strings.Lines(string(res.Stdout)) {
		table := strings.TrimSpace(text)
		if !slices.Contains(proxyTables, table) {
			continue
		}
		if err := r.stream(ctx, append([]string{"nft", "delete"}, strings.Fields(table)...)...); err != nil {
			return err
		}
	}
	return nil
}
