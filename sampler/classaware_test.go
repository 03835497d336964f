package sampler_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/sampler"
)

// longest returns the number of classes with images, and the largest number of images of one.
func longest(labels []int) (classes, most int) {
	counts := map[int]int{}
	for _, y := range labels {
		counts[y]++
		most = max(most, counts[y])
	}
	return len(counts), most
}

func TestClassAwareTakesTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t)
		classes, most := longest(labels)
		got, err := sampler.ClassAware{}.Epoch(labels, plan(rapid.Uint64().Draw(t, "seed"), 3))
		require.NoError(t, err)
		require.Len(t, got, classes*most)

		drawn := make([]int, classes)
		images := make([][]int, classes)
		for i, image := range got {
			y := labels[image]
			drawn[y]++
			images[y] = append(images[y], image)
			require.LessOrEqual(t, slices.Max(drawn)-slices.Min(drawn), 1, "after %d draws", i+1)
		}
		for y, of := range images {
			n := 0
			for _, label := range labels {
				if label == y {
					n++
				}
			}
			for cycle := range slices.Chunk(of, n) {
				slices.Sort(cycle)
				require.Len(t, slices.Compact(cycle), min(n, len(cycle)), "class %d draws an image again before all of its %d", y, n)
			}
		}
	})
}

// CIFAR-10-LT of imbalance 100: ten times the largest class of 5,000.
func TestClassAwareEpochOfCIFAR10LT(t *testing.T) {
	var labels []int
	for class := range 10 {
		labels = append(labels, slices.Repeat([]int{class}, int(5000*math.Pow(0.01, float64(class)/9)))...)
	}
	require.Len(t, labels, 12406)
	got, err := sampler.ClassAware{}.Epoch(labels, plan(1, 0))
	require.NoError(t, err)
	require.Len(t, got, 50000)
	times := make([]int, len(labels))
	for _, image := range got {
		times[image]++
	}
	for image, n := range times {
		switch labels[image] {
		case 0: // 5,000 images
			require.Equal(t, 1, n)
		case 9: // 50 images
			require.Equal(t, 100, n)
		}
	}
}

// Each turn has an order of its own, and so has each cycle through a class; no class and no image is favoured.
func TestClassAwareShufflesEvenly(t *testing.T) {
	labels := slices.Concat(make([]int, 20), slices.Repeat([]int{1}, 5), slices.Repeat([]int{2}, 5))
	first, image, pairs := make([]int, 3), make([]int, 5), make([]int, 25)
	for epoch := range 2000 {
		got, err := sampler.ClassAware{}.Epoch(labels, plan(7, epoch))
		require.NoError(t, err)
		var rare []int
		for i, k := range got {
			if i%3 == 0 {
				first[labels[k]]++
			}
			if labels[k] == 1 {
				rare = append(rare, k-20)
			}
		}
		require.Len(t, rare, 20)
		image[rare[0]]++
		pairs[5*rare[0]+rare[5]]++ // the first images of two cycles
	}
	require.Less(t, chiSquare(first), 5.0, "each class comes first equally often: %v", first)
	require.Less(t, chiSquare(image), 5.0, "each image comes first equally often: %v", image)
	require.Less(t, chiSquare(pairs), 5.0, "a cycle does not tell the next: %v", pairs)
}

func TestClassAwareOfLittle(t *testing.T) {
	got, err := sampler.ClassAware{}.Epoch([]int{0}, plan(1, 0))
	require.NoError(t, err)
	require.Equal(t, []int{0}, got, "one image")
	got, err = sampler.ClassAware{}.Epoch(make([]int, 6), plan(1, 0))
	require.NoError(t, err)
	slices.Sort(got)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5}, got, "one class is shuffled")
}
