package ha

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

// readFiles reads many small files with one command: a command costs a host and its connection more than a file does. A file
// that is not there is not in the map.
//
// tail prints a header before each file, an empty line before each but the first, and complains of those that it cannot open
// (coreutils' tail.c).
func (h *hostConn) readFiles(ctx context.Context, paths []string) (map[string]string, error) {
	t, err := h.transport(ctx)
	if err != nil {
		return nil, err
	}
	res, err := t.Run(ctx, transport.Command{Argv: append([]string{"tail", "-v", "-c", "+1", "--"}, paths...), Env: []string{"LC_ALL=C"}})
	if err != nil {
		return nil, fmt.Errorf("%s: read files: %w", h.name, err)
	}
	there := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return bytes.Contains(res.Stderr, []byte(missingLine(p))) })
	if complaints := bytes.Count(res.Stderr, []byte("\n")); complaints != len(paths)-len(there) {
		return nil, fmt.Errorf("%s: read files: %s", h.name, oneLine(string(res.Stderr)))
	}
	files, err := splitFiles(string(res.Stdout), there)
	if err != nil {
		return nil, fmt.Errorf("%s: read files: %w", h.name, err)
	}
	return files, nil
}

func missingLine(path string) string {
	return "tail: cannot open '" + path + "' for reading: No such file or directory\n"
}

func headerLine(path string) string { return "==> " + path + " <==\n" }

// splitFiles divides what tail printed for paths.
func splitFiles(out string, paths []string) (map[string]string, error) {
	files := make(map[string]string, len(paths))
	if len(paths) == 0 {
		return files, nil
	}
	rest, ok := strings.CutPrefix(out, headerLine(paths[0]))
	if !ok {
		return nil, errors.New("tail did not print " + paths[0])
	}
	for i, p := range paths[:len(paths)-1] {
		next := paths[i+1]
		if files[p], rest, ok = strings.Cut(rest, "\n"+headerLine(next)); !ok {
			return nil, errors.New("tail did not print " + next)
		}
	}
	files[paths[len(paths)-1]] = rest
	return files, nil
}
