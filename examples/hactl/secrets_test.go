package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/transport"
)

// writes remembers every file that is written to a host: credentials for joins are there only while they are used.
type writes struct {
	mu    sync.Mutex
	texts []string
}

type recording struct {
	transport.Transport
	to *writes
}

func (r recording) WriteFile(ctx context.Context, f transport.File) error {
	r.to.mu.Lock()
	r.to.texts = append(r.to.texts, string(f.Data))
	r.to.mu.Unlock()
	return r.Transport.WriteFile(ctx, f)
}

var (
	certificateKeyField = regexp.MustCompile(`(?m)^\s*certificateKey: "?([0-9a-f]{64})"?$`)
	tokenField          = regexp.MustCompile(`(?m)^[\s-]*token: "?([a-z0-9]{6}\.[a-z0-9]{16})"?$`)
	clientKeyField      = regexp.MustCompile(`(?m)^\s*client-key-data: (\S+)$`)
)

// secretsIn finds what must not be seen in a text: tokens, certificate keys, and lines of private keys, also as
// kubeconfigs hold them.
func secretsIn(text string) []string {
	var secrets []string
	for _, field := range []*regexp.Regexp{certificateKeyField, tokenField} {
		for _, m := range field.FindAllStringSubmatch(text, -1) {
			secrets = append(secrets, m[1])
		}
	}
	for _, m := range clientKeyField.FindAllStringSubmatch(text, -1) {
		secrets = append(secrets, m[1])
		if pem, err := base64.StdEncoding.DecodeString(m[1]); err == nil {
			secrets = append(secrets, secretsIn(string(pem))...)
		}
	}
	private := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "-----") {
			private = strings.Contains(line, "BEGIN") && strings.Contains(line, "PRIVATE KEY")
			continue
		}
		if private && len(line) >= 40 {
			secrets = append(secrets, line)
		}
	}
	return secrets
}

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	fake.Test(t, func(t *testing.T, hosts *fake.Cluster) {
		l := newLab(t, hosts, "")
		seen := &writes{}
		l.dial = func(ctx context.Context, host string) (transport.Transport, error) {
			tr, err := hosts.Dial(ctx, host)
			if err != nil {
				return nil, err
			}
			return recording{tr, seen}, nil
		}
		page := filepath.Join(t.TempDir(), "report.html")
		saved := filepath.Join(t.TempDir(), "plan.json")
		printed := map[string]string{}
		do := func(want int, args ...string) {
			o := l.hactl(args...)
			require.Equal(t, want, o.code, o.stderr)
			printed[strings.Join(args, " ")] = o.stdout + o.stderr
		}
		do(exitDone, "render")
		do(exitDone, "plan", "--out", saved)
		do(exitDone, "plan", "-o", "json")
		mend := hosts.Inject(fake.On("w2").Exec("kubeadm join*").Exit(1, "cannot join").Times(0))
		do(exitFailed, "apply", "--yes", "-v", "--report", page)
		mend()
		for _, name := range []string{page, saved} {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			printed[filepath.Base(name)] = string(text)
		}
		do(exitDone, "plan")
		do(exitDone, "apply", "--yes", "-o", "json")
		do(exitDone, "status")
		do(exitDone, "status", "-o", "json")
		do(exitDone, "remove", "cp2", "--yes", "-v")
		do(exitDone, "apply", "--yes", "-v")
		do(exitDone, "render", "-o", "json")

		var secrets []string
		for _, text := range seen.texts {
			secrets = append(secrets, secretsIn(text)...)
		}
		require.GreaterOrEqual(t, len(secrets), 4, "the credentials of joins were seen on their way to hosts")
		for _, h := range hosts.Hosts() {
			for _, name := range slices.Concat(h.Files("/etc"), h.Files("/var/lib"), h.Files("/root")) {
				text, err := h.ReadFile(name)
				if errors.Is(err, fs.ErrNotExist) {
					continue // a link to nowhere: a masked unit
				}
				require.NoError(t, err)
				secrets = append(secrets, secretsIn(string(text))...)
			}
		}
		require.Greater(t, len(secrets), 100, "private keys were found on hosts")

		find := func(text string) (found []string) {
			for _, s := range secrets {
				if strings.Contains(text, s) {
					found = append(found, s[:6]+"…")
				}
			}
			return found
		}
		kubeconfig := l.hactl("kubeconfig")
		require.NotEmpty(t, find(kubeconfig.stdout), "what is a secret can be found where it is printed on purpose")
		for what, text := range printed {
			assert.NotEmpty(t, text, what)
			assert.Empty(t, find(text), what)
			assert.NotContains(t, text, "PRIVATE KEY", what)
			assert.Empty(t, tokenForm.FindAllString(text, -1), what)
		}
		do(exitDone, "reset", "--yes", "--confirm", "prod", "-v")
		assert.Empty(t, find(printed["reset --yes --confirm prod -v"]))
	}, fake.ControlPlanes(3), fake.Workers(2))
}
