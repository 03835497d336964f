package sampler_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

var all = map[string]sampler.Sampler{
	"instance":                  sampler.Instance{},
	"class-balanced":            sampler.ClassBalanced{},
	"class-balanced, SkipEmpty": sampler.ClassBalanced{SkipEmpty: true},
	"class-aware":               sampler.ClassAware{},
	"square-root":               sampler.SquareRoot{},
	"reversed":                  sampler.Reversed{},
	"progressive":               sampler.Progressive{},
	"deferred":                  sampler.Deferred{},
}

func plan(seed uint64, epoch int) sampler.Plan {
	return sampler.Plan{Seed: seed, At: schedule.Progress{Epoch: epoch, Epochs: 200}}
}

// drawLabels draws labels of classes that all have images, in any order.
func drawLabels(t *rapid.T) []int {
	var labels []int
	for class := range rapid.IntRange(1, 8).Draw(t, "classes") {
		labels = append(labels, slices.Repeat([]int{class}, rapid.IntRange(1, 20).Draw(t, "images"))...)
	}
	return rapid.Permutation(labels).Draw(t, "labels")
}

func TestEpochIsPure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t)
		given := slices.Clone(labels)
		p := plan(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 300).Draw(t, "epoch"))
		p.Batch = rapid.IntRange(0, len(labels)).Draw(t, "batch")
		classes, most := longest(labels)
		for name, s := range all {
			draws := len(labels)
			if name == "class-aware" {
				draws = classes * most
			}
			first, err := s.Epoch(labels, p)
			require.NoError(t, err, name)
			require.Len(t, first, draws, name)
			for _, i := range first {
				require.True(t, i >= 0 && i < len(labels), "%s: index %d", name, i)
			}
			later := p
			later.At.Step, later.Batch = 5, 0
			again, err := s.Epoch(labels, later)
			require.NoError(t, err, name)
			require.Equal(t, first, again, "%s: only seed and epoch matter", name)
		}
		require.Equal(t, given, labels, "labels are only read")
	})
}

func TestInstanceDrawsEachImageOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t)
		got, err := sampler.Instance{}.Epoch(labels, plan(rapid.Uint64().Draw(t, "seed"), 3))
		require.NoError(t, err)
		slices.Sort(got)
		for i, index := range got {
			require.Equal(t, i, index)
		}
	})
}

func TestSeedsAndEpochsDiffer(t *testing.T) {
	labels := make([]int, 1000)
	for name, s := range all {
		var seen [][]int
		for _, p := range []sampler.Plan{plan(0, 0), plan(0, 1), plan(1, 0), plan(1, 1)} {
			got, err := s.Epoch(labels, p)
			require.NoError(t, err)
			for _, before := range seen {
				same := 0
				for i := range got {
					if got[i] == before[i] {
						same++
					}
				}
				require.Less(t, same, 15, "%s: two epochs agree at %d of 1000 places, chance gives 1", name, same)
			}
			seen = append(seen, got)
		}
	}
}

// chiSquare returns how many standard deviations the statistic of the counts lies above that of equal odds.
func chiSquare(counts []int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	want, sum := float64(total)/float64(len(counts)), 0.0
	for _, n := range counts {
		sum += (float64(n) - want) * (float64(n) - want) / want
	}
	free := float64(len(counts) - 1)
	return (sum - free) / math.Sqrt(2*free)
}

func TestClassBalancedFrequencies(t *testing.T) {
	var labels []int
	for class, n := range []int{2000, 500, 100, 20, 5} {
		labels = append(labels, slices.Repeat([]int{class}, n)...)
	}
	for seed := range uint64(10) {
		classes, tail := make([]int, 5), make([]int, 20)
		for epoch := range 10 {
			got, err := sampler.ClassBalanced{}.Epoch(labels, plan(seed, epoch))
			require.NoError(t, err)
			for _, i := range got {
				classes[labels[i]]++
				if labels[i] == 3 {
					tail[i-2600]++
				}
			}
		}
		require.Less(t, chiSquare(classes), 5.0, "classes are drawn evenly: %v", classes)
		require.Less(t, chiSquare(tail), 5.0, "images of class 3 are drawn evenly: %v", tail)
	}
}

func TestInstanceShufflesEvenly(t *testing.T) {
	first := make([]int, 10)
	for epoch := range 5000 {
		got, err := sampler.Instance{}.Epoch(make([]int, 10), plan(7, epoch))
		require.NoError(t, err)
		first[got[0]]++
	}
	require.Less(t, chiSquare(first), 5.0, "each image comes first equally often: %v", first)
}

func TestClassBalancedSkipsEmptyClasses(t *testing.T) {
	labels := []int{4, 4, 4, 1 << 30, 1}
	got, err := sampler.ClassBalanced{SkipEmpty: true}.Epoch(labels, plan(1, 1))
	require.NoError(t, err)
	require.Len(t, got, len(labels))

	_, err = sampler.ClassBalanced{}.Epoch([]int{0, 1, 3}, plan(0, 0))
	require.EqualError(t, err, "sampler: class 2 of 4 has no images: set SkipEmpty to draw from the other classes")
	_, err = sampler.ClassBalanced{}.Epoch([]int{0, 1, 0}, sampler.Plan{Classes: 3})
	require.EqualError(t, err, "sampler: class 2 of 3 has no images: set SkipEmpty to draw from the other classes")
	_, err = sampler.ClassBalanced{}.Epoch([]int{1}, plan(0, 0))
	require.EqualError(t, err, "sampler: class 0 of 2 has no images: set SkipEmpty to draw from the other classes")
}

func TestEpochErrors(t *testing.T) {
	for name, s := range all {
		for _, c := range []struct {
			labels []int
			batch  int
			want   string
		}{
			{nil, 0, "sampler: no labels: the data set holds no images"},
			{[]int{0, 1, -1}, 0, "sampler: label of image 2 is -1: classes count from 0"},
			{[]int{0}, -2, "sampler: batch of -2: choose at least 1, or 0 to leave it unchecked"},
			{make([]int, 300), 512,
				"sampler: batch of 512 is larger than the 300 images: choose a batch of at most 300"},
		} {
			got, err := s.Epoch(c.labels, sampler.Plan{Batch: c.batch})
			require.EqualError(t, err, c.want, name)
			require.Nil(t, got, name)
		}
	}
}

// Before and after the share of the epochs, the draws are those of the two samplers.
func TestDeferredChangesOnce(t *testing.T) {
	labels := slices.Concat(make([]int, 90), slices.Repeat([]int{1}, 10))
	draws := func(s sampler.Sampler, epoch, epochs int) []int {
		order, err := s.Epoch(labels, sampler.Plan{Seed: 3, At: schedule.Progress{Epoch: epoch, Epochs: epochs}})
		require.NoError(t, err)
		return order
	}
	for _, c := range []struct {
		s             sampler.Deferred
		before, after sampler.Sampler
		first, epochs int // epoch of After
	}{
		{sampler.Deferred{}, sampler.Instance{}, sampler.ClassBalanced{}, 160, 200},
		{sampler.Deferred{}, sampler.Instance{}, sampler.ClassBalanced{}, 4, 5},
		{sampler.Deferred{Before: sampler.SquareRoot{}, After: sampler.Reversed{}, Start: 0.5}, sampler.SquareRoot{}, sampler.Reversed{}, 5, 10},
		{sampler.Deferred{Start: 1}, sampler.Instance{}, nil, 3, 3},
	} {
		require.Equal(t, draws(c.before, c.first-1, c.epochs), draws(c.s, c.first-1, c.epochs))
		if c.after != nil {
			require.Equal(t, draws(c.after, c.first, c.epochs), draws(c.s, c.first, c.epochs))
		}
	}
	for _, start := range []float64{-0.1, 1.1, math.NaN()} {
		_, err := sampler.Deferred{Start: start}.Epoch(labels, plan(1, 0))
		require.ErrorContains(t, err, "sampler: Deferred.Start is ")
		require.ErrorContains(t, err, "it must be in (0, 1], or 0 for 0.8")
	}
	for _, epoch := range []int{0, 199} { // before anything is trained, not after 80% of it
		_, err := sampler.Deferred{}.Epoch([]int{1}, plan(1, epoch))
		require.ErrorContains(t, err, "class 0", "it has no image to draw")
	}
	_, err := sampler.Deferred{After: sampler.ClassBalanced{SkipEmpty: true}}.Epoch([]int{1}, plan(1, 0))
	require.NoError(t, err)
}
