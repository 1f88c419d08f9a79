// Package oracle compares this module's verdicts with those of the programs it writes
// configurations for: kubeadm, nginx and haproxy. A judge is a package below this one that
// generates cases from a seed, asks both sides, and reports every case in which they differ.
package oracle

// Options say how much a judge compares.
type Options struct {
	// Seed makes the cases; the same seed and share make the same cases.
	Seed uint64
	// Share of the full run, above 0 and up to 1; 0 is 1.
	Share float64
	// Progress gets a line for each thing that takes long; nil drops them.
	Progress func(string)
}

// Say gives a line to Progress.
func (o Options) Say(line string) {
	if o.Progress != nil {
		o.Progress(line)
	}
}

// Number returns how many of n cases the share is: at least one.
func (o Options) Number(n int) int {
	if o.Share <= 0 || o.Share >= 1 {
		return n
	}
	return max(1, int(float64(n)*o.Share))
}

// Result is what a judge found.
type Result struct {
	// Cases is how many were compared.
	Cases int
	// Disagreements are the cases in which the verdicts differ.
	Disagreements []Disagreement
	// Notes are lines for the reader: coverage, versions, what could not be compared.
	Notes []string
}

// Disagreement is one case in which the verdicts differ.
type Disagreement struct {
	// Case names the case, so that it can be made again.
	Case string
	// Ours and Theirs are the verdicts: "accepted", or the reason of the refusal.
	Ours, Theirs string
	// Minimal is the smallest configuration found in which they still differ.
	Minimal string
}
