package ha

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A DaemonSet whose pods start between two questions is the same DaemonSet.
func TestMeaningLeavesOutWhatTheClusterSays(t *testing.T) {
	t.Parallel()
	object := func(ready, generation int64, image string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"kind": "DaemonSet", "metadata": map[string]any{"name": "network", "generation": generation},
			"spec": map[string]any{"image": image}, "status": map[string]any{"numberReady": ready},
		}}
	}
	assert.Equal(t, meaning(object(1, 1, "a")), meaning(object(2, 3, "a")))
	assert.NotEqual(t, meaning(object(1, 1, "a")), meaning(object(1, 1, "b")))
}
