package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/quorate-dev/quorate/lbconfig"
)

// startLimit is how long an nginx may take to listen, on a machine with much else to do.
const startLimit = 30 * time.Second

// start starts an nginx with the configuration that lbconfig reads out of a text, in the foreground
// and with files of its own. It returns what went wrong: it ended, it does not listen on one of its
// addresses, a worker died.
func (j *judge) start(ctx context.Context, text string) (string, error) {
	cfg, err := lbconfig.Parse([]byte(text))
	if err != nil {
		return "", err
	}
	cfg.Main.Daemon = new(false)
	cfg.Main.PID = filepath.Join(j.dir, "start.pid")
	log := filepath.Join(j.dir, "start.log")
	cfg.Main.ErrorLogs = []lbconfig.ErrorLog{{Path: log, Level: "notice"}}
	_ = os.Remove(log)
	file, err := cfg.Render()
	if err != nil {
		return "", err
	}
	path := filepath.Join(j.dir, "start.conf")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(file), dirMark, j.dir)), 0o644); err != nil {
		return "", err
	}
	cmd := exec.Command(Program, "-c", path)
	cmd.Dir = j.dir
	if err := j.space.Do(cmd.Start); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	said := j.listens(ctx, cmd.Process.Pid, cfg, ended)
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), ctx.Err()); err != nil && said == "" {
		return fmt.Sprintf("ended: %v: %s", err, tail(log)), nil
	}
	select {
	case <-ended:
	case <-time.After(startLimit):
		_ = cmd.Process.Kill()
		return "does not end", nil
	}
	if data, _ := os.ReadFile(log); said == "" && fatal.Match(data) {
		said = string(fatal.Find(data))
	}
	return said, nil
}

// fatal is what the error log has of a worker that died.
var fatal = regexp.MustCompile(`(?m)^.*(exited with fatal code|exited on signal|\[emerg\]).*$`)

func tail(log string) string {
	data, _ := os.ReadFile(log)
	return string(data[max(0, len(data)-500):])
}

// listens waits until a process listens on every address of cfg, and says what is missing.
func (j *judge) listens(ctx context.Context, pid int, cfg lbconfig.Config, ended chan error) string {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(startLimit)
	for {
		missing := missingListeners(pid, cfg, j.dir)
		if len(missing) == 0 && hasWorker(pid) {
			return ""
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Sprintf("ended: %v: %s", err, tail(filepath.Join(j.dir, "start.log")))
		case <-limit:
			return fmt.Sprintf("does not listen on %v", missing)
		case <-ctx.Done():
			return ctx.Err().Error()
		case <-tick.C:
		}
	}
}

// hasWorker says whether the process has a child.
func hasWorker(pid int) bool {
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	return len(children) > 0
}

// missingListeners returns the addresses of cfg that nobody listens on in the process's namespace.
func missingListeners(pid int, cfg lbconfig.Config, dir string) []string {
	var missing []string
	have := map[string]string{}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6", "unix"} {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		have[table] = string(data)
	}
	for _, s := range cfg.Stream.Servers {
		for _, l := range s.Listen {
			address := strings.ReplaceAll(l.Address, dirMark, dir)
			table, entry := tableEntry(address, l.UDP)
			if !strings.Contains(have[table], entry) {
				missing = append(missing, address)
			}
		}
	}
	return missing
}
