package kubeadm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/quorate-dev/quorate/lab"
	"github.com/quorate-dev/quorate/lab/oracle"
)

// sampled is how many files of a full run are given to the kubeadm program too.
const sampled = 60

// sample gives some of the files to the real kubeadm program, and fails when its verdict is not the
// judge's: the judge is kubeadm's own code, and this shows it. From 1.26 the program is asked with
// `config validate`. Before there is `config images list`, which reads the file leniently, and no
// more can be asked than that what it refuses the judge refuses.
func (v *version) sample(ctx context.Context, o oracle.Options, files []string, verdicts []verdict) (string, error) {
	program, err := lab.KubeadmBinary(ctx, v.name, o.Progress)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "kubeadm.yaml")
	n, validates := 0, v.v.HasConfigValidate()
	step := max(1, len(files)/o.Number(sampled))
	for i := 0; i < len(files); i += step {
		if !validates && !strings.Contains(files[i], "InitConfiguration") && !strings.Contains(files[i], "ClusterConfiguration") {
			continue
		}
		if err := os.WriteFile(name, []byte(files[i]), 0o600); err != nil {
			return "", err
		}
		argv := []string{"config", "images", "list", "--config", name}
		if validates {
			argv = []string{"config", "validate", "--config", name}
		}
		cmd := exec.CommandContext(ctx, program, argv...)
		apart(cmd)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return "", fmt.Errorf("run kubeadm %s: %w", v.name, err)
		}
		n++
		if accepted := err == nil; accepted != verdicts[i].kubeadm && (validates || !accepted) {
			return "", fmt.Errorf("the kubeadm program and the judge disagree: accepted %t and %t\n%s\n%s\n%s", accepted, verdicts[i].kubeadm, files[i], out, verdicts[i].reason)
		}
	}
	return fmt.Sprintf("%d given to the program as well", n), nil
}
