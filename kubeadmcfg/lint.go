package kubeadmcfg

import (
	"fmt"
	"slices"
	"strings"
)

// Severity is how bad a Finding is.
type Severity string

const (
	// SeverityError: it does not work, or is open to attack.
	SeverityError Severity = "error"
	// SeverityWarning: it works until something happens: a host fails, a version changes.
	SeverityWarning Severity = "warning"
	// SeverityInfo: worth knowing.
	SeverityInfo Severity = "info"
)

// Finding is something that Lint advises against.
type Finding struct {
	// Code is short and stable, and documented in docs/lint.md: KC001.
	Code string
	// Severity of this one; a rule may be an error for one version and a warning for another.
	Severity Severity
	// Path of the field, beginning with the kind, or of the fact: hosts[0].kernel, commands[3].
	Path string
	// Message says what is wrong. It holds no secret.
	Message string
	// Fix says what to do.
	Fix string
}

// String returns code, severity, path and message in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s %s: %s: %s", f.Code, f.Severity, f.Path, f.Message)
}

// Rule is what a code stands for.
type Rule struct {
	// Code of its findings.
	Code string
	// Title says in a few words what is found.
	Title string
	// Why says what goes wrong.
	Why string
	// Fix says what to do.
	Fix string
	// Source of the fact: a file of Kubernetes or of the kernel, a KEP, an issue.
	Source string
}

// Rules returns the rules of Lint, LintFile and LintCommands in the order of their codes.
func Rules() []Rule {
	var out []Rule
	for _, r := range lintRules() {
		out = append(out, r.Rule)
	}
	for _, r := range commandRules() {
		out = append(out, r.Rule)
	}
	out = append(out, oldAPIRule)
	slices.SortFunc(out, func(a, b Rule) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// Lint returns what is unwise, dangerous or bound to fail in b for Kubernetes v, though kubeadm
// accepts it: it looks at the documents, the balancer and the hosts together. What is not set in b,
// or not known in e, is not judged, but where its absence is the finding. Validate is not called.
//
// Findings come in the order of their codes, then of the documents and hosts.
func Lint(b Bundle, v Version, e Environment) []Finding {
	l := linter{Bundle: b, version: v, Environment: e}
	for _, r := range lintRules() {
		l.rule = r.Rule
		r.check(&l)
	}
	return l.findings
}

// LintFile is Lint of a file, and of the version of its API. A file that ParseLenient does not read
// is that error.
func LintFile(file []byte, v Version, e Environment) ([]Finding, error) {
	b, err := ParseLenient(file)
	if err != nil {
		return nil, err
	}
	apis, err := APIVersions(file)
	if err != nil {
		return nil, err
	}
	findings := Lint(b, v, e)
	l := linter{version: v, rule: oldAPIRule}
	for _, api := range apis {
		switch {
		case !v.Reads(api):
			l.find(SeverityError, "apiVersion", "kubeadm %s does not read %s", v, api)
		case api == V1Beta3 && v.AtLeast(v1beta4Minor):
			l.find(SeverityWarning, "apiVersion", "%s is deprecated in Kubernetes %s and is not read from 1.%d on", api, v.MinorString(), v1beta3RemovedMinor)
		}
	}
	findings = append(findings, l.findings...)
	slices.SortStableFunc(findings, func(a, b Finding) int { return strings.Compare(a.Code, b.Code) })
	return findings, nil
}

var oldAPIRule = Rule{
	Code: "KC030", Title: "the file's API version is deprecated or not read",
	Why:    "kubeadm reads v1beta3 from 1.22 to 1.36 and v1beta4 from 1.31; the other one ends it at once.",
	Fix:    "Convert the file, or Render its Bundle for the version.",
	Source: "cmd/kubeadm/app/util/config/common.go; #136016",
}

// lintRule is a rule and how it is checked.
type lintRule struct {
	Rule
	check func(*linter)
}

// lintRules returns the rules over a Bundle and its Environment. The files lint_*.go have one group each.
func lintRules() []lintRule {
	return slices.Concat(endpointRules(), hostRules(), credentialRules(), fileRules(), networkRules(), proxyRules(), controlPlaneRules(), acceptedRules())
}

// linter is one run of the rules.
type linter struct {
	Bundle
	Environment
	version  Version
	rule     Rule
	findings []Finding
}

// find adds a finding of the rule that is being checked.
func (l *linter) find(s Severity, path, format string, args ...any) {
	l.findings = append(l.findings, Finding{Code: l.rule.Code, Severity: s, Path: path, Message: fmt.Sprintf(format, args...), Fix: l.rule.Fix})
}

// endpoint returns the cluster's endpoint: of the ClusterConfiguration, or the one that is joined.
func (l *linter) endpoint() (host string, port uint16, path string) {
	switch {
	case l.Cluster != nil && l.Cluster.ControlPlaneEndpoint != "":
		host, port = splitEndpoint(l.Cluster.ControlPlaneEndpoint)
		return host, port, kindCluster + ".controlPlaneEndpoint"
	case l.Join != nil && l.Join.Discovery.BootstrapToken != nil && l.Join.Discovery.BootstrapToken.APIServerEndpoint != "":
		host, port = splitEndpoint(l.Join.Discovery.BootstrapToken.APIServerEndpoint)
		return host, port, kindJoin + ".discovery.bootstrapToken.apiServerEndpoint"
	default:
		return "", 0, ""
	}
}

// bindPort is the port of the apiservers.
func (l *linter) bindPort() uint16 {
	port := int32(0)
	switch {
	case l.Init != nil:
		port = l.Init.LocalAPIEndpoint.BindPort
	case l.Join != nil && l.Join.ControlPlane != nil:
		port = l.Join.ControlPlane.LocalAPIEndpoint.BindPort
	}
	if port <= 0 || port > 65535 {
		return defaultBindPort
	}
	return uint16(port)
}

// nodes calls each for the parts that register a node, with the path.
func (l *linter) nodes(each func(n NodeRegistrationOptions, path string)) {
	if l.Init != nil {
		each(l.Init.NodeRegistration, kindInit+".nodeRegistration")
	}
	if l.Join != nil {
		each(l.Join.NodeRegistration, kindJoin+".nodeRegistration")
	}
}
