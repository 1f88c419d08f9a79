// Command labtest runs the lab's tests, shows how they go on, and ends with one line that counts them:
//
//	go run ./cmd/labtest [-run REGEXP] [-timeout 1h] [packages]
//
// The last line is "lab: N passed, 0 failed, 0 skipped". The exit code is 1 when a test failed or no test ran, and, with
// CI=true in the environment, also when one was skipped.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	match := flag.String("run", "", "run only the tests that match")
	timeout := flag.Duration("timeout", time.Hour, "give up after this long")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	code, err := test(ctx, os.Stdout, *match, *timeout, packages)
	if err != nil {
		fmt.Fprintln(os.Stderr, "labtest:", err)
	}
	os.Exit(code)
}

// test runs go test and reports on it.
func test(ctx context.Context, w io.Writer, match string, timeout time.Duration, packages []string) (int, error) {
	argv := append([]string{"test", "-json", "-count=1", "-p=1", "-timeout=" + timeout.String(), "-run=" + match}, packages...)
	cmd := exec.CommandContext(ctx, "go", argv...)
	cmd.Env = append(os.Environ(), "QUORATE_LAB=1")
	// An interrupt lets the tests clear away; who does not end by it is killed after a while.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 3 * time.Minute
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	total, readErr := report(events, w)
	runErr := cmd.Wait()
	fmt.Fprintln(w, total)
	if readErr != nil {
		return 1, readErr
	}
	if runErr != nil && total.failed == 0 {
		return 1, runErr // go test failed outside of any test
	}
	return total.exitCode(os.Getenv("CI") == "true"), nil
}
