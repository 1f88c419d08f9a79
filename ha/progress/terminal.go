package progress

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/quorate-dev/quorate/ha"
)

// lastingLine is what stays on the terminal of an event; "" for one that only changes live lines.
func (p *Progress) lastingLine(e ha.Event) string {
	width, _ := p.size()
	switch e.Kind {
	case ha.StepDone:
		return columns(width, fmt.Sprintf("done    %-18s %s", e.Step, clean(e.Title)), duration(e.Elapsed))
	case ha.StepSkipped:
		return columns(width, fmt.Sprintf("ok      %-18s %s", e.Step, clean(e.Title)), "")
	case ha.StepRetried:
		// An error is worth more than one line: it is not cut.
		return fmt.Sprintf("again   %-18s %s", e.Step, clean(cause(e)))
	case ha.StepFailed:
		return fmt.Sprintf("FAILED  %-18s after %s: %s", e.Step, duration(e.Elapsed), clean(cause(e)))
	case ha.StepOutput:
		if p.output {
			return fmt.Sprintf("        %-18s | %s", e.Step, clean(e.Message))
		}
		return ""
	case ha.StepStarted:
		return ""
	}
	return columns(width, clean(e.Message), "")
}

// draw prints what is waiting in the screen's buffer and the live lines after it. The lines are drawn
// over by the next call.
func (p *Progress) draw(now time.Time) {
	width, height := p.size()
	lines := p.liveLines(now, width)
	// What does not fit cannot be drawn over: the terminal scrolled it away.
	if room := max(1, height-1); len(lines) > room {
		more := len(lines) - room + 1
		lines = append(lines[:room-1], columns(width, fmt.Sprintf("  and %d more hosts", more), ""))
	}
	for _, line := range lines {
		fmt.Fprintln(p.screen, line)
	}
	// A terminal that went away is no reason to stop the work.
	_ = p.screen.Flush(len(lines))
}

// liveLines has one line for each host at work: its oldest step, how many there are besides, and the newest
// line of output.
func (p *Progress) liveLines(now time.Time, width int) []string {
	var hosts []string
	first, more := map[string]*running{}, map[string]int{}
	for _, s := range p.steps {
		if first[s.host] != nil {
			more[s.host]++
			continue
		}
		first[s.host] = s
		hosts = append(hosts, s.host)
	}
	slices.Sort(hosts)
	lines := make([]string, 0, len(hosts))
	for _, h := range hosts {
		s := first[h]
		text := fmt.Sprintf("        %-18s %s", s.id, s.title)
		if n := more[h]; n > 0 {
			text += fmt.Sprintf(" (and %d more)", n)
		}
		if s.message != "" {
			text += "  " + s.message
		}
		lines = append(lines, columns(width, text, max(0, now.Sub(s.since)).Truncate(time.Second).String()))
	}
	return lines
}

// columns puts left and right on one line of a terminal, at most one column short of its width so that it never
// wraps; left is cut where it is too long.
func columns(width int, left, right string) string {
	room := width - 1 - cells(right)
	if right != "" {
		room--
	}
	left = cut(left, room)
	if right == "" {
		return left
	}
	return left + strings.Repeat(" ", max(1, room-cells(left)+1)) + right
}

// cut shortens text to at most n cells.
func cut(text string, n int) string {
	if cells(text) <= n {
		return text
	}
	used := 0
	for i, r := range text {
		if used+cell(r) > n-2 { // room for the ellipsis, which may be two cells wide
			return strings.TrimRight(text[:i], " ") + "…"
		}
		used += cell(r)
	}
	return text
}

// cells is at least the number of columns that text takes.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += cell(r)
	}
	return n
}

// cell counts what is not ASCII as two columns, the most that terminals give one character: a line may turn out
// shorter than it could be, and never longer.
func cell(r rune) int {
	if r > unicode.MaxASCII {
		return 2
	}
	return 1
}

// escapes are the sequences that ECMA-48 begins with ESC: CSI with parameters, OSC up to its terminator,
// and those of two characters.
var escapes = regexp.MustCompile("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[ -/]*[0-~])?")

// withoutControls removes escape sequences, and puts blanks in place of other control characters and of bytes that
// are no UTF-8.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, escapes.ReplaceAllString(text, ""))
}
