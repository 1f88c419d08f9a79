// Package kapi is the simulated Kubernetes API: a store with resource versions, conflicts, an
// event log, patches of every kind and server-side apply, and the HTTP handler that real
// client-go talks to.
//
//	s := kapi.NewStore(world)
//	srv := &kapi.Server{World: world, Backend: func() (*kapi.Store, error) { return s, nil }, ClientCAs: pool, Version: "v1.37.2"}
//	go http.Serve(listener, srv)
//
// A Store belongs to an etcd cluster: every API server whose etcd member is of that cluster
// serves the same one. Store methods are called with the World's lock held; the handler takes it.
//
// What it does not know it refuses: unknown resources (404), unknown field selectors (400),
// OpenAPI and Tables (404, 406). No admission, no quota; validation only where kubeadm and quorate depend on it.
package kapi
