package kapi

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate-dev/quorate/fake/internal/sim"
)

// Server is one API server. Its fields are set before it serves.
type Server struct {
	World *sim.World
	// Backend returns the store, or why etcd does not answer. It is called with the World's lock held.
	Backend func() (*Store, error)
	// ClientCAs signed the certificates of those who are let in.
	ClientCAs *x509.CertPool
	// Version is the Kubernetes version: "v1.37.2".
	Version string
	// Unsupported is called with a request that the simulator does not simulate.
	Unsupported func(what string)
	// Intercept, when set, sees each request first; true means that it answered.
	Intercept func(w http.ResponseWriter, r *http.Request) bool
	// Stopped ends watches when it is closed.
	Stopped <-chan struct{}
}

// etcdPatience is how long a request waits for an etcd without quorum before it fails.
const etcdPatience = 5 * time.Second

// request is one request on its way through the server.
type request struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	query  url.Values
	user   user
	store  *Store

	res           *Resource
	ns, name, sub string
}

// ServeHTTP is http.Handler's.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Intercept != nil && s.Intercept(w, r) {
		return
	}
	q := &request{server: s, w: w, r: r, query: r.URL.Query()}
	path := strings.Trim(r.URL.Path, "/")
	if health(path) {
		q.health(path)
		return
	}
	var err error
	s.World.Lock()
	q.store, err = s.Backend()
	s.World.Unlock()
	if err != nil {
		_ = s.World.Sleep(r.Context(), etcdPatience) // the request may end first: nobody reads the answer then
		q.fail(apierrors.NewInternalError(err))
		return
	}
	s.World.Lock()
	q.user, err = s.authenticate(q.store, r)
	s.World.Unlock()
	if err != nil {
		q.fail(err)
		return
	}
	if err := q.route(path); err != nil {
		q.fail(err)
	}
}

func health(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first == "readyz" || first == "livez" || first == "healthz" || path == "version"
}

// health answers the endpoints that everybody may ask. readyz needs etcd's quorum.
func (q *request) health(path string) {
	if path == "version" {
		q.version()
		return
	}
	var err error
	q.server.World.Do(func() { _, err = q.server.Backend() })
	name, check, _ := strings.Cut(path, "/")
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil && (name != "livez" || check == "etcd") {
		q.w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(q.w, "[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n%s check failed\n", name) // the client may be gone
		return
	}
	if _, verbose := q.query["verbose"]; verbose {
		_, _ = fmt.Fprintf(q.w, "[+]ping ok\n[+]log ok\n[+]etcd ok\n%s check passed\n", name) // the client may be gone
		return
	}
	_, _ = io.WriteString(q.w, "ok") // the client may be gone
}

func (q *request) version() {
	v := strings.TrimPrefix(q.server.Version, "v")
	parts := strings.SplitN(v, ".", 3)
	q.json(http.StatusOK, map[string]any{"major": parts[0], "minor": parts[1], "gitVersion": q.server.Version, "gitCommit": "", "gitTreeState": "clean", "buildDate": "", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"})
}

func (q *request) json(code int, v any) {
	raw, ok := v.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			q.fail(apierrors.NewInternalError(err))
			return
		}
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(code)
	_, _ = q.w.Write(raw) // the client may be gone
}

func (q *request) fail(err error) {
	status := metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Reason: metav1.StatusReasonInternalError, Message: err.Error()}
	if e := apierrors.APIStatus(nil); errors.As(err, &e) {
		status = e.Status()
	}
	status.Kind, status.APIVersion = "Status", "v1"
	if d := status.Details; d != nil && d.RetryAfterSeconds > 0 {
		q.w.Header().Set("Retry-After", fmt.Sprint(d.RetryAfterSeconds))
	}
	q.json(int(status.Code), status)
}

// route finds the resource and does the verb.
func (q *request) route(path string) error {
	parts := strings.Split(path, "/")
	switch parts[0] {
	case "api", "apis":
	case "openapi":
		return notFound("OpenAPI is not simulated")
	default:
		return notFound("the server could not find the requested resource")
	}
	var group, version string
	rest := parts[1:]
	if parts[0] == "apis" {
		if len(rest) > 0 {
			group, rest = rest[0], rest[1:]
		}
	}
	if len(rest) > 0 {
		version, rest = rest[0], rest[1:]
	}
	if len(rest) == 0 {
		return q.discovery(parts[0], group, version)
	}
	if rest[0] == "namespaces" && len(rest) > 2 && rest[2] != "status" && rest[2] != "finalize" {
		q.ns, rest = rest[1], rest[2:]
	}
	q.server.World.Lock()
	q.res = q.store.Lookup(group, version, rest[0])
	q.server.World.Unlock()
	if q.res == nil || len(rest) > 3 {
		return notFound("the server could not find the requested resource")
	}
	if len(rest) > 1 {
		q.name = rest[1]
	}
	if len(rest) > 2 {
		q.sub = rest[2]
		if !q.res.HasSub(q.sub) {
			q.server.Unsupported("API subresource " + q.res.Plural + "/" + q.sub)
			return notFound("the server could not find the requested resource")
		}
	}
	if dry := q.query["dryRun"]; len(dry) > 0 && !slices.Equal(dry, []string{metav1.DryRunAll}) {
		return apierrors.NewBadRequest(fmt.Sprintf("dryRun: Unsupported value: %q: supported values: \"All\"", dry))
	}
	return q.serve()
}

func notFound(message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: message}}
}
