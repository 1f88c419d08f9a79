package progress_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/ha/progress"
)

// story is the events of a small run, second by second.
func story(start time.Time) []ha.Event {
	at := func(s int, e ha.Event) ha.Event {
		e.Time = start.Add(time.Duration(s) * time.Second)
		return e
	}
	initStep := ha.Event{Host: "cp1", Step: "cp1/init", Title: "the first control plane runs"}
	join := ha.Event{Host: "w1", Step: "w1/join", Title: "w1 is a worker"}
	with := func(e ha.Event, kind ha.EventKind, message string, elapsed time.Duration) ha.Event {
		e.Kind, e.Message, e.Elapsed = kind, message, elapsed
		if kind == ha.StepFailed || kind == ha.StepRetried {
			e.Err = errors.New(message)
		}
		if kind == ha.StepFailed { // the place is said once
			e.Err = &ha.StepError{Step: e.Step, Title: e.Title, Host: e.Host, Err: e.Err}
			e.Message = e.Err.Error()
		}
		return e
	}
	return []ha.Event{
		at(0, ha.Event{Kind: ha.Observing, Message: "looking at 2 hosts"}),
		at(1, with(initStep, ha.StepStarted, "", 0)),
		at(2, with(initStep, ha.StepOutput, "\x1b[32m[certs]\x1b[0m Generating\tkey\r", 0)),
		at(13, with(initStep, ha.StepDone, "", 12*time.Second+440*time.Millisecond)),
		at(14, with(join, ha.StepStarted, "", 0)),
		at(15, with(join, ha.StepRetried, "exit code 1:\nno route", 0)),
		at(16, with(join, ha.StepFailed, "w1: exit code 1", 1234*time.Millisecond)),
		at(17, with(ha.Event{Host: "cp1", Step: "cp1/verify", Title: "all is well"}, ha.StepSkipped, "", 0)),
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts []progress.Option
		want string
	}{
		"by default": {want: `looking at 2 hosts
cp1/init: begins: the first control plane runs
cp1/init: done in 12s: the first control plane runs
w1/join: begins: w1 is a worker
w1/join: tried again: exit code 1: no route
w1/join: failed after 1.2s: w1: exit code 1
cp1/verify: nothing to do: all is well
`},
		"with output": {opts: []progress.Option{progress.WithOutput()}, want: `looking at 2 hosts
cp1/init: begins: the first control plane runs
cp1/init: | [certs] Generating key
cp1/init: done in 12s: the first control plane runs
w1/join: begins: w1 is a worker
w1/join: tried again: exit code 1: no route
w1/join: failed after 1.2s: w1: exit code 1
cp1/verify: nothing to do: all is well
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p := progress.New(&out, test.opts...)
			for _, e := range story(time.Now()) {
				p.Event(e)
			}
			p.Close()
			p.Event(ha.Event{Message: "too late"})
			p.Close()
			assert.Equal(t, test.want, out.String())
		})
	}
}

// screen is what a terminal shows after what was written to it: enough of one for text, line feeds, "cursor up"
// and "erase to the end".
type screen struct {
	mu    sync.Mutex
	lines []string
	row   int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(p)
	for text != "" {
		var n int
		switch {
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines = s.lines[:s.row]
			text = text[3:]
		case strings.HasPrefix(text, "\x1b["):
			if _, err := fmt.Sscanf(text, "\x1b[%dA", &n); err != nil || n > s.row {
				return 0, fmt.Errorf("cannot show %q at row %d", text, s.row)
			}
			s.row -= n
			text = text[strings.IndexByte(text, 'A')+1:]
		default:
			line, rest, ended := strings.Cut(text, "\n")
			if !ended {
				return 0, fmt.Errorf("half a line: %q", line)
			}
			if s.row != len(s.lines) {
				return 0, fmt.Errorf("%q is written over %q", line, s.lines[s.row])
			}
			s.lines, text = append(s.lines, line), rest
			s.row++
		}
	}
	return len(p), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &screen{}
		p := progress.New(s, progress.WithTerminal(64, 24))
		defer p.Close()
		start := time.Now()
		events := story(start)
		upTo := func(n int) {
			for ; n > 0; n-- {
				time.Sleep(time.Until(events[0].Time))
				p.Event(events[0])
				events = events[1:]
			}
			synctest.Wait()
		}
		upTo(3)
		assert.Equal(t, `looking at 2 hosts
        cp1/init           the first control plane runs  [… 1s`, s.String())
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Equal(t, `looking at 2 hosts
        cp1/init           the first control plane runs  [… 6s`, s.String(), "the clock runs without events")
		upTo(3)
		assert.Equal(t, `looking at 2 hosts
done    cp1/init           the first control plane runs     12s
again   w1/join            exit code 1: no route
        w1/join            w1 is a worker  exit code 1: no… 1s`, s.String())
		upTo(2)
		assert.Equal(t, `looking at 2 hosts
done    cp1/init           the first control plane runs     12s
again   w1/join            exit code 1: no route
FAILED  w1/join            after 1.2s: w1: exit code 1
ok      cp1/verify         all is well`, s.String())
	})
}

func TestTerminalShowsOneLineForEachHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &screen{}
		p := progress.New(s, progress.WithTerminal(60, 4))
		defer p.Close()
		begin := func(host, what string) {
			p.Event(ha.Event{Kind: ha.StepStarted, Time: time.Now(), Host: host, Step: host + "/" + what, Title: what})
		}
		begin("w1", "swap")
		begin("cp1", "swap")
		begin("cp1", "modules")
		begin("cp1", "kubelet")
		assert.Equal(t, `        cp1/swap           swap (and 2 more)             0s
        w1/swap            swap                          0s`, s.String())
		for i := range 3 {
			begin(fmt.Sprint("x", i), "swap")
		}
		assert.Equal(t, `        cp1/swap           swap (and 2 more)             0s
        w1/swap            swap                          0s
  and 3 more hosts`, s.String(), "no more than the terminal can hold")
		p.Close()
		assert.Empty(t, s.String(), "Close erases what is live")
	})
}

func TestLinesFitTheTerminal(t *testing.T) {
	t.Parallel()
	for _, width := range []int{30, 60, 80, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p := progress.New(&out, progress.WithTerminal(width, 10), progress.WithRefresh(time.Hour))
			for i, title := range []string{"short", strings.Repeat("long ", 60), strings.Repeat("高可用", 40), "a\x1b]0;title\x07b\u202ec"} {
				id := fmt.Sprint("cp", i, "/step")
				p.Event(ha.Event{Kind: ha.StepStarted, Host: fmt.Sprint("cp", i), Step: id, Title: title})
				p.Event(ha.Event{Kind: ha.StepOutput, Host: fmt.Sprint("cp", i), Step: id, Message: title})
				p.Event(ha.Event{Kind: ha.StepDone, Host: fmt.Sprint("cp", i), Step: id, Title: title, Elapsed: time.Minute})
			}
			p.Close()
			erase := strings.NewReplacer("\x1b[J", "", "\x1b[1A", "", "\x1b[2A", "")
			for line := range strings.Lines(erase.Replace(out.String())) {
				line = strings.TrimSuffix(line, "\n")
				wide := 0
				for _, r := range line {
					require.False(t, r < ' ' || r == 0x7f || r == 0x202e, "control character in %q", line)
					if r > 0x2fff {
						wide++
					}
				}
				assert.Less(t, len([]rune(line))+wide, width, line)
			}
		})
	}
}

func Example() {
	var out bytes.Buffer
	show := progress.New(&out)
	defer show.Close()
	// cluster, err := ha.New(spec, dial, ha.WithEvents(show.Event))
	show.Event(ha.Event{Kind: ha.StepStarted, Host: "cp1", Step: "cp1/swap", Title: "swap is off and stays off"})
	show.Event(ha.Event{Kind: ha.StepDone, Host: "cp1", Step: "cp1/swap", Title: "swap is off and stays off", Elapsed: 340 * time.Millisecond})
	fmt.Print(out.String())
	// Output:
	// cp1/swap: begins: swap is off and stays off
	// cp1/swap: done in 300ms: swap is off and stays off
}
