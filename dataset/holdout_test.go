package dataset

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// labelled is a set of 1×1×2 images with the given labels; the bytes of image i spell i.
func labeled(t require.TestingT, classes int, labels []int) *Memory {
	m, err := NewMemory(Shape{Height: 1, Width: 1, Channels: 2}, []string{"ant", "bee", "cat", "dog", "eel", "fly"}[:classes])
	require.NoError(t, err)
	for i, label := range labels {
		require.NoError(t, m.Append(label, []uint8{uint8(i >> 8), uint8(i)}))
	}
	return m
}

// blocks are labels of classes of the given sizes, one class after the other.
func blocks(sizes ...int) (labels []int) {
	for class, n := range sizes {
		for range n {
			labels = append(labels, class)
		}
	}
	return labels
}

func TestHoldoutCounts(t *testing.T) {
	set := labeled(t, 6, blocks(100, 14, 5, 2, 1, 0))
	for _, c := range []struct {
		s    HoldoutSettings
		want []int
	}{
		{HoldoutSettings{}, []int{10, 1, 1, 0, 0, 0}},
		{HoldoutSettings{Fraction: 0.25}, []int{25, 4, 1, 1, 0, 0}},
		{HoldoutSettings{Fraction: 0.99}, []int{99, 13, 4, 1, 0, 0}},
		{HoldoutSettings{Min: 1}, []int{10, 1, 1, 1, 0, 0}},
		{HoldoutSettings{Fraction: 0.001, Min: 7}, []int{7, 7, 4, 1, 0, 0}},
	} {
		train, held, err := Holdout(set, c.s)
		require.NoError(t, err)
		require.Equal(t, c.want, Counts(held), "%+v", c.s)
		for class, n := range Counts(train) {
			require.Equal(t, []int{100, 14, 5, 2, 1, 0}[class], n+c.want[class])
		}
	}
}

func TestHoldoutProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const classes = 4
		labels := rapid.SliceOfN(rapid.IntRange(0, classes-1), 0, 300).Draw(rt, "labels")
		s := HoldoutSettings{Fraction: rapid.Float64Range(0.01, 0.99).Draw(rt, "fraction"),
			Min: rapid.IntRange(0, 3).Draw(rt, "min"), Seed: rapid.Uint64().Draw(rt, "seed")}
		d := labeled(rt, classes, labels)
		train, held, err := Holdout(d, s)
		if err != nil {
			for _, n := range Counts(d) {
				require.True(rt, n < 2 || s.Min == 0 && math.Round(s.Fraction*float64(n)) == 0, "%d images could be split", n)
			}
			return
		}

		a, b := Indices(train), Indices(held)
		require.True(rt, slices.IsSorted(a) && slices.IsSorted(b), "the order of the set")
		both := slices.Concat(a, b)
		slices.Sort(both)
		require.Equal(rt, ascending(d.Len()), both, "disjoint and complete")

		counts, kept, out := Counts(d), Counts(train), Counts(held)
		for class, n := range counts {
			require.Equal(rt, n, kept[class]+out[class])
			if n > 0 {
				require.Positive(rt, kept[class], "one of each class stays")
			}
			if n > 1 && s.Min == 0 && kept[class] > 1 {
				require.InDelta(rt, s.Fraction*float64(n), out[class], 0.5+1e-9, "in proportion")
			}
		}
		var img Image
		for i := range held.Len() {
			require.NoError(rt, held.Image(i, &img))
			require.Equal(rt, b[i], int(img.Pix[0])<<8|int(img.Pix[1]), "the view shows its image")
			require.Equal(rt, labels[b[i]], held.Label(i))
		}

		_, again, err := Holdout(d, s)
		require.NoError(rt, err)
		require.Equal(rt, b, Indices(again), "the same seed gives the same split")
		s.Fraction = min(0.995, 1.5*s.Fraction)
		_, more, err := Holdout(d, s)
		require.NoError(rt, err)
		require.Subset(rt, Indices(more), b, "a larger part holds the smaller one")
	})
}

func TestHoldoutDependsOnTheSeed(t *testing.T) {
	set := labeled(t, 2, blocks(100, 100))
	split := func(seed uint64) []int {
		_, held, err := Holdout(set, HoldoutSettings{Fraction: 0.5, Seed: seed})
		require.NoError(t, err)
		return Indices(held)
	}
	require.NotEqual(t, split(1), split(2))
	first, second := split(1)[:50], split(1)[50:]
	for i := range second {
		second[i] -= 100
	}
	require.NotEqual(t, first, second, "each class has a choice of its own")
}

// With one seed for both, the images LongTail puts first must not be the ones that are held out.
func TestHoldoutIsNoEchoOfTheLongTail(t *testing.T) {
	set := numbered(t, 400, 1)
	tail, err := LongTail(set, Natural{}, LongTailSettings{Seed: 3})
	require.NoError(t, err)
	_, held, err := Holdout(set, HoldoutSettings{Fraction: 0.25, Seed: 3})
	require.NoError(t, err)
	common := 0
	for _, i := range Indices(tail)[:100] {
		if slices.Contains(Indices(held), i) {
			common++
		}
	}
	require.InDelta(t, 25, common, 15, "a quarter of a quarter")
}

func TestHoldoutErrors(t *testing.T) {
	set := labeled(t, 2, blocks(4, 1))
	for want, s := range map[string]HoldoutSettings{
		"dataset: a held-out fraction of -0.1: it must be above 0 and below 1":                {Fraction: -0.1},
		"dataset: a held-out fraction of 1: it must be above 0 and below 1":                   {Fraction: 1},
		"dataset: a held-out fraction of NaN: it must be above 0 and below 1":                 {Fraction: math.NaN()},
		"dataset: at least -1 images of each class held out: the number must not be negative": {Min: -1},
		"dataset: nothing is held out: a fraction of 0.1 is less than half an image of every class that " +
			"has two: raise Fraction or Min": {},
	} {
		train, held, err := Holdout(set, s)
		require.EqualError(t, err, want)
		require.Nil(t, train)
		require.Nil(t, held)
	}
	_, _, err := Holdout(labeled(t, 2, nil), HoldoutSettings{})
	require.EqualError(t, err, "dataset: nothing is held out: the set has no class of two images")
	_, _, err = Holdout(labeled(t, 2, blocks(1, 1)), HoldoutSettings{Min: 5})
	require.EqualError(t, err, "dataset: nothing is held out: the set has no class of two images")
	_, _, err = Holdout(badLabel{set}, HoldoutSettings{})
	require.EqualError(t, err, "dataset: image 0 has label 2: with 2 classes it must be at least 0 and less than 2")
}

type badLabel struct{ Dataset }

func (badLabel) Label(int) int { return 2 }

func TestIndicesOfChoicesOfChoices(t *testing.T) {
	set := numbered(t, 4, 3)
	require.Equal(t, ascending(12), Indices(set))
	some, err := Subset(set, []int{7, 3, 3, 11})
	require.NoError(t, err)
	require.Equal(t, []int{7, 3, 3, 11}, Indices(some))
	fewer, err := Subset(some, []int{3, 0})
	require.NoError(t, err)
	require.Equal(t, []int{11, 7}, Indices(fewer))
	loaded, err := Load(context.Background(), fewer)
	require.NoError(t, err)
	require.Equal(t, []int{11, 7}, Indices(loaded), "also in memory")
	one, err := Subset(loaded, []int{1})
	require.NoError(t, err)
	require.Equal(t, []int{7}, Indices(one))
	require.NoError(t, loaded.Append(0, make([]uint8, len(loaded.pix)/2)))
	require.Equal(t, ascending(3), Indices(loaded), "a set of one's own again")
	tail, err := LongTail(set, Exponential{Imbalance: 4}, LongTailSettings{Selection: First})
	require.NoError(t, err)
	require.Equal(t, []int{0, 3, 6, 9, 1, 4, 2}, Indices(tail))
}
