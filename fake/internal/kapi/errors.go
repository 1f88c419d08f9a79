package kapi

import (
	"errors"

	"k8s.io/apimachinery/pkg/labels"
)

//lint:ignore ST1005 the words are those of the real program, which callers see
var errMultipleBudgets = errors.New("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")

func labelSet(m map[string]string) labels.Set { return labels.Set(m) }
