package experiment

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

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
	if !whole || matches("training.seed", show) {
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
		if all := apart(a, b); len(all) > 0 {
			text = fmt.Sprintf(", and the two differ in %v", all[0])
		}
		return fmt.Errorf("%s is there twice with seed %d%s: leave one out", a.Method, a.Seed, text)
	}
	x, y := common(a.Manifest), common(b.Manifest)
	if a.Seed == b.Seed {
		x.Data, y.Data = a.Manifest.Data, b.Manifest.Data
	}
	if x.Training.Other == nil || y.Training.Other == nil { // written before recipes were: nothing to compare
		x.Training.Other, y.Training.Other = nil, nil
	}
	for _, d := range manifest.Diff(x, y) {
		if !matches(d.Field, show) {
			return fmt.Errorf("%s (seed %d) and %s (seed %d) differ in %v: make them alike, or show the difference as a column, %s",
				a.Method, a.Seed, b.Method, b.Seed, d, d.Field)
		}
	}
	return nil
}

// common returns the part of a manifest that does not depend on the seed and that all runs of a table have in common: data,
// backbone, recipe and what is counted by.
func common(m manifest.Manifest) (c manifest.Manifest) {
	c.Data = manifest.Data{Name: seedless(m.Data.Name), Profile: seedless(m.Data.Profile), TrainCounts: m.Data.TrainCounts,
		HeldOutCounts: m.Data.HeldOutCounts, TestCounts: m.Data.TestCounts}
	c.Network = manifest.Network{Backbone: m.Network.Backbone, Width: m.Network.Width, Input: m.Network.Input}
	c.Training = manifest.Training{ImagesSeen: m.Training.ImagesSeen, Groups: m.Training.Groups}
	for _, text := range m.Training.Other {
		if strings.HasPrefix(text, recipePrefix) {
			c.Training.Other = append(c.Training.Other, text)
		}
	}
	return c
}

var seedSuffix = regexp.MustCompile(`, seed \d+$`)

func seedless(text string) string { return seedSuffix.ReplaceAllString(text, "") }

// same tells whether two runs are of one method and seed.
func (p Report) same(other Report) bool { return p.Method == other.Method && p.Seed == other.Seed }

// apart returns what makes one of two runs no repetition of the other. Runs to come are compared by what they will be, so
// that the images seen, which follow from it, do not count; nor does the build.
func apart(a, b Report) []manifest.Difference {
	x, y := a.Manifest, b.Manifest
	x.Build, x.Training.ImagesSeen = y.Build, y.Training.ImagesSeen
	return manifest.Diff(x, y)
}

func sorted(seeds []uint64) []uint64 {
	s := slices.Clone(seeds)
	slices.Sort(s)
	return s
}
