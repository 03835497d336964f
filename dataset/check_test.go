package dataset

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// Progress is told every 64 images, and in the end.
func TestCheckTellsHowFarItIs(t *testing.T) {
	for n, want := range map[int][]int{0: nil, 1: {1}, 63: {63}, 130: {64, 128, 130}} {
		var told []int
		set, err := FromPixels(Shape{1, 1, 1}, []string{"a"}, make([]uint8, n), make([]int, n))
		require.NoError(t, err)
		bad, err := Check(t.Context(), set, func(done int) { told = append(told, done) })
		require.NoError(t, err)
		require.Empty(t, bad)
		require.Equal(t, want, told)
	}
}

// All that cannot be read is found at once, and may be left out unless it empties a class.
func TestCheckAndWithout(t *testing.T) {
	dir := t.TempDir()
	raw := encodePNG(t, stripes(4, 4))
	writeFile(t, raw, dir, "ant", "a.png")
	writeFile(t, []byte("<html>404</html>"), dir, "ant", "b.jpg")
	writeFile(t, nil, dir, "ant", "c.jpg")
	writeFile(t, raw[:30], dir, "bee", "d.png")
	writeFile(t, raw, dir, "bee", "e.png")
	f, err := OpenFolder(dir, FolderSettings{})
	require.NoError(t, err)
	seen := 0
	bad, err := Check(t.Context(), f, func(done int) { seen = done })
	require.NoError(t, err)
	require.Equal(t, 5, seen)
	require.Len(t, bad, 3)
	for i, want := range []string{"HTML page", "empty file", "PNG"} {
		require.Equal(t, i+1, bad[i].Index)
		require.ErrorContains(t, bad[i].Err, want)
	}
	require.Equal(t, []int{0, 0, 1}, []int{bad[0].Label, bad[1].Label, bad[2].Label})

	rest, err := Without(f, bad)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, Counts(rest))
	none, err := Check(t.Context(), rest, nil)
	require.NoError(t, err)
	require.Empty(t, none)
	same, err := Without(rest, nil)
	require.NoError(t, err)
	require.Equal(t, rest, same)

	_, err = Without(f, append(bad, Bad{4, 1, errors.New("e.png is green")}))
	require.ErrorContains(t, err, `"bee"`)
	require.ErrorContains(t, err, "e.png is green")
	_, err = Without(f, []Bad{{Index: 9}})
	require.ErrorContains(t, err, "9")

	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	_, err = Check(ctx, f, nil)
	require.ErrorIs(t, err, why)
}
