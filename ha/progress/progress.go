package progress

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8/cwriter"
	"golang.org/x/term"

	"github.com/quorate-dev/quorate/ha"
)

// Progress shows events on one writer. Make one with New and end it with Close.
type Progress struct {
	w       io.Writer
	live    bool // w is a terminal
	output  bool
	size    func() (width, height int)
	refresh time.Duration

	mu     sync.Mutex
	screen *cwriter.Writer
	steps  []*running // in the order in which they began
	closed bool

	stop, stopped chan struct{} // of the goroutine that tick is
}

// running is a step under way.
type running struct {
	host, id, title string
	since           time.Time
	message         string
}

// Option changes how events are shown.
type Option func(*Progress)

// WithOutput shows the lines that commands print (ha.StepOutput) as well. On a terminal the newest
// is always seen beside its step.
func WithOutput() Option { return func(p *Progress) { p.output = true } }

// WithTerminal says that the writer is a terminal of that many columns and rows, which New otherwise
// finds out by itself. A width of 0 says that it is none.
func WithTerminal(width, height int) Option {
	return func(p *Progress) {
		p.live = width > 0
		p.size = func() (int, int) { return width, height }
	}
}

// WithRefresh is the time between two looks at the clock on a terminal; the default is 200 ms.
func WithRefresh(d time.Duration) Option { return func(p *Progress) { p.refresh = d } }

// defaultRefresh keeps seconds in step without flicker.
const defaultRefresh = 200 * time.Millisecond

// New returns a Progress that shows events on w.
func New(w io.Writer, opts ...Option) *Progress {
	p := &Progress{w: w, refresh: defaultRefresh}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		p.live = true
		p.size = func() (int, int) {
			width, height, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80, 24
			}
			return width, height
		}
	}
	for _, o := range opts {
		o(p)
	}
	if p.live {
		p.screen = cwriter.New(w)
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go p.tick()
	}
	return p
}

// Close erases the live lines and ends the Progress: later events are not shown. Closing again does
// nothing.
func (p *Progress) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed, p.steps = true, nil
	if p.live {
		p.draw(time.Time{})
	}
	p.mu.Unlock()
	if p.live {
		close(p.stop)
		<-p.stopped
	}
}

// tick draws the live lines again as time goes by.
func (p *Progress) tick() {
	defer close(p.stopped)
	ticker := time.NewTicker(p.refresh)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-ticker.C:
			p.mu.Lock()
			if !p.closed && len(p.steps) > 0 {
				p.draw(now)
			}
			p.mu.Unlock()
		}
	}
}

// Event shows one event; it is what ha.WithEvents takes.
func (p *Progress) Event(e ha.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	if !p.live {
		if line := plainLine(e, p.output); line != "" {
			fmt.Fprintln(p.w, line)
		}
		return
	}
	p.track(e)
	if line := p.lastingLine(e); line != "" {
		fmt.Fprintln(p.screen, line)
	}
	p.draw(e.Time)
}

// track keeps the steps that are under way.
func (p *Progress) track(e ha.Event) {
	at := -1
	for i, s := range p.steps {
		if s.id == e.Step {
			at = i
		}
	}
	switch e.Kind {
	case ha.StepStarted:
		if at < 0 {
			p.steps = append(p.steps, &running{host: e.Host, id: e.Step, title: clean(e.Title), since: e.Time})
		}
	case ha.StepOutput, ha.StepRetried:
		if at >= 0 {
			p.steps[at].message = clean(cause(e))
		}
	case ha.StepDone, ha.StepSkipped, ha.StepFailed:
		if at >= 0 {
			p.steps = append(p.steps[:at], p.steps[at+1:]...)
		}
	}
}

// plainLine is an event where nothing can be drawn over.
func plainLine(e ha.Event, output bool) string {
	switch e.Kind {
	case ha.StepStarted:
		return clean(fmt.Sprintf("%s: begins: %s", e.Step, e.Title))
	case ha.StepOutput:
		if !output {
			return ""
		}
		return clean(fmt.Sprintf("%s: | %s", e.Step, e.Message))
	case ha.StepDone:
		return clean(fmt.Sprintf("%s: done in %s: %s", e.Step, duration(e.Elapsed), e.Title))
	case ha.StepSkipped:
		return clean(fmt.Sprintf("%s: nothing to do: %s", e.Step, e.Title))
	case ha.StepRetried:
		return clean(fmt.Sprintf("%s: tried again: %s", e.Step, cause(e)))
	case ha.StepFailed:
		return clean(fmt.Sprintf("%s: failed after %s: %s", e.Step, duration(e.Elapsed), cause(e)))
	}
	return clean(e.Message)
}

// cause is why a step failed, without the place, which stands beside it.
func cause(e ha.Event) string {
	var failed *ha.StepError
	if errors.As(e.Err, &failed) && failed.Err != nil {
		return failed.Err.Error()
	}
	return e.Message
}

// duration rounds for people: 1.2s, 42s, 3m12s.
func duration(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// clean makes text of hosts fit for one line: no escape sequences, no control characters.
func clean(text string) string {
	return strings.Join(strings.Fields(withoutControls(text)), " ")
}
