// Package docs_test holds the documents to the code: commands and links that they name exist, code in them compiles, and the
// arrows between packages are those that design.md draws.
package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/ha"
	"github.com/quorate-dev/quorate/kubeadmcfg"
)

const module = "github.com/quorate-dev/quorate"

// root is the repository's, seen from here.
const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(data)
}

// goCommand runs the go command in the repository's root.
func goCommand(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), stderr.String())
	return out
}

// blocks returns a document's code blocks in a language.
func blocks(text, language string) []string {
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestReadmeBeginsWithTwoCommands(t *testing.T) {
	t.Parallel()
	shell := blocks(read(t, "README.md"), "sh")
	require.NotEmpty(t, shell)
	assert.Equal(t, "go run ./examples/hactl apply --simulate\ngo test ./...\n", shell[0])
}

// Directories, make targets and verbs of hactl in the documents' commands are there.
func TestCommandsExist(t *testing.T) {
	t.Parallel()
	makefile := read(t, "Makefile")
	var hactl strings.Builder
	files, err := filepath.Glob(filepath.Join(root, "examples/hactl/*.go"))
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		hactl.Write(data)
	}
	seen := 0
	for _, doc := range []string{"README.md", "CONTRIBUTING.md"} {
		for _, block := range blocks(read(t, doc), "sh") {
			for line := range strings.Lines(block) {
				command, _, _ := strings.Cut(line, "#")
				words := strings.Fields(command)
				for i, w := range words {
					if strings.HasPrefix(w, "./") && w != "./..." && w != "./hactl" {
						assert.DirExists(t, filepath.Join(root, w), "%s: %s", doc, line)
					}
					if w == ".ci/run" {
						assert.FileExists(t, filepath.Join(root, w))
					}
					if w == "make" && i+1 < len(words) {
						assert.Contains(t, makefile, "\n"+words[i+1]+":", "%s: no such target: %s", doc, line)
					}
					if w == "./hactl" || w == "./examples/hactl" && words[1] == "run" {
						verb := slices.IndexFunc(words[i+1:], func(s string) bool { return !strings.HasPrefix(s, "-") && !strings.Contains(s, ".") })
						require.GreaterOrEqual(t, verb, 0, line)
						assert.Regexp(t, `Use: +"`+words[i+1+verb]+`[" ]`, hactl.String(), "%s: no such verb: %s", doc, line)
						seen++
					}
				}
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 6, "the documents show hactl's verbs")
}

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, doc := range documents(t) {
		text := read(t, doc)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(root, filepath.Dir(doc), target))
			assert.NoError(t, err, "%s links to %s", doc, target)
		}
	}
}

// documents returns the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var docs []string
	walk(t, func(path string) {
		if strings.HasSuffix(path, ".md") {
			docs = append(docs, path)
		}
	})
	require.Contains(t, docs, "README.md")
	require.Contains(t, docs, "docs/design.md")
	return docs
}

// walk calls f with every file of the repository.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return fs.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err == nil && d.Type().IsRegular() {
			f(filepath.ToSlash(rel))
		}
		return err
	}))
}

func TestReadmesClusterFileIsRight(t *testing.T) {
	t.Parallel()
	files := blocks(read(t, "README.md"), "yaml")
	require.Len(t, files, 1)
	spec, err := ha.ParseSpec([]byte(files[0]))
	require.NoError(t, err)
	assert.Len(t, spec.Hosts, 4)
}

func TestReadmesProgramCompiles(t *testing.T) {
	t.Parallel()
	programs := blocks(read(t, "README.md"), "go")
	require.Len(t, programs, 1)
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(programs[0]), 0o644))
	goCommand(t, "vet", file)
}

func TestReadmeNamesTheVersions(t *testing.T) {
	t.Parallel()
	readme := read(t, "README.md")
	assert.Contains(t, readme, fmt.Sprintf("\n| 1.%d", kubeadmcfg.OldestMinor))
	assert.Contains(t, readme, fmt.Sprintf("1.%d |", kubeadmcfg.NewestMinor))
	assert.NotContains(t, readme, fmt.Sprintf("| 1.%d |", kubeadmcfg.NewestMinor+1))
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Doc, Dir string
	GoFiles, Imports           []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(goCommand(t, "list", "-json=ImportPath,Name,Doc,Dir,GoFiles,Imports", "./...")))
	var all []pkg
	for {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all)
			return all
		}
		require.NoError(t, err)
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
}

func TestEveryPackageIsDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		assert.NotEmpty(t, p.Doc, "%s has no package documentation", p.ImportPath)
		if p.Name != "main" {
			assert.FileExists(t, filepath.Join(p.Dir, "doc.go"), p.ImportPath)
		}
	}
}

// arrows are those of design.md: what each part may import of the others.
var arrows = map[string][]string{
	"kubeadmcfg":  nil,
	"lbconfig":    nil,
	"ipvs":        nil,
	"transport":   nil,
	"ha":          {"kubeadmcfg", "lbconfig", "ipvs", "transport"},
	"ha/progress": {"ha"},
	"ha/report":   {"ha"},
	"fake":        {"kubeadmcfg", "lbconfig", "ipvs", "transport"},
	"examples":    {"kubeadmcfg", "lbconfig", "ipvs", "transport", "ha", "ha/progress", "ha/report", "fake"},
}

// part returns the part of the design that a package belongs to.
func part(importPath string) string {
	rel := strings.TrimPrefix(importPath, module+"/")
	if rel == "ha/progress" || rel == "ha/report" {
		return rel
	}
	first, _, _ := strings.Cut(rel, "/")
	return first
}

func TestArrowsAreThoseOfTheDesign(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		from := part(p.ImportPath)
		allowed, ok := arrows[from]
		assert.True(t, ok, "%s is in no part of the design", p.ImportPath)
		seen[from] = true
		for _, path := range p.Imports {
			if !strings.HasPrefix(path, module+"/") {
				continue
			}
			if to := part(path); to != from {
				assert.Contains(t, allowed, to, "%s imports %s", p.ImportPath, path)
			}
		}
	}
	for name := range arrows {
		assert.True(t, seen[name], "the design has a part %s and the repository has not", name)
	}
}

// The pure packages know nothing of files, clocks and networks beyond their types.
func TestPurePackagesDoNoIO(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if from := part(p.ImportPath); from != "kubeadmcfg" && from != "lbconfig" {
			continue
		}
		for _, impure := range []string{"os", "os/exec", "net/http", "io/ioutil", "syscall", "math/rand", "math/rand/v2", "log", "log/syslog"} {
			assert.NotContains(t, p.Imports, impure, p.ImportPath)
		}
	}
}

func TestDependenciesHaveAReason(t *testing.T) {
	t.Parallel()
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []struct{ Old struct{ Path string } }
	}
	require.NoError(t, json.Unmarshal(goCommand(t, "mod", "edit", "-json"), &mod))
	adr := read(t, "docs/adr/0007-dependencies.md")
	for _, r := range mod.Require {
		assert.NotEqual(t, "k8s.io/kubernetes", r.Path, "it would break go list -m all and go get -u for whoever imports the library")
		if !r.Indirect {
			assert.Regexp(t, `(?m)^\|.*\b`+regexp.QuoteMeta(r.Path)+`[ ,]`, adr, "%s is required and in no row of ADR 7", r.Path)
		}
	}
	assert.Empty(t, mod.Replace, "replace directives do not reach whoever imports the library")
}

// Nothing in the repository speaks of the machine that it was written on, and nothing is left to be done later.
func TestNothingThatDoesNotBelongHere(t *testing.T) {
	t.Parallel()
	forbidden := map[string]*regexp.Regexp{
		"a path of somebody's machine": regexp.MustCompile(`/(work/(main|shared)|home/[a-z]+/(go|src)|root/go)\b`),
		"work that is left":            regexp.MustCompile(`\b(TODO|FIX` + `ME|XX` + `X)\b`),
	}
	// Whichever module proxy this machine uses is its own affair.
	for entry := range strings.FieldsFuncSeq(strings.TrimSpace(string(goCommand(t, "env", "GOPROXY"))), func(r rune) bool { return r == ',' || r == '|' }) {
		if u, err := url.Parse(entry); err == nil && u.Hostname() != "" {
			forbidden["the module proxy's host"] = regexp.MustCompile(regexp.QuoteMeta(u.Hostname()))
		}
	}
	binary := []string{".png", ".gz", ".tar", ".zip", ".bin"}
	walk(t, func(path string) {
		if slices.Contains(binary, filepath.Ext(path)) || path == "docs/docs_test.go" || filepath.Base(path) == "go.sum" {
			return
		}
		text := read(t, path)
		for what, pattern := range forbidden {
			assert.Empty(t, pattern.FindString(text), "%s: %s", path, what)
		}
	})
}
