package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// hostEnv is the environment of programs run on a host.
var hostEnv = []string{
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "LOGNAME=root", "LANG=C.UTF-8", "TERM=dumb",
}

// findLeader finds the host's init, and says whether it is there.
func (h *Host) findLeader() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.nspawn == nil {
		return false
	}
	if h.leader != 0 {
		return true
	}
	supervisor := h.nspawn.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", supervisor, supervisor))
	if err != nil {
		return false
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			continue
		}
		// nspawn has short-lived children as well; the init is the one that is number 1 somewhere.
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && strings.HasSuffix(exe, "/systemd") && isInit(string(status)) {
			h.leader = pid
			return true
		}
	}
	return false
}

// isInit says whether a /proc/PID/status is that of a process that is number 1 in a namespace.
func isInit(status string) bool {
	for line := range strings.Lines(status) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(numbers)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// Command returns a command that will run a program on the host as root, as if typed at its console: it needs
// neither the network nor SSH. The end of ctx kills it with its children.
func (h *Host) Command(ctx context.Context, argv ...string) *exec.Cmd {
	h.mu.Lock()
	leader := h.leader
	h.mu.Unlock()
	args := append([]string{"--target", strconv.Itoa(leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--"}, argv...)
	cmd := exec.CommandContext(ctx, "nsenter", args...)
	cmd.Env = hostEnv
	endAsGroup(cmd)
	return cmd
}

// Run runs a program on the host as root and returns its standard output. The error of another
// exit code than 0 holds the end of its standard error.
func (h *Host) Run(ctx context.Context, argv ...string) (string, error) {
	return h.run(ctx, nil, argv...)
}

func (h *Host) run(ctx context.Context, stdin io.Reader, argv ...string) (string, error) {
	if !h.running() || !h.findLeader() {
		return "", fmt.Errorf("lab: %s: %s: the host is off", h.Name, strings.Join(argv, " "))
	}
	cmd := h.Command(ctx, argv...)
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("lab: %s: %s: %w: %s", h.Name, strings.Join(argv, " "), err, tail(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}

// WriteFile writes a file on the host, through the host's own eyes.
func (h *Host) WriteFile(ctx context.Context, path, content string) error {
	if _, err := h.Run(ctx, "mkdir", "-p", filepath.Dir(path)); err != nil {
		return err
	}
	_, err := h.run(ctx, strings.NewReader(content), "tee", path)
	return err
}

// processes returns the host's processes that were started under a program's name.
func (h *Host) processes(program string) ([]int, error) {
	pids, err := processesIn(h.cgroup)
	if err != nil {
		return nil, err
	}
	var found []int
	for _, pid := range pids {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			continue // ended meanwhile
		}
		name, _, _ := strings.Cut(string(line), "\x00")
		if filepath.Base(name) == program {
			found = append(found, pid)
		}
	}
	return found, nil
}

// signal sends a signal to every process of the host that was started under a program's name.
func (h *Host) signal(program string, signal syscall.Signal) error {
	pids, err := h.processes(program)
	if err != nil {
		return err
	}
	if len(pids) == 0 {
		return fmt.Errorf("lab: %s: no process %s runs there", h.Name, program)
	}
	var errs []error
	for _, pid := range pids {
		errs = append(errs, syscall.Kill(pid, signal))
	}
	return errors.Join(errs...)
}

// nft runs rules in the host's network namespace, with this machine's nft.
func (h *Host) nft(ctx context.Context, rules string) error {
	argv := []string{"ip", "netns", "exec", h.lab.network.host(h.Name), "nft", "-f", "-"}
	if _, err := (tool{argv: argv, stdin: strings.NewReader(rules)}).run(ctx); err != nil {
		return fmt.Errorf("lab: %s: %w", h.Name, err)
	}
	return nil
}
