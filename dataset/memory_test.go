package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// small is four images of 1×2×1 in classes a, b, a, b; image i holds the bytes 2i and 2i+1.
func small(t testing.TB) *Memory {
	t.Helper()
	m, err := FromPixels(Shape{Height: 2, Width: 1, Channels: 1}, []string{"a", "b"}, []uint8{0, 1, 2, 3, 4, 5, 6, 7}, []int{0, 1, 0, 1})
	require.NoError(t, err)
	return m
}

func TestMemory(t *testing.T) {
	m := small(t)
	require.NoError(t, m.Append(1, []uint8{8, 9}))
	require.Equal(t, 5, m.Len())
	require.Equal(t, []int{0, 1, 0, 1, 1}, Labels(m))
	require.Equal(t, []int{2, 3}, Counts(m))
	var img Image
	require.NoError(t, m.Image(4, &img))
	require.Equal(t, Image{2, 1, 1, []uint8{8, 9}}, img)
	img.Pix[0] = 99
	require.NoError(t, m.Image(4, &img))
	require.Equal(t, uint8(8), img.Pix[0], "the set keeps its own pixels")
	require.Equal(t, Shape{Height: 2, Width: 1, Channels: 1}, m.Shape())
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = m.Image(2, &img) }))
}

func TestCountsIncludesEmptyClasses(t *testing.T) {
	m, err := FromPixels(Shape{Height: 1, Width: 1, Channels: 1}, []string{"a", "b", "c"}, []uint8{7}, []int{1})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0}, Counts(m))
}

func TestMemoryErrors(t *testing.T) {
	_, err := NewMemory(Shape{Height: 2, Width: 0, Channels: 3}, []string{"a"})
	require.EqualError(t, err, "dataset: images of 2×0×3: height, width and channels must be positive")
	for s, good := range map[Shape]bool{
		{1 << 15, 1 << 15, 1}: true, {1 << 15, 1 << 14, 2}: true, {1 << 30, 1, 1}: true, {1, 1 << 30, 1}: true, {1, 1, 1 << 30}: true,
		{1<<30 + 1, 1, 1}: false, {1, 1<<30 + 1, 1}: false, {1, 1, 1<<30 + 1}: false, {1 << 15, 1 << 15, 2}: false, {1 << 15, 1<<15 + 1, 1}: false,
		{0, 1, 1}: false, {1, 1, 0}: false, {-1, -1, 1}: false,
	} {
		_, err := NewMemory(s, []string{"a"})
		require.Equal(t, good, err == nil, "%v: %v", s, err)
	}
	_, err = NewMemory(Shape{Height: 2, Width: 2, Channels: 3}, nil)
	require.EqualError(t, err, "dataset: no class names given: a set needs at least one class")
	_, err = FromPixels(Shape{Height: 1, Width: 2, Channels: 3}, []string{"a"}, make([]uint8, 11), []int{0, 0})
	require.EqualError(t, err, "dataset: 2 labels with 11 bytes of pixels: images of 1×2×3 take 6 bytes each, 12 in all")
	_, err = FromPixels(Shape{Height: 1, Width: 1, Channels: 1}, []string{"a", "b"}, make([]uint8, 3), []int{0, 1, 2})
	require.EqualError(t, err, "dataset: image 2 has label 2: with 2 classes it must be at least 0 and less than 2")

	m := small(t)
	require.EqualError(t, m.Append(-1, []uint8{1, 2}),
		"dataset: image 4 has label -1: with 2 classes it must be at least 0 and less than 2")
	require.EqualError(t, m.Append(0, []uint8{1}), "dataset: image 4 has 1 bytes: images of 2×1×1 take 2")
	require.Equal(t, 4, m.Len(), "a failed Append leaves the set as it was")
	var img Image
	require.EqualError(t, m.Image(4, &img),
		"dataset: image 4 asked of a set of 4: the index must be at least 0 and less than 4")
	require.Error(t, m.Image(-1, &img))
}
