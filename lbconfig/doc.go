// Package lbconfig is nginx's stream configuration as Go data: built for kube-apiserver traffic by
// one function, rendered to the same bytes every time, parsed back, validated and compared.
//
//	cfg := lbconfig.APIServer(lbconfig.Options{
//		Backends: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.11:6443"), netip.MustParseAddrPort("10.0.0.12:6443")},
//	})
//	if err := cfg.Validate(); err != nil {
//		return err // every problem at once, each with its path
//	}
//	file, err := cfg.Render()
//	have, err := lbconfig.Parse(file)            // have equals cfg
//	changes := lbconfig.Diff(have, cfg)          // none
//	findings := cfg.Lint(lbconfig.Env{Nodes: 50}) // what nginx takes and what will hurt
//	unit := lbconfig.ServiceUnit(lbconfig.UnitOptions{})
//
// # HAProxy, keepalived
//
// HAProxy gives the same facts to a program with active checks of /readyz: HAProxyConfig is rendered,
// parsed, validated and compared as Config is. KeepalivedConfig is for those who do have a virtual address.
//
// # One file, one unit
//
// The configuration is a whole main file for an nginx of its own: own unit, own pid file, own logs.
// A user's nginx and its files are never touched, and nothing depends on which files it includes.
//
// Who has an nginx already takes the stream block alone: Stream.Render, and FragmentInclude for the
// line that takes it in.
//
// # Proof of a reload
//
// `nginx -t` and `nginx -s reload` both succeed when a port is taken, and the old configuration
// goes on serving. Options.Generation therefore adds a server on a unix socket that answers with a
// hash of the rest of the file: who reads the hash of the new file there has the new configuration.
//
// # What Validate promises
//
// Where nginx -t refuses a file, Validate or ValidateOn for that Build does too, unless the reason is
// the host: a name, an address, a user, a file. What they accept starts and listens. lab/oracle/nginx
// holds them to that with generated and mutated files.
//
// # Guarantees
//
// The package does no I/O and reads no clock and no environment. Values are plain structs whose
// zero fields are unset, that is nginx's default; functions may be called concurrently.
//
// # Files that people wrote
//
// Parse reads them too, and keeps what has no type here with its place, such as map or http; Render
// writes it back where it stood. ParseStrict refuses it instead. include is kept, listed by
// Config.Includes and never followed.
//
// # Non-goals
//
// No types for http{} and none for TLS termination, which would break client certificates: such
// directives are kept, and Validate says of them that only nginx can judge them. Directives of the
// commercial nginx are refused by name.
package lbconfig
