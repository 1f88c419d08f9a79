package ssh

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/transport"
	"golang.org/x/crypto/ssh"
)

// session is a launch.Process: one "exec" on a channel of its own (RFC 4254, 6.5).
type session struct {
	link      *link
	ch        ssh.Channel
	closeLink *link // a connection made for this session alone
	exited    chan struct{}
	code      int
	err       error
	closing   sync.Once
}

// refusedError says that the server gave no session although the connection is fine.
type refusedError struct{ err *ssh.OpenChannelError }

func (e *refusedError) Error() string {
	return "the server refused a session: " + e.err.Message
}

func isRefused(err error) bool {
	_, ok := errors.AsType[*refusedError](err)
	return ok
}

// refusedPause and refusedTries bound how long a refusal is tolerated while no session of ours is
// open: the server may still be closing the last ones.
const (
	refusedPause = 50 * time.Millisecond
	refusedTries = 40
)

// start opens a session when it is its turn and runs line in it.
func (l *link) start(ctx context.Context, line string) (*session, error) {
	for tries := 0; ; {
		if err := l.slots.acquire(ctx); err != nil {
			return nil, err
		}
		s, err := l.startNow(ctx, line, l.slots.release)
		if err == nil {
			l.slots.accepted()
			return s, nil
		}
		if !isRefused(err) {
			return nil, err
		}
		if l.slots.refused() {
			continue
		}
		if tries++; tries > refusedTries {
			return nil, &transport.ConnectError{Host: l.host, Op: "session", Temporary: true, Err: err}
		}
		select {
		case <-time.After(refusedPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// opened is the outcome of a channel request.
type opened struct {
	s   *session
	err error
}

// startNow opens a session at once and runs line in it. release is called when the session is
// over; not when it was refused.
func (l *link) startNow(ctx context.Context, line string, release func()) (*session, error) {
	// Opening cannot be interrupted. When ctx ends first, the answer is waited for in the
	// background; it comes, or the connection is given up by keepalive.
	done := make(chan opened, 1)
	go func() {
		s, err := l.open(line, release)
		done <- opened{s, err}
	}()
	select {
	case o := <-done:
		return o.s, o.err
	case <-ctx.Done():
		go func() {
			switch o := <-done; {
			case o.s != nil:
				o.s.Close()
			case isRefused(o.err):
				release()
			}
		}()
		return nil, ctx.Err()
	}
}

// open opens a session and sends the command line.
func (l *link) open(line string, release func()) (*session, error) {
	ch, reqs, err := l.client.OpenChannel("session", nil)
	if err != nil {
		if refusal, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
			return nil, &refusedError{refusal}
		}
		release()
		l.fail(err) // anything but a refusal means that the connection is gone
		return nil, l.lost("session", err)
	}
	s := &session{link: l, ch: ch, exited: make(chan struct{})}
	go s.watch(reqs, release)
	ok, err := ch.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{line}))
	if err != nil {
		s.Close()
		if errors.Is(err, io.EOF) {
			err = errors.New("the server closed the session at once")
		}
		return nil, l.lost("session", err)
	}
	if !ok {
		s.Close()
		return nil, &transport.ConnectError{Host: l.host, Op: "session", Err: errors.New("the server runs no commands for this user")}
	}
	return s, nil
}

// watch takes the session's requests until the channel is closed.
func (s *session) watch(reqs <-chan *ssh.Request, release func()) {
	defer release()
	known := false
	for req := range reqs {
		if !known {
			if code, ok := exitCode(req); ok {
				known, s.code = true, code
				close(s.exited)
			}
		}
		if req.WantReply {
			req.Reply(req.Type == "keepalive@openssh.com", nil)
		}
	}
	if !known {
		s.err = s.link.cause("the server closed the session without an exit code")
		close(s.exited)
	}
}

// exitCode reads an exit-status or exit-signal request (RFC 4254, 6.10).
func exitCode(req *ssh.Request) (int, bool) {
	switch req.Type {
	case "exit-status":
		var m struct{ Status uint32 }
		if ssh.Unmarshal(req.Payload, &m) == nil {
			return int(m.Status), true
		}
	case "exit-signal":
		var m struct {
			Signal     string
			CoreDumped bool
			Message    string
			Language   string
		}
		if ssh.Unmarshal(req.Payload, &m) == nil {
			return 128 + signalNumber(m.Signal), true
		}
	}
	return 0, false
}

// signalNumber is the number on Linux of a signal as exit-signal names it; 0 for one that the
// protocol has no name for (the code is then 128).
func signalNumber(name string) int {
	return map[string]int{
		"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
		"USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "XCPU": 24, "XFSZ": 25, "SYS": 31,
	}[name]
}

// Stdin implements launch.Process.
func (s *session) Stdin() io.WriteCloser { return halfCloser{s.ch} }

// Stdout implements launch.Process.
func (s *session) Stdout() io.Reader { return s.ch }

// Stderr implements launch.Process.
func (s *session) Stderr() io.Reader { return s.ch.Stderr() }

// Exited implements launch.Process.
func (s *session) Exited() <-chan struct{} { return s.exited }

// Exit implements launch.Process.
func (s *session) Exit() (int, error) { return s.code, s.err }

// Settle implements launch.Process: the server answers in order, so what it had read from the
// program before the question has arrived with the answer.
func (s *session) Settle(ctx context.Context) error { return s.link.ping(ctx) }

// Close implements launch.Process.
func (s *session) Close() error {
	s.closing.Do(func() {
		s.ch.Close()
		if s.closeLink != nil {
			s.closeLink.close()
		}
	})
	return nil
}

// halfCloser closes only the direction towards the server.
type halfCloser struct{ ch ssh.Channel }

func (h halfCloser) Write(p []byte) (int, error) { return h.ch.Write(p) }
func (h halfCloser) Close() error                { return h.ch.CloseWrite() }
