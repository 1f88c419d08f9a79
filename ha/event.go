package ha

import "time"

// EventKind says what happened.
type EventKind string

const (
	// StepStarted: a step's work begins.
	StepStarted EventKind = "started"
	// StepOutput: a command of the step wrote a line, or a wait found something new. In Message.
	StepOutput EventKind = "output"
	// StepDone: the work was done and its check says so.
	StepDone EventKind = "done"
	// StepSkipped: the check said so before any work: somebody did it meanwhile.
	StepSkipped EventKind = "skipped"
	// StepRetried: an attempt failed and another begins. Err is why.
	StepRetried EventKind = "retried"
	// StepFailed: the step ended in Err.
	StepFailed EventKind = "failed"
	// Observing: the hosts are being looked at; Message says for what.
	Observing EventKind = "observing"
)

// Event is one thing that happened. No event holds a secret.
type Event struct {
	Kind EventKind `json:"kind"`
	// Time is when, by this machine's clock.
	Time time.Time `json:"time"`
	// Host and Step name the place; Title is the step's sentence. All empty for Observing.
	Host  string `json:"host,omitempty"`
	Step  string `json:"step,omitempty"`
	Title string `json:"title,omitempty"`
	// Message is a line of output or of explanation.
	Message string `json:"message,omitempty"`
	// Elapsed is how long the step took, when it ended.
	Elapsed time.Duration `json:"elapsed,omitempty"`
	// Err is why a step was retried or failed.
	Err error `json:"-"`
}

// emit sends e to the function that New was given, one event at a time.
func (c *Cluster) emit(e Event) {
	if c.events == nil {
		return
	}
	e.Time = time.Now()
	c.eventsMu.Lock()
	defer c.eventsMu.Unlock()
	c.events(e)
}
