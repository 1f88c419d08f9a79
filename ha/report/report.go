package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/quorate-dev/quorate/ha"
)

//go:embed report.html
var page string

// data is what the page shows.
type data struct {
	Spec     ha.Spec
	Status   *ha.Status
	State    string
	Timeline timeline
	Failed   []bar
	Steps    map[string]int // by state
}

// Write writes the report of a run to w: spec is what was asked for, events are what happened in its order,
// and status is what there is now; nil where nobody asked.
func Write(w io.Writer, spec ha.Spec, events []ha.Event, status *ha.Status) error {
	d := data{Spec: spec, Status: status, Timeline: timelineOf(spec, events), Steps: map[string]int{}}
	for _, h := range d.Timeline.Hosts {
		for _, b := range h.Bars {
			d.Steps[b.State]++
			if b.State == "failed" {
				d.Failed = append(d.Failed, b)
			}
		}
	}
	switch {
	case status == nil:
		d.State = "not asked"
	case !status.Initialised:
		d.State = "no cluster"
	case status.Healthy():
		d.State = "healthy"
	default:
		d.State = "not healthy"
	}
	t, err := template.New("report").Option("missingkey=zero").Funcs(template.FuncMap{"duration": duration, "orDash": orDash, "moment": moment, "day": day}).Parse(page)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, d); err != nil {
		return fmt.Errorf("report: write: %w", err)
	}
	return nil
}

// duration rounds for people.
func duration(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// moment is a time in UTC, so that a report reads the same everywhere.
func moment(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func day(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02")
}
