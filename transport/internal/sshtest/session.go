//go:build unix

package sshtest

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// session runs the one command of a session.
func (s *Server) session(nc ssh.NewChannel) {
	ch, requests, err := nc.Accept()
	if err != nil {
		return
	}
	defer ch.Close()
	for req := range requests {
		if req.Type != "exec" {
			req.Reply(false, nil)
			continue
		}
		var m struct{ Command string }
		if ssh.Unmarshal(req.Payload, &m) != nil {
			req.Reply(false, nil)
			return
		}
		req.Reply(true, nil)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for req := range requests {
				req.Reply(false, nil) // "signal" among them
			}
		}()
		s.exec(ch, m.Command, gone)
		ch.Close()
		<-gone
		return
	}
}

// exec runs a command line in the login shell, leading a session of its own, and reports its exit.
func (s *Server) exec(ch ssh.Channel, line string, gone <-chan struct{}) {
	shell := s.opts.Shell
	if shell == "" {
		shell = "sh"
	}
	cmd := exec.Command(shell, "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append(os.Environ(), "PATH="+s.path)
	stdin, err1 := cmd.StdinPipe()
	outRead, outWrite, err2 := os.Pipe()
	errRead, errWrite, err3 := os.Pipe()
	if errors.Join(err1, err2, err3) != nil {
		return
	}
	cmd.Stdout, cmd.Stderr = outWrite, errWrite
	err := cmd.Start()
	outWrite.Close()
	errWrite.Close()
	if err != nil {
		ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{127}))
		return
	}
	go func() {
		io.Copy(stdin, ch)
		stdin.Close()
	}()
	var outputs sync.WaitGroup
	outputs.Go(func() { io.Copy(ch, outRead) })
	outputs.Go(func() { io.Copy(ch.Stderr(), errRead) })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		exit(ch, cmd.Wait())
		outputs.Wait()
	}()
	// Like sshd: the channel stays until the outputs end, or the client closes it. The process
	// goes on without it.
	select {
	case <-ended:
	case <-gone:
		stdin.Close()
		outRead.Close()
		errRead.Close()
		<-ended
	}
	outRead.Close()
	errRead.Close()
}

// signals are the names of RFC 4254, 6.10.
var signals = map[syscall.Signal]string{
	syscall.SIGABRT: "ABRT", syscall.SIGALRM: "ALRM", syscall.SIGFPE: "FPE", syscall.SIGHUP: "HUP", syscall.SIGILL: "ILL",
	syscall.SIGINT: "INT", syscall.SIGKILL: "KILL", syscall.SIGPIPE: "PIPE", syscall.SIGQUIT: "QUIT", syscall.SIGSEGV: "SEGV",
	syscall.SIGTERM: "TERM", syscall.SIGUSR1: "USR1", syscall.SIGUSR2: "USR2",
}

// exit reports what Wait returned.
func exit(ch ssh.Channel, err error) {
	code := uint32(0)
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		status := e.Sys().(syscall.WaitStatus)
		if name, ok := signals[status.Signal()]; ok && status.Signaled() {
			ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
				Name     string
				Core     bool
				Message  string
				Language string
			}{Name: name}))
			return
		}
		code = uint32(e.ExitCode())
	}
	ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
}

// forward connects a channel to an address or a socket.
func (s *Server) forward(nc ssh.NewChannel) {
	if s.opts.NoForwarding {
		nc.Reject(ssh.Prohibited, "administratively prohibited")
		return
	}
	network, address := "tcp", ""
	switch nc.ChannelType() {
	case "direct-tcpip":
		var m struct {
			Host       string
			Port       uint32
			OriginHost string
			OriginPort uint32
		}
		if ssh.Unmarshal(nc.ExtraData(), &m) == nil {
			address = net.JoinHostPort(m.Host, strconv.Itoa(int(m.Port)))
		}
	case "direct-streamlocal@openssh.com":
		var m struct {
			Path     string
			Reserved string
			Port     uint32
		}
		network = "unix"
		if ssh.Unmarshal(nc.ExtraData(), &m) == nil {
			address = m.Path
		}
	default:
		nc.Reject(ssh.UnknownChannelType, "unknown channel type")
		return
	}
	to, err := net.Dial(network, address)
	if err != nil {
		nc.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer to.Close()
	ch, requests, err := nc.Accept()
	if err != nil {
		return
	}
	defer ch.Close()
	var wg sync.WaitGroup
	wg.Go(func() { ssh.DiscardRequests(requests); to.Close() })
	wg.Go(func() {
		io.Copy(to, ch)
		if c, ok := to.(interface{ CloseWrite() error }); ok {
			c.CloseWrite()
		}
	})
	io.Copy(ch, to)
	ch.Close()
	wg.Wait()
}
