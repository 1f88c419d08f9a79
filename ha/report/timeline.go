package report

import (
	"errors"
	"slices"
	"time"

	"github.com/quorate-dev/quorate/ha"
)

// timeline is the steps of a run, by host.
type timeline struct {
	Start time.Time
	Total time.Duration
	Ticks []tick
	Hosts []row
}

// tick is a mark on the time axis. At is in percent of the whole.
type tick struct {
	At   float64
	Text string
}

// row is one host's bars, laid out in as many lanes as steps ran at once.
type row struct {
	Host  string
	Lanes int
	Bars  []bar
}

// bar is one step. Left and Width are in percent of the whole, Lane counts from 0.
type bar struct {
	ID, Title   string
	State       string // a class of the style sheet: done, there, failed, open
	Left, Width float64
	Lane        int
	Elapsed     time.Duration
	Tries       int
	Message     string
	begin, end  time.Time
}

// states are the style sheet's classes by the event that ends a step.
var states = map[ha.EventKind]string{ha.StepDone: "done", ha.StepSkipped: "there", ha.StepFailed: "failed"}

// timelineOf lays out events. Hosts come in the Spec's order, then others by name.
func timelineOf(spec ha.Spec, events []ha.Event) timeline {
	t := timeline{}
	if len(events) == 0 {
		return t
	}
	t.Start = events[0].Time
	end := t.Start
	bars := map[string][]*bar{} // by host
	open := map[string]*bar{}   // by step
	var hosts []string
	for _, h := range spec.Hosts {
		hosts = append(hosts, h.Name)
	}
	var others []string
	for _, e := range events {
		if e.Time.After(end) {
			end = e.Time
		}
		if e.Step == "" {
			continue
		}
		b := open[e.Step]
		if b == nil {
			b = &bar{ID: e.Step, Title: e.Title, State: "open", Tries: 1, begin: e.Time}
			open[e.Step] = b
			bars[e.Host] = append(bars[e.Host], b)
			if !slices.Contains(hosts, e.Host) && !slices.Contains(others, e.Host) {
				others = append(others, e.Host)
			}
		}
		b.end = e.Time
		switch e.Kind {
		case ha.StepRetried:
			b.Tries++
			b.Message = e.Message
		case ha.StepDone, ha.StepSkipped, ha.StepFailed:
			b.State, b.Elapsed = states[e.Kind], e.Elapsed
			if e.Kind == ha.StepFailed {
				b.Message = cause(e)
			}
			delete(open, e.Step)
		}
	}
	for _, b := range open { // the run was cut short
		b.end, b.Elapsed = end, end.Sub(b.begin)
	}
	slices.Sort(others)
	t.Total = end.Sub(t.Start)
	for _, h := range append(hosts, others...) {
		t.Hosts = append(t.Hosts, t.rowOf(h, bars[h]))
	}
	t.Ticks = ticks(t.Total)
	return t
}

// cause is why a step failed, without the place, which stands beside it.
func cause(e ha.Event) string {
	var failed *ha.StepError
	if errors.As(e.Err, &failed) && failed.Err != nil {
		return failed.Err.Error()
	}
	return e.Message
}

// rowOf places a host's bars: each in the first lane that is free when it begins.
func (t timeline) rowOf(host string, bars []*bar) row {
	r := row{Host: host, Lanes: 1}
	var busy []time.Time // until when, by lane
	slices.SortStableFunc(bars, func(a, b *bar) int { return a.begin.Compare(b.begin) })
	for _, b := range bars {
		lane := slices.IndexFunc(busy, func(until time.Time) bool { return !until.After(b.begin) })
		if lane < 0 {
			lane = len(busy)
			busy = append(busy, time.Time{})
		}
		busy[lane] = b.end
		b.Lane = lane
		b.Left, b.Width = t.percent(b.begin.Sub(t.Start)), t.percent(b.end.Sub(b.begin))
		r.Bars = append(r.Bars, *b)
	}
	r.Lanes = max(1, len(busy))
	return r
}

// percent is d as a part of the whole, with the two decimals that a screen can show.
func (t timeline) percent(d time.Duration) float64 {
	if t.Total <= 0 {
		return 0
	}
	return float64(d*10000/t.Total) / 100
}

// tickSteps are the distances between ticks that people can read.
var tickSteps = []time.Duration{
	100 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

// ticks divides the axis into at most ten parts, or into hours.
func ticks(total time.Duration) []tick {
	if total <= 0 {
		return nil
	}
	step := tickSteps[len(tickSteps)-1]
	for _, s := range tickSteps {
		if total/s <= 10 {
			step = s
			break
		}
	}
	var all []tick
	for d := time.Duration(0); d <= total; d += step {
		all = append(all, tick{At: float64(d*10000/total) / 100, Text: d.String()})
	}
	return all
}
