package ha

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"
	sigsyaml "sigs.k8s.io/yaml"
)

// LoadSpec reads the cluster file at path, checks it and returns it with its defaults filled in. Unknown and
// duplicate fields are errors. Paths in the file (identity files, known_hosts, the CNI manifest)
// are relative to the file's own directory and are returned absolute.
//
// What is wrong is reported as one *SpecError that names every problem with its line.
func LoadSpec(path string) (Spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Spec{}, fmt.Errorf("ha: read cluster file: %w", err)
	}
	spec, err := ParseSpec(data)
	if err != nil {
		var se *SpecError
		if errors.As(err, &se) {
			se.File = path
		}
		return Spec{}, err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return Spec{}, fmt.Errorf("ha: read cluster file: %w", err)
	}
	return spec.relativeTo(dir), nil
}

// ParseSpec is LoadSpec without the file: paths stay as they are written.
func ParseSpec(data []byte) (Spec, error) {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return Spec{}, &SpecError{Problems: []Problem{{Code: "Syntax", Message: "the cluster file is empty"}}}
	} else if err != nil {
		return Spec{}, yamlError(err)
	}
	if err := dec.Decode(new(yaml.Node)); err == nil {
		return Spec{}, &SpecError{Problems: []Problem{{Code: "Syntax", Message: "a cluster file holds one YAML document"}}}
	}
	lines := lineIndex(&doc)
	asJSON, err := sigsyaml.YAMLToJSONStrict(data)
	if err != nil {
		return Spec{}, yamlError(err)
	}
	var spec Spec
	strict, err := kjson.UnmarshalStrict(asJSON, &spec)
	problems := fieldProblems(strict)
	if err != nil {
		problems = append(problems, typeProblem(err))
	} else {
		spec = spec.withDefaults()
		problems = append(problems, spec.problems()...)
	}
	if len(problems) == 0 {
		return spec, nil
	}
	for i := range problems {
		problems[i].Line = lines.of(problems[i].Path)
	}
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Line < problems[j].Line })
	return Spec{}, &SpecError{Problems: problems}
}

// relativeTo makes the Spec's local paths absolute, as seen from dir.
func (s Spec) relativeTo(dir string) Spec {
	abs := func(p string) string {
		if p == "" || p == "none" || filepath.IsAbs(p) || strings.Contains(p, "://") {
			return p
		}
		if rest, ok := strings.CutPrefix(p, "~/"); ok {
			if home, err := os.UserHomeDir(); err == nil {
				return filepath.Join(home, rest)
			}
		}
		return filepath.Join(dir, p)
	}
	absSSH := func(c SSH) SSH {
		c.IdentityFile, c.KnownHostsFile = abs(c.IdentityFile), abs(c.KnownHostsFile)
		c.PassphraseFile, c.SudoPasswordFile, c.ConfigFile = abs(c.PassphraseFile), abs(c.SudoPasswordFile), abs(c.ConfigFile)
		return c
	}
	s.CNI.Manifest = abs(s.CNI.Manifest)
	s.SSHDefaults = absSSH(s.SSHDefaults)
	hosts := make([]Host, len(s.Hosts))
	for i, h := range s.Hosts {
		h.SSH = absSSH(h.SSH)
		hosts[i] = h
	}
	s.Hosts = hosts
	return s
}

// yamlError turns the YAML reader's errors, which name lines in their text, into problems.
func yamlError(err error) error {
	var te *yaml.TypeError
	texts := []string{err.Error()}
	if errors.As(err, &te) {
		texts = te.Errors
	}
	se := &SpecError{}
	for _, text := range texts {
		for _, part := range strings.Split(text, "\n") {
			part = strings.TrimSpace(part)
			if part == "" || strings.HasSuffix(part, "unmarshal errors:") {
				continue
			}
			p := Problem{Code: "Syntax", Message: strings.TrimPrefix(strings.TrimPrefix(part, "error converting YAML to JSON: "), "yaml: ")}
			if rest, ok := strings.CutPrefix(p.Message, "line "); ok {
				if n, message, ok := strings.Cut(rest, ": "); ok {
					if line, err := strconv.Atoi(n); err == nil {
						p.Line, p.Message = line, message
					}
				}
			}
			se.Problems = append(se.Problems, p)
		}
	}
	return se
}

// fieldProblems are the strict decoder's findings: unknown and duplicate fields.
func fieldProblems(strict []error) []Problem {
	var problems []Problem
	for _, err := range strict {
		p := Problem{Code: "UnknownField", Message: err.Error()}
		var fe kjson.FieldError
		if errors.As(err, &fe) {
			p.Path = fe.FieldPath()
			p.Message = "unknown field"
			if strings.Contains(err.Error(), "duplicate") {
				p.Code, p.Message = "DuplicateField", "duplicate field"
			}
		}
		problems = append(problems, p)
	}
	return problems
}

func typeProblem(err error) Problem {
	p := Problem{Code: "Type", Message: err.Error()}
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		p.Path = te.Field
		p.Message = fmt.Sprintf("%s is not what this field takes (%s)", te.Value, te.Type)
	}
	return p
}

// lineTable knows the line of every field of a YAML document by its path: "hosts[1].name".
type lineTable map[string]int

func lineIndex(doc *yaml.Node) lineTable {
	t := lineTable{}
	if len(doc.Content) > 0 {
		t.walk(doc.Content[0], "")
	}
	return t
}

func (t lineTable) walk(n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if path != "" {
				key = path + "." + key
			}
			t[key] = n.Content[i].Line
			t.walk(n.Content[i+1], key)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			key := path + "[" + strconv.Itoa(i) + "]"
			t[key] = c.Line
			t.walk(c, key)
		}
	}
	// An alias keeps the line where it stands: following it could go round for ever.
}

// of returns the line of path, or of the nearest field around it that the document has.
func (t lineTable) of(path string) int {
	for path != "" {
		if line, ok := t[path]; ok {
			return line
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return 0
		}
		path = path[:cut]
	}
	return 0
}
