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

// wilson is the interval of five standard deviations around k of n, which holds also for odds near 0 and 1.
func wilson(k, n int) (low, high float64) {
	const z = 5.0
	p, m := float64(k)/float64(n), float64(n)
	mid, half := p+z*z/(2*m), z*math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return (mid - half) / (1 + z*z/m), (mid + half) / (1 + z*z/m)
}

// requireOdds checks the classes drawn over some epochs, which may differ in their odds, and the images within a class.
func requireOdds(t *testing.T, s sampler.Sampler, counts []int, epochs []int, odds func(class, epoch int) float64) {
	t.Helper()
	var labels []int
	for class, n := range counts {
		labels = append(labels, slices.Repeat([]int{class}, n)...)
	}
	for _, epoch := range epochs {
		classes, images, draws := make([]int, len(counts)), make([]int, len(labels)), 0
		for seed := range uint64(10) {
			got, err := s.Epoch(labels, plan(seed, epoch))
			require.NoError(t, err)
			for _, i := range got {
				classes[labels[i]]++
				images[i]++
			}
			draws += len(got)
		}
		total := 0.0
		for class := range counts {
			total += odds(class, epoch)
		}
		first := 0
		for class, k := range classes {
			want := odds(class, epoch) / total
			low, high := wilson(k, draws)
			require.True(t, low <= want && want <= high, "epoch %d, class %d: %d of %d draws, expected a fraction of %g",
				epoch, class, k, draws, want)
			each := want / float64(counts[class])
			for _, n := range images[first : first+counts[class]] {
				if each*float64(draws) < 5 { // too rare for the interval to say much of any one
					break
				}
				low, high := wilson(n, draws)
				require.True(t, low <= each && each <= high, "epoch %d, an image of class %d", epoch, class)
			}
			first += counts[class]
		}
	}
}

var longTail = []int{2000, 500, 100, 20, 5}

func TestSquareRootFrequencies(t *testing.T) {
	requireOdds(t, sampler.SquareRoot{}, longTail, []int{0, 7}, func(c, _ int) float64 { return math.Sqrt(float64(longTail[c])) })
}

func TestReversedFrequencies(t *testing.T) {
	requireOdds(t, sampler.Reversed{}, longTail, []int{0, 7}, func(c, _ int) float64 { return 2000 / float64(longTail[c]) })
}

func TestProgressiveFrequencies(t *testing.T) {
	mixture := func(balance func(epoch int) float64) func(int, int) float64 {
		return func(c, epoch int) float64 {
			t := balance(epoch)
			return (1-t)*float64(longTail[c])/2625 + t/5
		}
	}
	requireOdds(t, sampler.Progressive{}, longTail, []int{0, 100, 150, 199}, // plan has 200 epochs
		mixture(func(epoch int) float64 { return float64(epoch) / 200 }))
	requireOdds(t, sampler.Progressive{Balance: schedule.Switch{Epoch: 150, Before: schedule.Constant(0), Then: schedule.Constant(1)}},
		longTail, []int{149, 150}, mixture(func(epoch int) float64 { return float64(epoch / 150) }))
}

func TestEqualCountsAreDrawnEvenly(t *testing.T) {
	for name, s := range all {
		if name != "instance" { // which takes each exactly once
			requireOdds(t, s, []int{40, 40, 40}, []int{3}, func(int, int) float64 { return 1 })
		}
	}
}

func TestEmptyClasses(t *testing.T) {
	labels := []int{4, 4, 4, 1 << 30, 1}
	for name, s := range map[string][2]sampler.Sampler{
		"class-balanced": {sampler.ClassBalanced{}, sampler.ClassBalanced{SkipEmpty: true}},
		"class-aware":    {sampler.ClassAware{}, sampler.ClassAware{SkipEmpty: true}},
		"square-root":    {sampler.SquareRoot{}, sampler.SquareRoot{SkipEmpty: true}},
		"reversed":       {sampler.Reversed{}, sampler.Reversed{SkipEmpty: true}},
		"progressive":    {sampler.Progressive{}, sampler.Progressive{SkipEmpty: true}},
	} {
		_, err := s[0].Epoch([]int{0, 1, 0}, sampler.Plan{Classes: 3})
		require.EqualError(t, err, "sampler: class 2 of 3 has no images: set SkipEmpty to draw from the other classes", name)
		seen := map[int]bool{}
		for epoch := range 40 {
			got, err := s[1].Epoch(labels, plan(1, epoch))
			require.NoError(t, err, name)
			draws := len(labels)
			if name == "class-aware" {
				draws = 9 // three classes, three images in the largest
			}
			require.Len(t, got, draws, name)
			for _, i := range got {
				seen[i] = true
			}
		}
		require.Len(t, seen, len(labels), "%s: every image turns up", name)
	}
}

func TestProgressiveBalanceOutOfRange(t *testing.T) {
	for _, bad := range []float64{-0.1, 1.5, math.NaN()} {
		got, err := sampler.Progressive{Balance: schedule.Constant(bad)}.Epoch([]int{0, 1}, plan(0, 3))
		require.ErrorContains(t, err, "sampler: Progressive.Balance is ")
		require.Nil(t, got)
	}
	_, err := sampler.Progressive{Balance: schedule.Constant(1.5)}.Epoch([]int{0, 1}, plan(0, 3))
	require.EqualError(t, err, "sampler: Progressive.Balance is 1.5 in epoch 3: it must stay in [0, 1]")
}

func TestProgressiveEpochIsThatOfItsFirstStep(t *testing.T) {
	p := plan(0, 3)
	p.At.Step, p.At.Steps = 4, 10
	_, err := sampler.Progressive{Balance: schedule.Func(func(at schedule.Progress) float64 {
		require.Equal(t, schedule.Progress{Epoch: 3, Epochs: 200, Steps: 10}, at)
		return 0
	})}.Epoch([]int{0, 1}, p)
	require.NoError(t, err)
	s := sampler.Progressive{Balance: schedule.Curriculum{ByStep: true}}
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t)
		p := plan(5, rapid.IntRange(0, 199).Draw(t, "epoch"))
		p.At.Steps = 10
		first, err := s.Epoch(labels, p)
		require.NoError(t, err)
		p.At.Step = rapid.IntRange(0, 9).Draw(t, "step")
		later, err := s.Epoch(labels, p)
		require.NoError(t, err)
		require.Equal(t, first, later)
	})
}
