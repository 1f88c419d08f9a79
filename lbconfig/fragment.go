package lbconfig

import (
	"bytes"
	"fmt"
)

// DefaultFragmentPath is where a fragment is unless FragmentInclude says otherwise.
const DefaultFragmentPath = "/etc/quorate/stream.conf"

// FragmentInclude returns the line by which a main file of somebody else takes a fragment in. It
// stands outside of all blocks: files in conf.d are inside http, where nginx says `"stream"
// directive is not allowed here`. A main file can have one stream block, and must load its module.
// An empty path is DefaultFragmentPath.
func FragmentInclude(path string) (string, error) {
	word, err := quoteWord(orDefault(path, DefaultFragmentPath))
	if err != nil {
		return "", fmt.Errorf("lbconfig: include of a fragment: %w", err)
	}
	return "include " + word + ";\n", nil
}

// Render writes a fragment: the stream block alone, for a main file that is not ours. What is
// outside of the block, such as Main.WorkerShutdownTimeout, is that file's.
func (s Stream) Render() ([]byte, error) {
	var out bytes.Buffer
	block := directive{name: "stream", hasBlock: true, block: streamSchema().encode(&s)}
	if err := writeDirectives(&out, []directive{block}, 0); err != nil {
		return nil, fmt.Errorf("lbconfig: render: %w", err)
	}
	return out.Bytes(), nil
}

// Validate is Config.Validate for a fragment.
func (s Stream) Validate() error { return Config{Events: &Events{}, Stream: s}.Validate() }

// ParseFragment reads a fragment as Parse reads a file: one stream block and nothing else.
func ParseFragment(fragment []byte) (Stream, error) {
	list, err := statements(fragment)
	if err != nil {
		return Stream{}, err
	}
	for _, d := range list {
		if d.name != "stream" || len(list) > 1 {
			return Stream{}, failAt(d, "a fragment is one stream block alone")
		}
	}
	c, err := fromStatements(list)
	return c.Stream, err
}
