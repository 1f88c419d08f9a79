package launch

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// parsed is what a stream made of some output.
type parsed struct {
	program    string
	headers    []header
	prompts    int
	ready      int
	notStarted string
	noise      string
}

// parse feeds chunks to a stream that looks for no beginning of a script.
func parse(chunks ...string) parsed { return parseReady("", chunks...) }

// parseReady feeds chunks to a stream as standard output has it.
func parseReady(ready string, chunks ...string) parsed {
	var p parsed
	var sink bytes.Buffer
	s := &stream{mark: "qN:", prompt: "qN-password:", ready: ready, failed: "qN!", sink: &sink, done: make(chan struct{})}
	s.notify = func(e event) {
		switch e.kind {
		case eventHeader:
			p.headers = append(p.headers, e.header)
		case eventReady:
			p.ready++
		case eventPrompt:
			p.prompts++
		case eventNotStarted:
			p.notStarted = e.text
		}
	}
	s.run(&chunkReader{slices.Clone(chunks)})
	p.program, p.noise = sink.String(), s.heard()
	return p
}

// chunkReader returns one chunk a Read.
type chunkReader struct{ chunks []string }

func (r *chunkReader) Read(p []byte) (int, error) {
	if len(r.chunks) == 0 {
		return iotest.ErrReader(bytes.ErrTooLarge).Read(p)
	}
	n := copy(p, r.chunks[0])
	if r.chunks[0] = r.chunks[0][n:]; r.chunks[0] == "" {
		r.chunks = r.chunks[1:]
	}
	return n, nil
}

func TestStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want parsed
	}{
		"nothing":    {"", parsed{}},
		"noise":      {"motd\n", parsed{noise: "motd"}},
		"output":     {"qN:12:34:\nout", parsed{headers: []header{{"12", "34"}}, program: "out"}},
		"noNewline":  {"motd qN:12:34:\nout", parsed{headers: []header{{"12", "34"}}, noise: "motd", program: "out"}},
		"password":   {"lecture\nqN-password:\nqN:1:2:\nx", parsed{prompts: 1, headers: []header{{"1", "2"}}, program: "x"}},
		"askedTwice": {"qN-password:Sorry, try again.\nqN-password:", parsed{prompts: 2}},
		"missing":    {"qN:1:2:\nqN!missing\n", parsed{headers: []header{{"1", "2"}}, notStarted: "missing"}},
		"almost":     {"qN:1:2:\nqN", parsed{headers: []header{{"1", "2"}}, program: "qN"}},
		"laterMark":  {"qN:1:2:\nx\nqN!missing\nqN:3:4:\n", parsed{headers: []header{{"1", "2"}}, program: "x\nqN!missing\nqN:3:4:\n"}},
		"noProc":     {"qN:1::\nx", parsed{headers: []header{{"1", ""}}, program: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, parse(c.in))
			require.Equal(t, c.want, parse(strings.Split(c.in, "")...), "byte by byte")
		})
	}
}

func TestStreamReady(t *testing.T) {
	t.Parallel()
	begin := []header{{"1", "2"}}
	for name, c := range map[string]struct {
		in   string
		want parsed
	}{
		"output":      {"qN:1:2:\nqN=\nout", parsed{headers: begin, ready: 1, program: "out"}},
		"twice":       {"qN:1:2:\nqN=\nqN=\n", parsed{headers: begin, ready: 1, program: "qN=\n"}},
		"missing":     {"qN:1:2:\nqN=\nqN!missing\n", parsed{headers: begin, ready: 1, notStarted: "missing"}},
		"neverBegins": {"qN:1:2:\nsyntax error", parsed{headers: begin, noise: "syntax error"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, parseReady("qN=\n", c.in))
			require.Equal(t, c.want, parseReady("qN=\n", strings.Split(c.in, "")...), "byte by byte")
		})
	}
}

// TestStreamChunks: where the network cuts the output into pieces makes no difference.
func TestStreamChunks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		noise := rapid.StringMatching(`[a-z \n]{0,40}`).Draw(t, "noise")
		program := rapid.OneOf(rapid.String(), rapid.StringMatching(`qN[!:]?[a-z]{0,3}`)).Draw(t, "program")
		whole := noise + "qN:12:34:\n" + program
		var chunks []string
		for rest := whole; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			chunks, rest = append(chunks, rest[:n]), rest[n:]
		}
		require.Equal(t, parse(whole), parse(chunks...))
		got := parse(chunks...)
		if !strings.HasPrefix(program, "qN!") {
			require.Equal(t, program, got.program)
		}
	})
}

// TestStreamForgetsNoise: a host that never stops talking does not fill our memory.
func TestStreamForgetsNoise(t *testing.T) {
	t.Parallel()
	chunks := make([]string, 0, 4096)
	for range cap(chunks) {
		chunks = append(chunks, strings.Repeat("x", 1024))
	}
	require.LessOrEqual(t, len(parse(chunks...).noise), 2*noiseKept+1024)
}
