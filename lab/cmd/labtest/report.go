package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is a line of go test -json (see go doc test2json).
type event struct {
	Time    time.Time
	Action  string
	Package string
	Test    string
	Elapsed float64
	Output  string
}

// count is how many tests ended how. A test with subtests is counted by its subtests, and by
// itself only where it failed or was skipped without any of them.
type count struct{ passed, failed, skipped int }

func (c count) String() string {
	return fmt.Sprintf("lab: %d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// exitCode is 0 when something passed, nothing failed and, where skips are not allowed, nothing was skipped.
func (c count) exitCode(strict bool) int {
	if c.failed > 0 || c.passed+c.skipped == 0 || strict && c.skipped > 0 {
		return 1
	}
	return 0
}

// report reads events, writes what is worth a line, and counts. Output of a test is shown as it comes
// when the line begins with "lab:" (progress), and otherwise only when the test fails or is skipped.
func report(events io.Reader, w io.Writer) (count, error) {
	var total count
	output := map[string][]string{}
	parents := map[string]bool{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(w, lines.Text()) // what the build says is no event
			continue
		}
		id := e.Package + " " + e.Test
		switch e.Action {
		case "run":
			// A subtest's name may hold slashes of its own, so every part may be a test.
			for at, char := range e.Test {
				if char == '/' {
					parents[e.Package+" "+e.Test[:at]] = true
				}
			}
		case "output", "build-output":
			if text := progress(e.Output); text != "" {
				fmt.Fprintf(w, "      %s\n", text)
			} else {
				output[id] = append(output[id], e.Output)
			}
		case "pass":
			if e.Test != "" && !parents[id] {
				total.passed++
				fmt.Fprintf(w, "pass  %-60s %7.1f s\n", e.Test, e.Elapsed)
			}
			delete(output, id)
		case "fail", "build-fail":
			if e.Test == "" && total.failed > 0 {
				continue // the package, because of its tests
			}
			if !parents[id] || e.Test == "" {
				total.failed++
			}
			fmt.Fprintf(w, "FAIL  %-60s %7.1f s\n%s", name(e), e.Elapsed, strings.Join(output[id], ""))
		case "skip":
			if e.Test == "" {
				continue // a package without tests
			}
			if !parents[id] {
				total.skipped++
			}
			fmt.Fprintf(w, "skip  %s\n%s", e.Test, strings.Join(output[id], ""))
		}
	}
	if err := lines.Err(); err != nil {
		return total, errors.Join(errors.New("read the test's events"), err)
	}
	return total, nil
}

// progress returns what to show of a line of output while the test runs, or "".
func progress(output string) string {
	text := strings.TrimSpace(output)
	if _, after, ok := strings.Cut(text, ".go:"); ok {
		// t.Log puts the file and line before it.
		if _, message, ok := strings.Cut(after, ": "); ok {
			text = message
		}
	}
	if message, ok := strings.CutPrefix(text, "lab: "); ok {
		return message
	}
	return ""
}

// name is how a failure is called: a test, or a package that did not get to its tests.
func name(e event) string {
	if e.Test != "" {
		return e.Test
	}
	return e.Package
}
