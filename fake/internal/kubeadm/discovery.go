package kubeadm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/quorate-dev/quorate/fake/internal/pki"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

// discoveryInterval is how often cluster-info is asked for.
const discoveryInterval = 5 * time.Second

// clusterInfo is what a joining host learned of the cluster, and its credentials there.
type clusterInfo struct {
	server string // the cluster's endpoint, as cluster-info names it
	ca     []byte
	token  string
}

// client connects with the bootstrap token.
func (i *clusterInfo) client(r *run) (*connection, error) {
	k, err := i.kubeconfig(i.server)
	if err != nil {
		return nil, err
	}
	return r.connect(k, "")
}

func (i *clusterInfo) kubeconfig(server string) ([]byte, error) {
	return pki.Kubeconfig("kubernetes", server, "tls-bootstrap-token-user", i.ca, nil, nil, i.token)
}

// discover finds the cluster by its cluster-info: signed by the token, the CA pinned.
func (r *run) discover() (*clusterInfo, error) {
	d := r.join.Discovery.BootstrapToken
	if d == nil {
		r.Host.Unsupported("kubeadm join without discovery.bootstrapToken")
		return nil, errors.New("only discovery by bootstrap token is simulated")
	}
	token := d.Token.Reveal()
	id, ok := kubeadmcfg.TokenID(d.Token)
	if !ok {
		return nil, validationError(errors.New("discovery.bootstrapToken.token: Invalid value: the bootstrap token is invalid"))
	}
	if len(d.CACertHashes) == 0 && !d.UnsafeSkipCAVerification {
		return nil, validationError(errors.New("discovery.bootstrapToken: Invalid value: using token-based discovery without caCertHashes can be unsafe. Set unsafeSkipCAVerification as true in your kubeadm config file or pass --discovery-token-unsafe-skip-ca-verification flag to continue"))
	}
	server := "https://" + d.APIServerEndpoint
	kubeconfig, err := r.clusterInfo(server, nil, id, token)
	if err != nil {
		return nil, fmt.Errorf("couldn't validate the identity of the API Server: %w", err)
	}
	cfg, err := clientcmd.Load([]byte(kubeconfig))
	if err != nil {
		return nil, fmt.Errorf("couldn't parse the kubeconfig file in the cluster-info ConfigMap: %w", err)
	}
	info := &clusterInfo{token: token}
	for _, c := range cfg.Clusters {
		info.server, info.ca = c.Server, c.CertificateAuthorityData
	}
	if t := r.join.Discovery.TLSBootstrapToken.Reveal(); t != "" {
		info.token = t
	}
	if len(d.CACertHashes) == 0 {
		return info, nil
	}
	cert, err := pki.ParseCert(info.ca)
	if err != nil {
		return nil, fmt.Errorf("failed to parse cluster CA from the cluster-info ConfigMap: %w", err)
	}
	if !slices.Contains(d.CACertHashes, pki.Hash(cert)) {
		return nil, fmt.Errorf("couldn't validate the identity of the API Server: cluster CA found in cluster-info ConfigMap is invalid: none of the public keys %q are pinned", pki.Hash(cert))
	}
	again, err := r.clusterInfo(server, info.ca, id, token)
	if err == nil && again != kubeconfig {
		err = errors.New("the second kubeconfig from the cluster-info ConfigMap (using validated TLS) was different from the first")
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't validate the identity of the API Server: %w", err)
	}
	return info, nil
}

// clusterInfo reads the ConfigMap until the time for discovery is over, and checks its signature.
// Without a CA nothing is checked about the server.
func (r *run) clusterInfo(server string, ca []byte, id, secret string) (string, error) {
	anonymous, err := pki.Kubeconfig("kubernetes", server, "token-bootstrap-client", ca, nil, nil, "")
	if err != nil {
		return "", err
	}
	if ca == nil {
		cfg, err := clientcmd.Load(anonymous)
		if err != nil {
			return "", err
		}
		cfg.Clusters["kubernetes"].InsecureSkipTLSVerify = true
		if anonymous, err = clientcmd.Write(*cfg); err != nil {
			return "", err
		}
	}
	c, err := r.connect(anonymous, "")
	if err != nil {
		return "", err
	}
	defer c.close()
	var cm *corev1.ConfigMap
	err = r.Poll(r.timeouts.discovery, discoveryInterval, func(ctx context.Context) (bool, error) {
		var err error
		cm, err = c.CoreV1().ConfigMaps("kube-public").Get(ctx, "cluster-info", metav1.GetOptions{})
		if err != nil {
			return false, fmt.Errorf("failed to request the cluster-info ConfigMap: %w", err)
		}
		if cm.Data["jws-kubeconfig-"+id] == "" {
			return false, fmt.Errorf("could not find a JWS signature in the cluster-info ConfigMap for token ID %q", id)
		}
		return true, nil
	})
	if err != nil {
		return "", err
	}
	if !jws.DetachedTokenIsValid(cm.Data["jws-kubeconfig-"+id], cm.Data["kubeconfig"], id, secret[len(id)+1:]) {
		return "", errors.New("failed to verify JWS signature of received cluster info object, can't trust this API Server")
	}
	return cm.Data["kubeconfig"], nil
}
