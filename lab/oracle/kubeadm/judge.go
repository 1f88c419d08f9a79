package kubeadm

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/quorate-dev/quorate/lab"
)

// verdict is one side's answer.
type verdict struct {
	accepted bool
	reason   string
	// kubeadm says whether kubeadm alone accepts, without the readers of components.
	kubeadm bool
}

// String is "accepted", or the reason of the refusal.
func (v verdict) String() string {
	if v.accepted {
		return "accepted"
	}
	return v.reason
}

// judge is a running program of one Kubernetes version.
type judge struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	pipe *os.File
}

// startJudge builds and starts the judge of a version. As root it runs in namespaces of its own: no
// network, an empty /run, a name of its own. Otherwise the network is kept away by a proxy that is
// not there.
func startJudge(ctx context.Context, version string, progress func(string)) (*judge, error) {
	program, err := lab.JudgeBinary(ctx, version, progress)
	if err != nil {
		return nil, err
	}
	answers, end, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer end.Close()
	j := &judge{cmd: exec.CommandContext(ctx, program), out: bufio.NewReader(answers), pipe: answers}
	j.cmd.ExtraFiles = []*os.File{end}
	apart(j.cmd)
	if j.in, err = j.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := j.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the judge of %s: %w", version, err)
	}
	return j, nil
}

// apart keeps the network, and as root also the host's name and mounts, away from a program.
func apart(cmd *exec.Cmd) {
	cmd.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1", "NO_PROXY=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		cmd.Env = append(cmd.Env, "JUDGE_OWN_NAMESPACES=1")
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS
	}
}

// close ends the judge.
func (j *judge) close() error {
	j.in.Close()
	err := j.cmd.Wait()
	j.pipe.Close()
	return err
}

// ask returns the judge's verdicts over files, in their order.
func (j *judge) ask(files []string) ([]verdict, error) {
	written := make(chan error, 1)
	go func() {
		w := bufio.NewWriter(j.in)
		enc := json.NewEncoder(w)
		for i, f := range files {
			if err := enc.Encode(map[string]any{"id": i, "file": f}); err != nil {
				written <- err
				return
			}
		}
		written <- w.Flush()
	}()
	out := make([]verdict, 0, len(files))
	for range files {
		line, err := j.out.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("the judge ended: %w", err)
		}
		var a struct {
			Accepted bool   `json:"accepted"`
			Error    string `json:"error"`
			Kubeadm  bool   `json:"kubeadm"`
		}
		if err := json.Unmarshal(line, &a); err != nil {
			return nil, err
		}
		out = append(out, verdict{a.Accepted, a.Error, a.Kubeadm})
	}
	return out, <-written
}
