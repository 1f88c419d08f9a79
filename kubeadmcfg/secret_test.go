package kubeadmcfg_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func TestSecretShowsNothing(t *testing.T) {
	t.Parallel()
	const hidden = "hunter2"
	type holder struct {
		S kubeadmcfg.Secret
		P *kubeadmcfg.Secret
		L []kubeadmcfg.Secret
		M map[string]kubeadmcfg.Secret
	}
	s := kubeadmcfg.Secret(hidden)
	h := holder{s, &s, []kubeadmcfg.Secret{s}, map[string]kubeadmcfg.Secret{"k": s}}
	var shown []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%-10.3q", "% x", "%U", "%o"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, h), fmt.Sprintf(verb, []any{&s}))
	}
	shown = append(shown, fmt.Sprint(s), errors.New("x"+s.String()).Error(), s.GoString())
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal, sigsyaml.Marshal} {
		out, err := marshal(h)
		require.NoError(t, err)
		shown = append(shown, string(out))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "holder", h)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "holder", h)
	shown = append(shown, log.String())
	for _, out := range shown {
		assert.NotContains(t, out, hidden)
		assert.NotContains(t, strings.ToLower(out), "68756e746572") // in hexadecimal
		assert.Contains(t, out, "redacted")
	}
	assert.Equal(t, hidden, s.Reveal())
	assert.Empty(t, fmt.Sprint(kubeadmcfg.Secret("")), "an unset secret is seen to be unset")
}

func TestSecretIsReadAndARedactionIsNot(t *testing.T) {
	t.Parallel()
	var got struct{ S kubeadmcfg.Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"S":"x"}`), &got))
	assert.Equal(t, "x", got.S.Reveal())
	assert.Error(t, json.Unmarshal([]byte(`{"S":"[redacted]"}`), &got))
}
