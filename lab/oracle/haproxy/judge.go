package haproxy

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/quorate-dev/quorate/lbconfig"
)

// judge is the real HAProxy.
type judge struct{ dir string }

// prepare makes what configurations name: a CA's certificate, the namespace's loopback.
func (j *judge) prepare() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	if err := os.Chmod(j.dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(j.path("ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

// checkLimit is how long HAProxy may take to read a file, startLimit to listen.
const (
	checkLimit = 10 * time.Second
	startLimit = 5 * time.Second
)

// check is haproxy -c: accepted, or its complaint.
func (j *judge) check(ctx context.Context, file []byte) (string, error) {
	if err := os.WriteFile(j.path("haproxy.cfg"), file, 0o644); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, Program, "-c", "-f", j.path("haproxy.cfg")).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return accepted, nil
	case errors.As(err, &exit) && exit.Exited():
		return complaint(out), nil
	}
	return "", err
}

// complaint is the first line of HAProxy's output that says what is wrong.
func complaint(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "[ALERT]") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(string(out))
}

// start runs HAProxy with the file that was checked last, in a network namespace of its own, and asks it for its generation
// and whether it listens: started, or what went wrong.
func (j *judge) start(ctx context.Context, c lbconfig.HAProxyConfig) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	socket := c.Global.StatsSocket.Path
	if socket != "" {
		_ = os.Remove(socket) // one that an earlier case left
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `ip link set lo up && exec "$0" -db -f "$1"`, Program, j.path("haproxy.cfg"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it is killed, or said why it ended
	}()
	defer func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		<-ended
	}()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return "ended: " + complaint(said.Bytes()), nil
		case <-ctx.Done():
			return "does not listen: " + missing(cmd.Process.Pid, c), nil
		case <-ticker.C:
			if missing(cmd.Process.Pid, c) == "" && generationOf(socket) == c.Global.Description {
				return started, nil
			}
		}
	}
}

// missing names an address that nothing listens on in a process's network namespace, "" for none.
func missing(pid int, c lbconfig.HAProxyConfig) string {
	listening := ""
	for _, file := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, file))
		if err != nil {
			return err.Error()
		}
		listening += string(data)
	}
	for _, f := range c.Frontends {
		for _, a := range f.Binds {
			if !strings.Contains(listening, procAddress(a.Addr().AsSlice(), a.Port())+" ") {
				return a.String()
			}
		}
	}
	return ""
}

// procAddress is an address as /proc/net/tcp has it: words in the machine's order, which is little-endian here.
func procAddress(addr []byte, port uint16) string {
	var b strings.Builder
	for i := 0; i < len(addr); i += 4 {
		fmt.Fprintf(&b, "%02X%02X%02X%02X", addr[i+3], addr[i+2], addr[i+1], addr[i])
	}
	return fmt.Sprintf("%s:%04X", b.String(), port)
}

// generationOf asks for the running configuration; "" where there is no socket to ask.
func generationOf(socket string) string {
	if socket == "" {
		return ""
	}
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return ""
	}
	if _, err := io.WriteString(conn, "show info\n"); err != nil {
		return ""
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return ""
	}
	return lbconfig.HAProxyGeneration(string(answer))
}
