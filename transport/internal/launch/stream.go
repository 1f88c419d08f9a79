package launch

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"sync/atomic"
)

// noiseKept is how much of what comes before the header is kept to explain a failure.
const noiseKept = 4 << 10

// stream takes apart one of the two outputs: noise (login scripts, sudo's lecture), then the
// header, the script's first word, then what the program writes.
type stream struct {
	mark   string // the header begins with it; on standard output its fields follow
	prompt string // sudo's; "" when there is none
	ready  string // the script has begun; "" where it does not say so
	failed string // at the very beginning of the program's output: it did not start
	sink   io.Writer
	notify func(event)
	done   chan struct{} // closed when the output has ended

	shut     atomic.Bool  // no more writes to sink
	activity atomic.Int64 // chunks read and written so far
	writing  atomic.Bool

	mu      sync.Mutex // over noise
	noise   []byte
	held    []byte // the program's first bytes while they may still become the failed mark
	started bool   // the header was seen
	began   bool   // the script has begun
	open    bool   // held is decided
	broken  bool   // the sink failed; the rest is dropped
}

// run reads r to its end.
func (s *stream) run(r io.Reader) {
	defer close(s.done)
	defer s.notify(event{kind: eventEOF})
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		s.activity.Add(1)
		if n > 0 {
			s.take(buf[:n])
		}
		if err != nil {
			s.flush()
			return
		}
	}
}

// take handles the next bytes.
func (s *stream) take(p []byte) {
	if s.started {
		s.program(p)
		return
	}
	s.mu.Lock()
	s.noise = append(s.noise, p...)
	s.mu.Unlock()
	for s.prompt != "" {
		_, rest, ok := bytes.Cut(s.noise, []byte(s.prompt))
		if !ok {
			break
		}
		s.keep(rest)
		s.notify(event{kind: eventPrompt})
	}
	before, rest, ok := bytes.Cut(s.noise, []byte(s.mark))
	if !ok {
		s.trim()
		return
	}
	fields, rest, ok := bytes.Cut(rest, []byte("\n"))
	if !ok {
		return // the line is still coming
	}
	s.started = true
	s.keep(before)
	h := header{}
	if parts := strings.Split(string(fields), ":"); len(parts) >= 2 {
		h.target, h.start = parts[0], parts[1]
	}
	s.notify(event{kind: eventHeader, header: h})
	if len(rest) > 0 {
		s.program(rest)
	}
}

// trim forgets the older noise.
func (s *stream) trim() {
	if len(s.noise) > 2*noiseKept {
		s.keep(s.noise[len(s.noise)-noiseKept:])
	}
}

func (s *stream) keep(noise []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noise = append([]byte(nil), noise...)
}

// heard returns what came before the header.
func (s *stream) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(string(s.noise))
}

// program handles the program's own output.
func (s *stream) program(p []byte) {
	if s.open || s.failed == "" {
		s.write(p)
		return
	}
	s.held = append(s.held, p...)
	if !s.began && s.ready != "" {
		rest, ok := bytes.CutPrefix(s.held, []byte(s.ready))
		if !ok {
			return // it is still coming: nothing else can be first
		}
		s.began, s.held = true, append([]byte(nil), rest...)
		s.notify(event{kind: eventReady})
	}
	if strings.HasPrefix(s.failed, string(s.held)) || strings.HasPrefix(string(s.held), s.failed) {
		return
	}
	s.flush()
}

// flush passes on what was held back, unless it is the mark of a program that did not start.
func (s *stream) flush() {
	if s.open || !s.started {
		return
	}
	if !s.began && s.ready != "" {
		s.keep(s.held) // what a shell says that cannot read the script
		return
	}
	s.open = true
	if reason, ok := strings.CutPrefix(string(s.held), s.failed); ok && s.failed != "" {
		s.notify(event{kind: eventNotStarted, text: strings.TrimSpace(reason)})
		return
	}
	if len(s.held) > 0 {
		s.write(s.held)
	}
	s.held = nil
}

func (s *stream) write(p []byte) {
	if s.broken || s.shut.Load() {
		return
	}
	s.writing.Store(true)
	_, err := s.sink.Write(p)
	s.activity.Add(1)
	s.writing.Store(false)
	if err != nil {
		s.broken = true
		s.notify(event{kind: eventSinkError, err: err})
	}
}
