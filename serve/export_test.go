package serve

import (
	"maps"
	"slices"
)

// Paths are those that h answers.
func Paths(h *Handler) []string { return slices.Sorted(maps.Keys(h.routes)) }

// Fill takes places in the queue of the first model.
func Fill(h *Handler, n int) error { return h.current.all[0].classify.reserve(n) }

// Waiting is how many places are taken.
func Waiting(h *Handler) int64 { return h.waiting() }
