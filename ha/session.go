package ha

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/transport"
)

// session is the connections of one call: to hosts, to apiservers and to etcd, opened when first
// needed, shared by the call's steps and closed with it.
type session struct {
	cluster *Cluster

	mu      sync.Mutex
	hosts   map[string]*hostConn
	clients map[string]*kubeClient
	etcds   map[string]*clientv3.Client
	hidden  []kubeadmcfg.Secret // redacted in whatever commands print

	join *joinCredentials
}

func (c *Cluster) open() *session {
	return &session{cluster: c, hosts: map[string]*hostConn{}, clients: map[string]*kubeClient{}, etcds: map[string]*clientv3.Client{}, join: newJoinCredentials()}
}

// close ends every connection.
func (s *session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.clients {
		k.close()
	}
	for _, e := range s.etcds {
		_ = e.Close()
	}
	for _, h := range s.hosts {
		h.close()
	}
}

// host returns the connection to a host; it is made at the first use.
func (s *session) host(name string) *hostConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.hosts[name]
	if !ok {
		h = &hostConn{name: name, dial: s.cluster.dial, redact: s.redactError, dialling: newGate()}
		s.hosts[name] = h
	}
	return h
}

// kubeClient is client-go dialled from one host.
type kubeClient struct {
	kubernetes.Interface
	dynamic dynamic.Interface
	close   func()
}

// hostConn is one host's Transport, dialled when first used, with the few verbs that steps need.
type hostConn struct {
	name string
	dial transport.Dialer
	// redact takes the session's secrets out of a failed command's error, before anybody wraps its text.
	redact func(error) error

	dialling gate // one dial at a time
	mu       sync.Mutex
	t        transport.Transport
}

// transport returns the host's Transport. A failed dial is tried again at the next call.
func (h *hostConn) transport(ctx context.Context) (transport.Transport, error) {
	if t := h.current(); t != nil {
		return t, nil
	}
	leave, err := h.dialling.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if t := h.current(); t != nil {
		return t, nil
	}
	t, err := h.dial(ctx, h.name)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.t = t
	return t, nil
}

func (h *hostConn) current() transport.Transport {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.t
}

func (h *hostConn) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.t != nil {
		_ = h.t.Close()
		h.t = nil
	}
}

// run runs argv; another exit code than 0 is a *transport.ExitError.
func (h *hostConn) run(ctx context.Context, argv ...string) (string, error) {
	t, err := h.transport(ctx)
	if err != nil {
		return "", err
	}
	out, err := transport.Output(ctx, t, h.name, argv...)
	return string(out), h.redacted(err)
}

// exit runs argv and returns its result whatever the exit code.
func (h *hostConn) exit(ctx context.Context, argv ...string) (transport.Result, error) {
	t, err := h.transport(ctx)
	if err != nil {
		return transport.Result{}, err
	}
	return t.Run(ctx, transport.Command{Argv: argv})
}

// stream runs argv and gives each line it prints to line.
func (h *hostConn) stream(ctx context.Context, line func(string), argv ...string) error {
	t, err := h.transport(ctx)
	if err != nil {
		return err
	}
	out := &lineWriter{line: line}
	var errOut tailWriter
	res, err := t.Run(ctx, transport.Command{Argv: argv, Stdout: out, Stderr: &errOut})
	out.flush()
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	if res.ExitCode != 0 {
		return h.redacted(&transport.ExitError{Host: h.name, Argv: argv, ExitCode: res.ExitCode, Stderr: errOut.bytes(), Stdout: out.tail.bytes()})
	}
	return nil
}

func (h *hostConn) redacted(err error) error {
	if err == nil || h.redact == nil {
		return err
	}
	return h.redact(err)
}

// read returns a file's content and whether there is such a file.
func (h *hostConn) read(ctx context.Context, path string) ([]byte, bool, error) {
	t, err := h.transport(ctx)
	if err != nil {
		return nil, false, err
	}
	data, err := t.ReadFile(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("%s: read %s: %w", h.name, path, err)
	}
	return data, true, nil
}

// mustRead is read for a file that has to be there.
func (h *hostConn) mustRead(ctx context.Context, path string) ([]byte, error) {
	data, ok, err := h.read(ctx, path)
	if err == nil && !ok {
		err = fmt.Errorf("%s: read %s: %w", h.name, path, fs.ErrNotExist)
	}
	return data, err
}

// write puts a file in place.
func (h *hostConn) write(ctx context.Context, f transport.File) error {
	t, err := h.transport(ctx)
	if err != nil {
		return err
	}
	if err := t.WriteFile(ctx, f); err != nil {
		return fmt.Errorf("%s: write %s: %w", h.name, f.Path, err)
	}
	return nil
}

// lineWriter gives whole lines to a function and keeps the end of what went through.
type lineWriter struct {
	line func(string)
	rest []byte
	tail tailWriter
}

func (w *lineWriter) Write(p []byte) (int, error) {
	_, _ = w.tail.Write(p)
	w.rest = append(w.rest, p...)
	for {
		i := strings.IndexByte(string(w.rest), '\n')
		if i < 0 {
			return len(p), nil
		}
		w.emit(string(w.rest[:i]))
		w.rest = w.rest[i+1:]
	}
}

func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.emit(string(w.rest))
		w.rest = nil
	}
}

func (w *lineWriter) emit(line string) {
	if line = strings.TrimSpace(line); line != "" && w.line != nil {
		w.line(line)
	}
}

// tailKept is how much of a long command's output is kept for its error.
const tailKept = 16 << 10

// tailWriter keeps the end of what is written to it.
type tailWriter struct{ data []byte }

func (w *tailWriter) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	if over := len(w.data) - tailKept; over > 0 {
		w.data = append(w.data[:0], w.data[over:]...)
	}
	return len(p), nil
}

func (w *tailWriter) bytes() []byte { return w.data }
