package kapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// watcher is one watch request. Its fields are guarded by the World's lock.
type watcher struct {
	resource *Resource
	sel      selector
	queue    []Event
	wake     chan struct{}
}

// offer queues an event for the watcher, as the watcher sees it.
func (w *watcher) offer(e Event) {
	if e.Resource.hub != w.resource.hub {
		return
	}
	before, after := w.sel.matches(e.Old), e.Type != "DELETED" && w.sel.matches(e.Object)
	switch {
	case after && !before:
		e.Type = "ADDED"
	case after:
		e.Type = "MODIFIED"
	case before:
		e.Type = "DELETED"
	default:
		return
	}
	w.queue = append(w.queue, e)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// watch serves a watch request until it ends.
func (q *request) watch() {
	sel, err := newSelector(q.res, q.ns, q.query.Get("labelSelector"), q.query.Get("fieldSelector"))
	if err != nil {
		q.fail(err)
		return
	}
	if q.name != "" {
		sel, err = newSelector(q.res, q.ns, "", "metadata.name="+q.name)
		if err != nil {
			q.fail(err)
			return
		}
	}
	w := &watcher{resource: q.res, sel: sel, wake: make(chan struct{}, 1)}
	bookmark, err := q.startWatch(w)
	if err != nil {
		q.fail(err)
		return
	}
	defer q.server.World.Do(func() { delete(q.store.watchers, w) })

	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusOK)
	flush := func() {
		if f, ok := q.w.(http.Flusher); ok {
			f.Flush()
		}
	}
	flush()
	var timeout <-chan time.Time
	if s, err := strconv.Atoi(q.query.Get("timeoutSeconds")); err == nil && s > 0 {
		t := time.NewTimer(time.Duration(s) * time.Second)
		defer t.Stop()
		timeout = t.C
	}
	for {
		var events []Event
		q.server.World.Do(func() { events, w.queue = w.queue, nil })
		for _, e := range events {
			if _, err := fmt.Fprintf(q.w, `{"type":%q,"object":%s}`+"\n", e.Type, q.versioned(e.Object)); err != nil {
				return
			}
		}
		if bookmark != nil {
			if _, err := q.w.Write(append(bookmark, '\n')); err != nil {
				return
			}
			bookmark = nil
		}
		flush()
		select {
		case <-w.wake:
		case <-q.r.Context().Done():
			return
		case <-q.server.Stopped:
			return
		case <-timeout:
			return
		}
	}
}

// startWatch registers the watcher with what it has to see first, and returns the bookmark that ends that.
func (q *request) startWatch(w *watcher) (bookmark []byte, err error) {
	q.server.World.Lock()
	defer q.server.World.Unlock()
	s := q.store
	rv, _ := strconv.ParseInt(q.query.Get("resourceVersion"), 10, 64)
	initial := q.query.Get("sendInitialEvents") == "true"
	switch {
	case initial || rv == 0:
		for _, o := range s.List(w.resource, w.sel.ns) {
			if w.sel.matches(o) {
				w.queue = append(w.queue, Event{RV: o.RV, Type: "ADDED", Resource: w.resource, Object: o})
			}
		}
	case len(s.log) > 0 && rv < s.log[0].RV-1:
		return nil, apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", rv, s.log[0].RV))
	default:
		for _, e := range s.log {
			if e.RV > rv {
				w.offer(e)
			}
		}
	}
	s.watchers[w] = struct{}{}
	if initial {
		bookmark, err = json.Marshal(map[string]any{"type": "BOOKMARK", "object": map[string]any{
			"apiVersion": w.resource.APIVersion(), "kind": w.resource.Kind,
			"metadata": map[string]any{"resourceVersion": strconv.FormatInt(s.rv, 10), "annotations": map[string]any{"k8s.io/initial-events-end": "true"}, "creationTimestamp": nil},
		}})
	}
	return bookmark, err
}
