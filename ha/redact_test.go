package ha

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/transport"
)

const (
	secretToken = kubeadmcfg.Secret("abcdef.0123456789abcdef")
	secretKey   = kubeadmcfg.Secret("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0")
)

func TestRedact(t *testing.T) {
	t.Parallel()
	s := testCluster(t, validSpec()).open()
	s.hide(secretToken, "", secretKey)
	assert.Equal(t, "join with --token [redacted] --certificate-key [redacted], twice [redacted]",
		s.redact("join with --token "+secretToken.Reveal()+" --certificate-key "+secretKey.Reveal()+", twice "+secretToken.Reveal()))
	assert.Equal(t, "nothing secret", s.redact("nothing secret"), "an empty secret redacts nothing")
}

// Whatever a command prints around a secret, the secret is gone and the rest is there.
func TestRedactFindsSecretsAnywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := testCluster(t, validSpec()).open()
		s.hide(secretToken, secretKey)
		var printed, want strings.Builder
		for range rapid.IntRange(0, 6).Draw(rt, "parts") {
			text := rapid.StringMatching(`[ -~]{0,10}`).Draw(rt, "text")
			secret := rapid.SampledFrom([]kubeadmcfg.Secret{secretToken, secretKey}).Draw(rt, "secret")
			printed.WriteString(text + secret.Reveal())
			want.WriteString(text + "[redacted]")
		}
		assert.Equal(rt, want.String(), s.redact(printed.String()))
	})
}

func TestRedactErrorCoversEveryBranch(t *testing.T) {
	t.Parallel()
	s := testCluster(t, validSpec()).open()
	s.hide(secretToken, secretKey)
	exit := func() error {
		return &transport.ExitError{Host: "cp1", Argv: []string{"kubeadm", "join", "--token", secretToken.Reveal()}, ExitCode: 1,
			Stdout: []byte("key " + secretKey.Reveal()), Stderr: []byte("token " + secretToken.Reveal() + " is wrong")}
	}
	for name, err := range map[string]error{
		"alone":            exit(),
		"wrapped":          fmt.Errorf("join: %w", exit()),
		"joined":           errors.Join(errBroken, exit(), exit()),
		"wrapped and join": fmt.Errorf("clean up: %w", errors.Join(fmt.Errorf("reset: %w", exit()), exit())),
		"in a step":        &StepError{Step: "cp1/join", Host: "cp1", Err: errors.Join(exit(), exit())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redacted := s.redactError(err)
			requireNoSecret(t, fmt.Sprintf("%v %+v", redacted, redacted))
			var e *transport.ExitError
			require.ErrorAs(t, redacted, &e)
			requireNoSecret(t, string(e.Stdout)+string(e.Stderr)+strings.Join(e.Argv, " "))
			assert.Contains(t, string(e.Stderr), "is wrong", "what is no secret stays")
		})
	}
	assert.NoError(t, s.redactError(nil))
}

func requireNoSecret(t require.TestingT, text string) {
	for _, secret := range []kubeadmcfg.Secret{secretToken, secretKey} {
		require.NotContains(t, text, secret.Reveal())
	}
}

// The output of a step's commands reaches events without the secrets in it.
func TestOutputEventsAreRedacted(t *testing.T) {
	t.Parallel()
	p := &performance{}
	s := p.session(t)
	s.hide(secretToken, secretKey)
	st := p.work("cp1/init", 0, nil)
	st.do = func(_ context.Context, r *stepRun) error {
		r.report("[bootstrap-token] Using token: " + secretToken.Reveal())
		return &transport.ExitError{Host: "cp1", Argv: []string{"kubeadm"}, ExitCode: 1, Stderr: []byte("could not decrypt with " + secretKey.Reveal())}
	}
	err := s.perform(t.Context(), []step{st})
	require.Error(t, err)
	requireNoSecret(t, err.Error())
	require.Equal(t, []EventKind{StepStarted, StepOutput, StepFailed}, p.kinds("cp1/init"))
	assert.Equal(t, "[bootstrap-token] Using token: [redacted]", p.events[1].Message)
	for _, e := range p.events {
		data, err := json.Marshal(e)
		require.NoError(t, err)
		requireNoSecret(t, fmt.Sprintf("%+v %s", e, data))
	}
}

// Credentials print redacted wherever they stand, and a preview holds none.
func TestPreviewsShowNoSecret(t *testing.T) {
	t.Parallel()
	c := testCluster(t, validSpec())
	for _, h := range c.spec.Hosts {
		text := preview(c.spec.joinBundle(h, credentials{token: secretToken, key: secretKey, caHash: "sha256:00"}), c.version)
		requireNoSecret(t, text)
		assert.Contains(t, text, "[redacted]")
	}
	text := preview(c.spec.initBundle(c.spec.Hosts[0], secretToken, secretKey), c.version)
	requireNoSecret(t, text)
	assert.Contains(t, text, "[redacted]")
	requireNoSecret(t, fmt.Sprintf("%v %+v", secretToken, secretKey))
}

// render's files hold no secret unless they are asked for, and then new ones each time.
func TestRenderRedactsUnlessAskedNotTo(t *testing.T) {
	t.Parallel()
	spec := validSpec()
	spec.Hosts = append(spec.Hosts[:1], spec.Hosts[3])
	c := testCluster(t, spec)
	files, err := c.Render(false)
	require.NoError(t, err)
	var text strings.Builder
	for _, f := range files {
		if isBalancerFile(f.Path) {
			f.Data = "(package lbconfig has goldens of what is in it)\n"
		}
		fmt.Fprintf(&text, "=== %s %s\n%s", f.Host, f.Path, f.Data)
	}
	golden(t, "render.txt", text.String())

	tokens := map[string]bool{}
	for range 2 {
		files, err := c.Render(true)
		require.NoError(t, err)
		for _, f := range files {
			assert.NotContains(t, f.Data, "[redacted]")
			if f.Path == initConfigPath {
				bundle, err := kubeadmcfg.Parse([]byte(f.Data))
				require.NoError(t, err)
				tokens[bundle.Init.BootstrapTokens[0].Token.Reveal()] = true
			}
		}
	}
	assert.Len(t, tokens, 2, "each call makes its own")
}
