package lbconfig

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is a version of nginx. The zero Version is one that is not known.
type Version struct{ Major, Minor, Patch int }

// versionText is where nginx -v and nginx -V say it; other builds of nginx have a name of their own before the slash.
var versionText = regexp.MustCompile(`(?:^|version: [A-Za-z0-9_.-]+/)(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?:[^0-9.]|$)`)

// ParseVersion reads 1.22.1, or what nginx -v prints: nginx version: nginx/1.22.1.
func ParseVersion(s string) (Version, error) {
	m := versionText.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Version{}, fmt.Errorf("lbconfig: parse version: no version of nginx in %.80q", s)
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // at most four digits
	}
	return Version{n[0], n[1], n[2]}, nil
}

// String returns 1.22.1, and nothing for the zero Version.
func (v Version) String() string {
	if v == (Version{}) {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// Compare returns -1, 0 or 1 when v is older than, the same as, or newer than w.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// Build is what an nginx was built with.
type Build struct {
	// Version decides which directives there are. Zero: any version, that is, none is too new.
	Version Version
	// StreamBuiltIn says whether the stream module is compiled in; loading it is an error then.
	StreamBuiltIn bool
	// Modules are the paths of the dynamic modules that are installed.
	Modules []string
	// Included are globs of files that load them, such as ModuleIncludeDebian: a main file that
	// includes one has the modules.
	Included []string
}

// DebianBuild is Debian 12's nginx, 1.22.1, with the package libnginx-mod-stream. Set another
// Version for other releases of Debian and Ubuntu.
func DebianBuild() Build {
	return Build{Version: Version{1, 22, 1}, Modules: []string{string(ModuleDebian)}, Included: []string{string(ModuleIncludeDebian)}}
}

// RHELBuild is the nginx of Fedora and the RHEL family with the package nginx-mod-stream, of no
// particular version.
func RHELBuild() Build {
	return Build{Modules: []string{string(ModuleRHEL)}, Included: []string{string(ModuleIncludeRHEL)}}
}

// ParseBuild reads what nginx -V prints. Where stream is dynamic, it is taken to be installed at
// the place that --modules-path says.
func ParseBuild(text string) (Build, error) {
	v, err := ParseVersion(text)
	if err != nil {
		return Build{}, err
	}
	b := Build{Version: v}
	modules := ""
	dynamic := false
	for _, word := range strings.Fields(text) {
		switch name, value := param(word); {
		case word == "--with-stream":
			b.StreamBuiltIn = true
		case word == "--with-stream=dynamic":
			dynamic = true
		case name == "--modules-path":
			modules = value
		}
	}
	if dynamic {
		b.Modules = []string{modules + "/ngx_stream_module.so"}
	}
	return b, nil
}
