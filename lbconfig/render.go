package lbconfig

import (
	"bytes"
	"fmt"
)

// Render writes the file. The same Config gives the same bytes. It fails on what no file can
// say, such as a NUL in a name, and does not Validate.
func (c Config) Render() ([]byte, error) {
	var out bytes.Buffer
	if err := writeDirectives(&out, mainSchema().encode(&c), 0); err != nil {
		return nil, fmt.Errorf("lbconfig: render: %w", err)
	}
	return out.Bytes(), nil
}
