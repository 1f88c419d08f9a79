package ha

import (
	"sync"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/transport"
)

// Cluster is a Spec together with the way to its hosts. It holds no connection between calls and no
// state: the hosts and the cluster are the state. It is safe for concurrent use, although two
// Applies of one cluster at once get in each other's way.
type Cluster struct {
	spec    Spec
	version kubeadmcfg.Version
	dial    transport.Dialer

	eventsMu sync.Mutex
	events   func(Event)
	parallel int
}

// Option changes how a Cluster works, not what it builds.
type Option func(*Cluster)

// WithEvents has every event sent to f, one at a time, in the order in which they happen. f must not block for
// long: the work waits for it.
func WithEvents(f func(Event)) Option { return func(c *Cluster) { c.events = f } }

// WithParallelism bounds how many steps run at once over all hosts; the default is 32.
func WithParallelism(n int) Option { return func(c *Cluster) { c.parallel = n } }

// defaultParallel bounds the steps under way at once.
const defaultParallel = 32

// New returns the Cluster that spec describes, reached through dial. It fills the Spec's defaults
// and returns a *SpecError where the Spec is wrong. No host is contacted.
func New(spec Spec, dial transport.Dialer, opts ...Option) (*Cluster, error) {
	spec = spec.withDefaults()
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	version, err := kubeadmcfg.ParseVersion(spec.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	c := &Cluster{spec: spec, version: version, dial: dial, parallel: defaultParallel}
	for _, o := range opts {
		o(c)
	}
	return c, nil
}

// Spec returns the Spec with its defaults filled in.
func (c *Cluster) Spec() Spec { return c.spec }
