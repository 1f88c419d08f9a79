package launch

import (
	"errors"
	"io"
	"sync"
)

// input feeds a process's standard input from a goroutine of its own, so that nothing else waits
// for a remote side that does not read.
type input struct {
	to     io.WriteCloser
	notify func(event)
	orders chan order
	done   chan struct{}

	mu      sync.Mutex
	stopped bool
	reading bool // in a Read of the caller's, which nobody can interrupt
}

// order is something to write: data, then the whole of rest; last closes the input after it.
type order struct {
	data []byte
	rest io.Reader
	last bool
}

func newInput(to io.WriteCloser, notify func(event)) *input {
	in := &input{to: to, notify: notify, orders: make(chan order, 4), done: make(chan struct{})}
	go in.run()
	return in
}

func (in *input) run() {
	defer close(in.done)
	for o := range in.orders {
		if len(o.data) > 0 {
			if _, err := in.to.Write(o.data); err != nil {
				return // it went away without reading: its exit code says the rest
			}
		}
		if o.rest != nil && !in.copy(o.rest) {
			return
		}
		if o.last {
			in.to.Close()
			return
		}
	}
}

// copy writes all of r and reports whether it came to r's end.
func (in *input) copy(r io.Reader) bool {
	buf := make([]byte, 64<<10)
	for {
		if !in.enter() {
			return false
		}
		n, err := r.Read(buf)
		if !in.leave() {
			return false
		}
		if n > 0 {
			if _, werr := in.to.Write(buf[:n]); werr != nil {
				return false
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			in.notify(event{kind: eventInputError, err: err})
			return false // without end of file: the program must not take this for all of it
		}
	}
}

func (in *input) enter() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reading = !in.stopped
	return in.reading
}

func (in *input) leave() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reading = false
	return !in.stopped
}

// stop ends the goroutine, which is waited for up to limit unless it is in a Read of the caller's;
// then it ends when that returns. Closing the process unblocks writes, if the other end agrees.
func (in *input) stop(limit <-chan struct{}) {
	close(in.orders)
	in.mu.Lock()
	in.stopped = true
	reading := in.reading
	in.mu.Unlock()
	if !reading {
		select {
		case <-in.done:
		case <-limit:
		}
	}
}
