package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// upstream is a program that is built from its own Go module, with the module's own go.mod: the
// versions of everything below it are the ones its authors tested.
type upstream struct {
	// module and version name the module, "k8s.io/kubernetes" and "v1.37.2".
	module, version string
	// local says what to do with a replacement of a module by a directory of the same repository
	// (which the module proxy does not serve): the version to take instead, or "" to drop the
	// replacement and take what the require line names.
	local string
	// main is the text of a main package to build, or empty.
	main string
	// more are further files of that package, by name.
	more map[string]string
	// packages are the upstream main packages to build; their programs are named after them.
	packages []string
	// output names the program built from main.
	output string
	// ldflags and tags go to the linker and the compiler.
	ldflags, tags string
}

// recipe is everything the programs are made from.
func (u upstream) recipe() []string {
	recipe := append([]string{"2", u.module, u.version, u.local, u.main, u.output, u.ldflags, u.tags}, u.packages...)
	if len(u.more) > 0 {
		recipe = append(recipe, hashFiles(u.more))
	}
	return recipe
}

// localReplace matches a replacement by a directory, alone or in a block: old => ./dir.
var localReplace = regexp.MustCompile(`(?m)^(\s*(?:replace\s+)?)(\S+)\s*=>\s*\.\.?/\S+[ \t]*$`)

// moduleLine matches the line that names the module.
var moduleLine = regexp.MustCompile(`(?m)^module .*$`)

// goMod turns the upstream go.mod into that of a module beside it, which requires it.
func (u upstream) goMod(text string) string {
	text = moduleLine.ReplaceAllString(text, "module lab.invalid/"+filepath.Base(u.module))
	text = localReplace.ReplaceAllStringFunc(text, func(line string) string {
		if u.local == "" {
			return ""
		}
		m := localReplace.FindStringSubmatch(line)
		return fmt.Sprintf("%s%s => %s %s", m[1], m[2], m[2], u.local)
	})
	return fmt.Sprintf("%s\nrequire %s %s\n", text, u.module, u.version)
}

// build writes the module into dir/src, builds it, and leaves the programs in dir.
func (u upstream) build(ctx context.Context, dir string) error {
	src := filepath.Join(dir, "src")
	if err := os.MkdirAll(src, 0o755); err != nil {
		return err
	}
	out, err := tool{argv: []string{"go", "mod", "download", "-json", u.module + "@" + u.version}, dir: src, env: goEnv()}.run(ctx)
	if err != nil {
		return err
	}
	var origin struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &origin); err != nil {
		return fmt.Errorf("read go mod download: %w", err)
	}
	gomod, err := os.ReadFile(filepath.Join(origin.Dir, "go.mod"))
	if err != nil {
		return err
	}
	gosum, err := os.ReadFile(filepath.Join(origin.Dir, "go.sum"))
	if err != nil {
		return err
	}
	files := map[string]string{"go.mod": u.goMod(string(gomod)), "go.sum": string(gosum)}
	targets := u.packages
	if u.main != "" {
		files["main.go"] = u.main
		maps.Copy(files, u.more)
		targets = append([]string{"."}, targets...)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, target := range targets {
		output := filepath.Base(target)
		if target == "." {
			output = u.output
		}
		argv := []string{"go", "build", "-mod=mod", "-trimpath", "-buildvcs=false", "-tags", u.tags, "-ldflags", "-s -w " + u.ldflags, "-o", filepath.Join(dir, output), target}
		if _, err := (tool{argv: argv, dir: src, env: goEnv()}).run(ctx); err != nil {
			return err
		}
	}
	return os.RemoveAll(src)
}

// goEnv is the environment of a build: static programs, and nothing of the caller's workspace.
func goEnv() []string {
	env := []string{"CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "CGO_ENABLED", "GOFLAGS", "GOWORK", "GOOS", "GOARCH":
		default:
			env = append(env, kv)
		}
	}
	return env
}
