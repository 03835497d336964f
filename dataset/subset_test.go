package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSubset(t *testing.T) {
	indices := []int{3, 0, 3}
	s, err := Subset(small(t), indices)
	require.NoError(t, err)
	indices[0] = 1 // the subset keeps a copy
	require.Equal(t, 3, s.Len())
	require.Equal(t, []int{1, 0, 1}, Labels(s))
	require.Equal(t, []string{"a", "b"}, s.Classes())
	var img Image
	require.NoError(t, s.Image(2, &img))
	require.Equal(t, []uint8{6, 7}, img.Pix)
	require.EqualError(t, s.Image(3, &img),
		"dataset: image 3 asked of a set of 3: the index must be at least 0 and less than 3")

	empty, err := Subset(s, nil)
	require.NoError(t, err)
	require.Zero(t, empty.Len())
	_, err = Subset(s, []int{0, 3})
	require.EqualError(t, err,
		"dataset: indices[1] of a subset is 3: with 3 images it must be at least 0 and less than 3")
}
