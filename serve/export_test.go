package serve

import (
	"maps"
	"slices"
)

// Paths are those that h answers.
func Paths(h *Handler) []string { return slices.Sorted(maps.Keys(h.routes)) }
