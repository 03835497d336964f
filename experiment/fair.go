package experiment

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/manifest"
)

// Comparable reports runs that one table would compare unfairly: any two that differ in what all have in common and is not
// listed in show, fields of manifests such as training.images_seen; and, with whole, methods of different seeds. Runs of
// different seeds are compared in what does not depend on the seed.
func Comparable(runs []Report, show []string, whole bool) error {
	seeds := map[string][]uint64{}
	for i, b := range runs {
		for _, a := range runs[:i] {
			if err := fair(a, b, show); err != nil {
				return fmt.Errorf("experiment: %w", err)
			}
		}
		seeds[b.Method] = append(seeds[b.Method], b.Seed)
	}
	if !whole || slices.Contains(show, "training.seed") || slices.Contains(show, "training") {
		return nil
	}
	for _, r := range runs {
		if a, b := sorted(seeds[runs[0].Method]), sorted(seeds[r.Method]); !slices.Equal(a, b) {
			return fmt.Errorf("experiment: %s has the seeds %v, %s %v: run the same, or show training.seed as a column", runs[0].Method, a, r.Method, b)
		}
	}
	return nil
}

// fair compares two runs.
func fair(a, b Report, show []string) error {
	if a.same(b) {
		text := ""
		if all := manifest.Changes(a.Manifest, b.Manifest); len(all) > 0 {
			text = fmt.Sprintf(", and the two differ in %v", all[0])
		}
		return fmt.Errorf("%s is there twice with seed %d%s: leave one out", a.Method, a.Seed, text)
	}
	if all := manifest.Unfair(a.Manifest, b.Manifest, show...); len(all) > 0 {
		return fmt.Errorf("%s (seed %d) and %s (seed %d) differ in %v: make them alike, or show the difference as a column, %s",
			a.Method, a.Seed, b.Method, b.Seed, all[0], all[0].Field)
	}
	return nil
}

// same tells whether two runs are of one method and seed.
func (p Report) same(other Report) bool { return p.Method == other.Method && p.Seed == other.Seed }

func sorted(seeds []uint64) []uint64 {
	s := slices.Clone(seeds)
	slices.Sort(s)
	return s
}
