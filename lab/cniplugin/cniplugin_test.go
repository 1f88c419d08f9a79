package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPeerOfTakesTheInternalIPv4Address(t *testing.T) {
	t.Parallel()
	got := peerOf(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n"},
		Spec:       corev1.NodeSpec{PodCIDR: "10.244.1.0/24"},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeHostName, Address: "n"}, {Type: corev1.NodeInternalIP, Address: "fd00::1"}, {Type: corev1.NodeInternalIP, Address: "10.0.0.1"},
		}},
	})
	assert.Equal(t, peer{name: "n", address: "10.0.0.1", podCIDR: "10.244.1.0/24"}, got)
}

func TestSplitLeavesOutNodesWithoutANetwork(t *testing.T) {
	t.Parallel()
	a, b, c := peer{"a", "10.0.0.1", "10.1.0.0/24"}, peer{"b", "10.0.0.2", "10.1.1.0/24"}, peer{"c", "10.0.0.3", ""}
	own, others := split([]peer{a, b, c}, "a")
	assert.Equal(t, a, own)
	assert.Equal(t, []peer{b}, others)
}

func TestWriteConflistIsWholeAndValid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, writeConflist(dir, "10.244.1.0/24"))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing partial is left")
	text, err := os.ReadFile(filepath.Join(dir, "10-quorate-lab.conflist"))
	require.NoError(t, err)
	var list struct{ Plugins []map[string]any }
	require.NoError(t, json.Unmarshal(text, &list))
	require.Len(t, list.Plugins, 2)
	assert.Equal(t, "10.244.1.0/24", list.Plugins[0]["ipam"].(map[string]any)["subnet"])
}

func TestGetPrintsTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("pod 10.0.0.1\n"))
	}))
	defer server.Close()
	var out strings.Builder
	require.NoError(t, get(t.Context(), server.URL, &out))
	assert.Equal(t, "pod 10.0.0.1\n", out.String())
	require.ErrorContains(t, get(t.Context(), server.URL+"/missing", &out), "404")
}

func TestStartRefusesOtherArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"serve", "now"}, {"get"}, {"else"}} {
		require.ErrorContains(t, start(t.Context(), args), "usage")
	}
	t.Run("network needs a node", func(t *testing.T) {
		require.ErrorContains(t, network(t.Context(), ""), "NODE_NAME")
	})
}
