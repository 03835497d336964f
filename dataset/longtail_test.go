package dataset

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbered is a set of perClass images of 1×1×2 in each class, classes taking turns; the bytes of image i spell i.
func numbered(t testing.TB, perClass, classes int) *Memory {
	t.Helper()
	names := []string{"ant", "bee", "cat", "dog"}[:classes]
	m, err := NewMemory(Shape{Height: 1, Width: 1, Channels: 2}, names)
	require.NoError(t, err)
	for i := range perClass * classes {
		require.NoError(t, m.Append(i%classes, []uint8{uint8(i >> 8), uint8(i)}))
	}
	return m
}

// numbers reads which images of a numbered set are left in d, by class.
func numbers(t testing.TB, d Dataset) [][]int {
	t.Helper()
	out := make([][]int, len(d.Classes()))
	var img Image
	for i := range d.Len() {
		require.NoError(t, d.Image(i, &img))
		out[d.Label(i)] = append(out[d.Label(i)], int(img.Pix[0])<<8|int(img.Pix[1]))
	}
	return out
}

func TestLongTailFirst(t *testing.T) {
	d, err := LongTail(numbered(t, 4, 3), Exponential{Imbalance: 4}, LongTailSettings{Selection: First})
	require.NoError(t, err)
	require.Equal(t, [][]int{{0, 3, 6, 9}, {1, 4}, {2}}, numbers(t, d))
	require.Equal(t, []int{0, 0, 0, 0, 1, 1, 2}, Labels(d), "class by class")
}

func TestLongTailShuffle(t *testing.T) {
	set := numbered(t, 100, 3)
	cut := func(imbalance float64, seed uint64) [][]int {
		d, err := LongTail(set, Exponential{Imbalance: imbalance}, LongTailSettings{Seed: seed})
		require.NoError(t, err)
		return numbers(t, d)
	}
	mild, strong := cut(4, 7), cut(25, 7)
	require.Equal(t, mild, cut(4, 7), "the same seed gives the same images")
	require.NotEqual(t, mild, cut(4, 8))
	for c := range strong {
		require.Equal(t, mild[c][:len(strong[c])], strong[c], "a smaller choice is part of a larger one")
		seen := map[int]bool{}
		for _, i := range mild[c] {
			require.Equal(t, c, i%3)
			require.False(t, seen[i], "no image twice")
			seen[i] = true
		}
	}
	require.Len(t, strong[2], 4)
}

func TestLongTailNumPyLegacy(t *testing.T) {
	d, err := LongTail(numbered(t, 10, 2), Step{Imbalance: 2}, LongTailSettings{Selection: NumPyLegacy})
	require.NoError(t, err)
	got := numbers(t, d)
	require.Equal(t, []int{4, 16, 8, 18, 2, 12, 14, 6, 0, 10}, got[0], "image 2k is entry k of class 0")
	second := ascending(10)
	m := newMT19937(0)
	m.shuffle(ascending(10))
	m.shuffle(second)
	for k, i := range got[1] {
		require.Equal(t, 2*second[k]+1, i, "class 1 goes on with the same stream")
	}
	_, err = LongTail(small(t), Natural{}, LongTailSettings{Selection: NumPyLegacy, Seed: 1 << 32})
	require.EqualError(t, err, "dataset: seed 4294967296: NumPyLegacy takes seeds of 32 bits")
	_, err = LongTail(small(t), Natural{}, LongTailSettings{Selection: NumPyLegacy, Seed: 1<<32 - 1})
	require.NoError(t, err)
}

type fixedCounts []int

func (f fixedCounts) Counts([]int) ([]int, error) { return f, nil }

func TestLongTailErrors(t *testing.T) {
	set := numbered(t, 4, 3)
	_, err := LongTail(set, Exponential{Imbalance: 8}, LongTailSettings{})
	require.EqualError(t, err, `dataset: the profile leaves class 2 ("cat") without an image: lower the imbalance factor, `+
		`raise the maximum, or allow empty classes`)
	d, err := LongTail(set, Exponential{Imbalance: 8}, LongTailSettings{AllowEmpty: true})
	require.NoError(t, err)
	require.Equal(t, []int{4, 1, 0}, Counts(d))
	_, err = LongTail(set, Exponential{Imbalance: 2, Max: 5}, LongTailSettings{})
	require.EqualError(t, err, `dataset: the profile asks for 5 images of class 0 ("ant"), which has 4: lower the profile's maximum, order `+
		`the classes by size, or keep what there is by the natural profile`)
	_, err = LongTail(set, Exponential{Imbalance: math.NaN()}, LongTailSettings{})
	require.ErrorContains(t, err, "imbalance factor NaN")
	_, err = LongTail(set, fixedCounts{1, 2}, LongTailSettings{})
	require.EqualError(t, err, "dataset: the profile gives 2 counts for 3 classes: it must give one for each")
	_, err = LongTail(set, fixedCounts{1, -2, 1}, LongTailSettings{})
	require.EqualError(t, err,
		`dataset: the profile asks for -2 images of class 1 ("bee"): it must ask for at least 0`)
	_, err = LongTail(set, Natural{}, LongTailSettings{Selection: 9})
	require.EqualError(t, err, "dataset: selection 9 is none of Shuffle, First and NumPyLegacy")
}
