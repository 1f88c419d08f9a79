package main

import (
	"encoding/json"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/ha/progress"
)

// record shows the events of a run and keeps them for its report.
type record struct {
	events []ha.Event
	show   *progress.Progress
	lines  *json.Encoder // with -o json, in place of show
}

// line is one line of -o json while a verb works.
type line struct {
	Event  *ha.Event  `json:"event,omitempty"`
	Status *ha.Status `json:"status,omitempty"`
}

func (c *cli) record() *record {
	if c.json() {
		return &record{lines: json.NewEncoder(c.stdout)}
	}
	var opts []progress.Option
	if c.verbose {
		opts = append(opts, progress.WithOutput())
	}
	return &record{show: progress.New(c.stderr, opts...)}
}

// event is what ha.WithEvents takes. ha sends one at a time.
func (r *record) event(e ha.Event) {
	r.events = append(r.events, e)
	if r.show != nil {
		r.show.Event(e)
	}
	if r.lines != nil {
		// Where nobody reads any more the work goes on all the same.
		_ = r.lines.Encode(line{Event: &e})
	}
}

func (r *record) close() {
	if r.show != nil {
		r.show.Close()
	}
}
