package augment

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTableWrite(t *testing.T) {
	n := Normalize{Mean: []float64{0, 0.5, 1}, Std: []float64{1, 0.5, 0.25}}
	table, err := n.Table()
	require.NoError(t, err)
	require.Equal(t, 3, table.Channels())
	got := make([]float32, 6)
	require.NoError(t, table.Write(got, picture(2, 1, 3, 0, 0, 0, 255, 255, 255)))
	require.Equal(t, []float32{0, -1, -4, 1, 1, 0}, got)

	table, err = Normalize{Mean: []float64{0, 1}, Std: []float64{1, 0.5}}.Table()
	require.NoError(t, err)
	require.NoError(t, table.Write(got[:4], picture(1, 2, 2, 0, 0, 255, 255)))
	require.Equal(t, []float32{0, -2, 1, 0}, got[:4])
}

func TestTableMatchesTheFormula(t *testing.T) {
	n := CIFARNormalize()
	table, err := n.Table()
	require.NoError(t, err)
	m := picture(16, 16, 3)
	got := make([]float32, len(m.Pix))
	require.NoError(t, table.Write(got, m))
	for i, v := range m.Pix {
		require.Equal(t, float32((float64(v)/255-n.Mean[i%3])/n.Std[i%3]), got[i])
	}
	require.Zero(t, testing.AllocsPerRun(50, func() { _ = table.Write(got, m) }))
}

func TestNormalizeErrors(t *testing.T) {
	for _, c := range []struct {
		mean, std []float64
		want      string
	}{
		{nil, nil, "augment: Normalize has 0 means and 0 standard deviations: it must have one of each for every channel"},
		{[]float64{0, 0}, []float64{1}, "augment: Normalize has 2 means and 1 standard deviations: it must have one of " +
			"each for every channel"},
		{[]float64{0, math.NaN()}, []float64{1, 1}, "augment: Normalize.Mean[1] is NaN: it must be finite"},
		{[]float64{0}, []float64{0}, "augment: Normalize.Std[0] is 0: it must be positive and finite"},
		{[]float64{0}, []float64{math.NaN()}, "augment: Normalize.Std[0] is NaN: it must be positive and finite"},
		{[]float64{0}, []float64{math.Inf(1)}, "augment: Normalize.Std[0] is +Inf: it must be positive and finite"},
	} {
		_, err := Normalize{c.mean, c.std}.Table()
		require.EqualError(t, err, c.want)
	}

	table, err := CIFARNormalize().Table()
	require.NoError(t, err)
	require.EqualError(t, table.Write(make([]float32, 4), picture(2, 2, 1)), "augment: an image of 2×2×1 to be normalised "+
		"for 3 channels: give Mean and Std for each of its channels")
	require.EqualError(t, table.Write(make([]float32, 4), picture(2, 1, 3)),
		"augment: an image of 1×2×3 has 6 values: the destination has room for 4")
}
