package lab

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Timing is how long a command took.
type Timing struct {
	// Host is where it was typed.
	Host string
	// Command says what it did, in a few words.
	Command string
	// Kubeadm says that it is one of the kubeadm commands, which the comparison counts.
	Kubeadm bool
	// Took is the time from its start to its end.
	Took time.Duration
}

// Timings are the commands of a cluster made by hand, in the order in which they were typed.
type Timings []Timing

// Kubeadm is the time that the kubeadm commands took together.
func (t Timings) Kubeadm() time.Duration {
	var sum time.Duration
	for _, c := range t {
		if c.Kubeadm {
			sum += c.Took
		}
	}
	return sum
}

// String prints a line for each command, and the sum of the kubeadm commands.
func (t Timings) String() string {
	var b strings.Builder
	for _, c := range t {
		fmt.Fprintf(&b, "%7.1f s  %-4s %s\n", c.Took.Seconds(), c.Host, c.Command)
	}
	fmt.Fprintf(&b, "%7.1f s  kubeadm's commands together\n", t.Kubeadm().Seconds())
	return b.String()
}

// ByHandConfig says how ByHand works. The zero value works.
type ByHandConfig struct {
	// Output gets what kubeadm prints, each line with the host's name and the seconds since its
	// command began; nil drops it.
	Output io.Writer
	// Verbosity is kubeadm's -v.
	Verbosity int
}

// byHand is a cluster while somebody types its commands.
type byHand struct {
	lab        *Lab
	config     ByHandConfig
	token, key string
	timings    Timings
}

// ByHand makes a cluster of the lab's hosts as the article does it: on each host its name, the
// sysctls and an nginx in front of all API servers, then kubeadm init on the first control plane, the
// network plugin, the other control planes and the workers, each command typed when the one before
// it is done. It is what `hactl apply` is compared with. The hosts must be new.
func (l *Lab) ByHand(ctx context.Context, config ByHandConfig) (Timings, error) {
	id, err := randomHex(3)
	if err != nil {
		return nil, err
	}
	secret, err := randomHex(8)
	if err != nil {
		return nil, err
	}
	key, err := randomHex(32)
	if err != nil {
		return nil, err
	}
	b := &byHand{lab: l, config: config, token: id + "." + secret, key: key}
	if err := b.all(ctx); err != nil {
		return b.timings, fmt.Errorf("lab: cluster by hand: %w", err)
	}
	return b.timings, nil
}

// all types everything.
func (b *byHand) all(ctx context.Context) error {
	var controlPlanes, workers []*Host
	for _, h := range b.lab.Hosts() {
		if h.IsControlPlane() {
			controlPlanes = append(controlPlanes, h)
		} else {
			workers = append(workers, h)
		}
	}
	if len(controlPlanes) == 0 {
		return errors.New("no host whose name begins with cp")
	}
	for _, h := range b.lab.Hosts() {
		if err := b.prepare(ctx, h, controlPlanes); err != nil {
			return err
		}
	}
	first := controlPlanes[0]
	if err := first.WriteFile(ctx, "/root/kubeadm-config.yaml", b.initConfig(first)); err != nil {
		return err
	}
	if err := b.kubeadm(ctx, first, "kubeadm init", "init", "--config=/root/kubeadm-config.yaml", "--upload-certs"); err != nil {
		return err
	}
	if err := first.WriteFile(ctx, "/root/cni.yaml", networkManifest); err != nil {
		return err
	}
	err := b.timed(first, "kubectl apply -f cni.yaml", false, func() error {
		_, err := first.Run(ctx, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "apply", "-f", "/root/cni.yaml")
		return err
	})
	if err != nil {
		return err
	}
	hash, err := caHash(ctx, first)
	if err != nil {
		return err
	}
	for _, h := range controlPlanes[1:] {
		flags := []string{"--control-plane", "--certificate-key=" + b.key, "--apiserver-advertise-address=" + h.Address.String()}
		if err := b.join(ctx, h, hash, flags...); err != nil {
			return err
		}
	}
	for _, h := range workers {
		if err := b.join(ctx, h, hash); err != nil {
			return err
		}
	}
	return b.timed(first, "until all nodes are Ready", false, func() error { return first.awaitNodes(ctx, len(b.lab.Hosts())) })
}

// prepare types what comes before kubeadm on a host.
func (b *byHand) prepare(ctx context.Context, h *Host, controlPlanes []*Host) error {
	var names, upstream strings.Builder
	fmt.Fprintf(&names, "127.0.0.1 localhost\n127.0.0.1 %s\n", EndpointHost)
	for _, other := range b.lab.Hosts() {
		fmt.Fprintf(&names, "%s %s\n", other.Address, other.Name)
	}
	for _, other := range controlPlanes {
		fmt.Fprintf(&upstream, "server %s:6443;\n", other.Address)
	}
	stream := fmt.Sprintf("\nstream {\nserver {\nlisten %d;\nproxy_pass kubeapi;\n}\nupstream kubeapi {\n%s}\n}\n", EndpointPort, upstream.String())
	return b.timed(h, "names, sysctls, nginx", false, func() error {
		if err := h.WriteFile(ctx, "/etc/hosts", names.String()); err != nil {
			return err
		}
		if err := h.WriteFile(ctx, "/etc/sysctl.d/k8s.conf", "net.ipv4.ip_forward = 1\n"); err != nil {
			return err
		}
		main, err := h.Run(ctx, "cat", "/etc/nginx/nginx.conf")
		if err != nil {
			return err
		}
		if err := h.WriteFile(ctx, "/etc/nginx/nginx.conf", main+stream); err != nil {
			return err
		}
		for _, argv := range [][]string{
			{"hostnamectl", "set-hostname", h.Name},
			{"sysctl", "-q", "-p", "/etc/sysctl.d/k8s.conf"},
			{"systemctl", "restart", "nginx"},
			{"systemctl", "enable", "kubelet"},
		} {
			if _, err := h.Run(ctx, argv...); err != nil {
				return err
			}
		}
		return nil
	})
}

// initConfig is the article's file in today's form, with the settings that these hosts need.
func (b *byHand) initConfig(h *Host) string {
	return fmt.Sprintf(`apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens:
- {token: %s, ttl: 24h0m0s, usages: [signing, authentication], groups: ["system:bootstrappers:kubeadm:default-node-token"]}
certificateKey: %s
localAPIEndpoint: {advertiseAddress: %s, bindPort: 6443}
nodeRegistration:
  name: %s
  ignorePreflightErrors: [SystemVerification]
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: %s
controlPlaneEndpoint: %s:%d
networking: {dnsDomain: cluster.local, serviceSubnet: 10.96.0.0/12, podSubnet: 10.244.0.0/16}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
evictionHard: {memory.available: 100Mi, nodefs.available: "0%%", nodefs.inodesFree: "0%%", imagefs.available: "0%%", imagefs.inodesFree: "0%%"}
imageGCHighThresholdPercent: 100
failCgroupV1: false
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
`, b.token, b.key, h.Address, h.Name, b.lab.artifacts.Version, EndpointHost, EndpointPort)
}

// join types a join.
func (b *byHand) join(ctx context.Context, h *Host, hash string, flags ...string) error {
	what := "kubeadm join (worker)"
	if len(flags) > 0 {
		what = "kubeadm join (control plane)"
	}
	args := append([]string{
		"join", fmt.Sprintf("%s:%d", EndpointHost, EndpointPort), "--token=" + b.token, "--discovery-token-ca-cert-hash=" + hash,
		"--node-name=" + h.Name, "--ignore-preflight-errors=SystemVerification",
	}, flags...)
	return b.kubeadm(ctx, h, what, args...)
}

// kubeadm types a kubeadm command.
func (b *byHand) kubeadm(ctx context.Context, h *Host, what string, args ...string) error {
	if b.config.Verbosity > 0 {
		args = append(args, fmt.Sprintf("-v=%d", b.config.Verbosity))
	}
	return b.timed(h, what, true, func() error {
		var output strings.Builder
		writers := []io.Writer{&output}
		if b.config.Output != nil {
			writers = append(writers, &lineStamper{to: b.config.Output, host: h.Name, begun: time.Now()})
		}
		cmd := h.Command(ctx, append([]string{"kubeadm"}, args...)...)
		cmd.Stdout = io.MultiWriter(writers...)
		cmd.Stderr = cmd.Stdout
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s on %s: %w: %s", what, h.Name, err, tail(output.String()))
		}
		return nil
	})
}

// timed does something and writes down how long it took.
func (b *byHand) timed(h *Host, what string, kubeadm bool, do func() error) error {
	begun := time.Now()
	err := do()
	b.timings = append(b.timings, Timing{Host: h.Name, Command: what, Kubeadm: kubeadm, Took: time.Since(begun)})
	b.lab.progress(fmt.Sprintf("%s: %s: %.1f s", h.Name, what, time.Since(begun).Seconds()))
	return err
}

// caHash is the hash of the cluster's CA as joins pin it.
func caHash(ctx context.Context, h *Host) (string, error) {
	text, err := h.Run(ctx, "cat", "/etc/kubernetes/pki/ca.crt")
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "", errors.New("ca.crt holds no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(cert.RawSubjectPublicKeyInfo)), nil
}

// awaitNodes waits until the cluster has n nodes and all are Ready.
func (h *Host) awaitNodes(ctx context.Context, n int) error {
	const ready = `{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}`
	var last string
	err := poll(ctx, func() (bool, error) {
		out, err := h.Run(ctx, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "get", "nodes", "-o", "jsonpath="+ready)
		if err != nil {
			last = err.Error()
			return false, ctx.Err()
		}
		last = out
		return strings.Count(out, "True") == n && len(strings.Fields(out)) == n, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %d nodes to be Ready (%s): %w", n, last, err)
	}
	return nil
}

// lineStamper writes lines on, each with a host's name and the seconds since something began.
type lineStamper struct {
	to    io.Writer
	host  string
	begun time.Time
	rest  string
}

func (s *lineStamper) Write(p []byte) (int, error) {
	lines := strings.SplitAfter(s.rest+string(p), "\n")
	s.rest = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if _, err := fmt.Fprintf(s.to, "%s %6.2f  %s", s.host, time.Since(s.begun).Seconds(), line); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
