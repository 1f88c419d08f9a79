package lab

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

var (
	//go:embed modules/judge.go.txt
	judgeMain string
	//go:embed modules/judge_load.go.txt
	judgeLoad string
	//go:embed modules/judge_validate.go.txt
	judgeValidate string
	//go:embed modules/judge_upgrade.go.txt
	judgeUpgrade string
	//go:embed modules/judge_no_upgrade.go.txt
	judgeNoUpgrade string
	//go:embed modules/facts.go.txt
	factsMain string
	//go:embed modules/facts_v1beta3.go.txt
	factsV1Beta3 string
	//go:embed modules/facts_v1beta4.go.txt
	factsV1Beta4 string
	//go:embed modules/facts_both.go.txt
	factsBoth string
	//go:embed modules/gates.go.txt
	gatesAll string
	//go:embed modules/gates_metrics.go.txt
	gatesMetrics string
)

// The minors at which kubeadm got or lost what these programs call.
const (
	metricsGatesMinor   = 26
	loggingGatesMinor   = 27
	validateMinor       = 28 // ValidateConfig, which is exported since then; the command is older
	v1beta4Minor        = 31 // with UpgradeConfiguration
	v1beta3RemovedMinor = 37
)

// beside is a program built beside k8s.io/kubernetes of a version.
func beside(version, main, output string, more map[string]string) upstream {
	return upstream{
		module: "k8s.io/kubernetes", version: version, local: stagingVersion(version),
		main: main, more: more, output: output, ldflags: kubernetesLdflags(version),
	}
}

// withGates adds the file that registers the gates which a minor's components have beside those of
// pkg/features.
func withGates(minor int, more map[string]string) map[string]string {
	switch {
	case minor >= loggingGatesMinor:
		more["gates.go"] = gatesAll
	case minor >= metricsGatesMinor:
		more["gates.go"] = gatesMetrics
	}
	return more
}

// minorOf returns the 37 of v1.37.2.
func minorOf(version string) (int, error) {
	if !versionForm.MatchString(version) {
		return 0, fmt.Errorf("lab: %q is not a Kubernetes version like v1.37.2", version)
	}
	return strconv.Atoi(strings.Split(version, ".")[1])
}

// one builds a program, or finds it in the cache, and returns its path.
func one(ctx context.Context, u upstream, progress func(string)) (string, error) {
	c, err := openCache()
	if err != nil {
		return "", err
	}
	dir, err := c.entry(ctx, u.output+"-"+u.version, u.recipe(), func(ctx context.Context, dir string) error {
		orSilent(progress)("building the " + u.output + " of " + u.version)
		return u.build(ctx, dir)
	})
	return filepath.Join(dir, u.output), err
}

// JudgeBinary builds a program of a Kubernetes version's own code that gives its verdict over
// configuration files, and returns the program's path. It reads lines {"id":1,"file":"..."} and
// writes lines {"id":1,"accepted":false,"error":"..."} to its file descriptor 3, many in a second.
//
// The verdict is that of `kubeadm config validate`, or of what init and join do with the file where
// there is no such command, and of each document's own reader: the strict one and the validation of
// kubeadm's kinds, the strict one of the kubelet, the strict one and the validation of kube-proxy.
// It takes about two minutes the first time; the program stays in the cache.
func JudgeBinary(ctx context.Context, version string, progress func(string)) (string, error) {
	minor, err := minorOf(version)
	if err != nil {
		return "", err
	}
	more := map[string]string{"kubeadm.go": judgeLoad}
	if minor >= validateMinor {
		more = map[string]string{"kubeadm.go": judgeValidate, "upgrade.go": judgeNoUpgrade}
	}
	if minor >= v1beta4Minor {
		more["upgrade.go"] = judgeUpgrade
	}
	return one(ctx, beside(version, judgeMain, "judge", withGates(minor, more)), progress)
}

// Facts returns what a Kubernetes version's configurations and feature gates are, as the JSON that
// modules/facts.go.txt writes. The first time it builds a program, in about a minute.
func Facts(ctx context.Context, version string, progress func(string)) ([]byte, error) {
	minor, err := minorOf(version)
	if err != nil {
		return nil, err
	}
	kinds := factsBoth
	switch {
	case minor < v1beta4Minor:
		kinds = factsV1Beta3
	case minor >= v1beta3RemovedMinor:
		kinds = factsV1Beta4
	}
	program, err := one(ctx, beside(version, factsMain, "facts", withGates(minor, map[string]string{"kinds.go": kinds})), progress)
	if err != nil {
		return nil, err
	}
	out, err := run(ctx, program)
	return []byte(out), err
}
